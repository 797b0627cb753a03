"""Asks a finished model about ever worse test signals, and compares with the clean ones.

Training and validation data are never touched, and nothing is chosen by what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions, Predictor
from integrations.core.data.dataset import Dataset
from integrations.core.data.windows import WindowIndex
from integrations.core.evaluation.evaluation import Frozen, Interval
from integrations.core.evaluation.figures_of_merit import Counts, counts_by_unit, headline
from integrations.core.evaluation.resampling import Resampling, resampling, share_interval
from integrations.core.evaluation.store import ResultError
from integrations.core.files import write_atomically
from integrations.core.robustness.spoilt import AddNoise, Colour, KillChannels, SpoiltDataset

ROBUSTNESS = "robustness.json"
FORMAT_VERSION = 1
SNR_DB = (30.0, 20.0, 15.0, 10.0, 5.0, 0.0, -5.0)
MOST_WINDOWS = 1500
MOST_CHANNELS_ALONE = 16
SUBSETS = 3
"""Sets of missing channels tried for each count of them."""
TOLERATED = 0.05
AGREES = 1e-3
Say = Callable[[float, str], None]


class Degraded(Frozen):
    """The test windows made worse in one way.

    Attributes:
        kind: "white" or "own" noise, or "channels".
        snr_db: Of added noise, else None.
        missing: Names of the dead channels, of each set that was tried.
        drop: Accuracy lost against the clean windows; the same windows, so paired.
    """

    kind: str
    snr_db: float | None
    missing: tuple[tuple[str, ...], ...]
    accuracy: Interval
    macro_f1: Interval
    drop: Interval


class Robustness(Frozen):
    """What ``robustness.json`` holds.

    Attributes:
        windows: Test windows asked about, of all ``of_windows``.
        seed: Of the noise, the choice of windows and of missing channels.
        method: How the intervals were made.
        reproduced: The clean windows got the probabilities that the run stored (to 0.001).
    """

    format_version: int = FORMAT_VERSION
    made_at: datetime
    seed: int
    windows: int
    of_windows: int
    method: str
    channels: tuple[str, ...]
    reproduced: bool
    clean_accuracy: Interval
    clean_macro_f1: Interval
    points: tuple[Degraded, ...]

    def of_kind(self, kind: str) -> tuple[Degraded, ...]:
        """Give the points of one kind, mildest first."""
        return tuple(point for point in self.points if point.kind == kind)

    def holds_to_db(self, kind: str) -> float | None:
        """Give the worst signal-to-noise ratio down to which accuracy falls by 5 points at most."""
        held = None
        for point in self.of_kind(kind):
            if point.drop.value > TOLERATED:
                break
            held = point.snr_db
        return held

    @property
    def worst_channel(self) -> Degraded | None:
        """The single channel that is missed most; None with one channel."""
        alone = [p for p in self.of_kind("channels") if len(p.missing) == 1 == len(p.missing[0])]
        return max(alone, key=lambda point: point.drop.value, default=None)


@dataclass(frozen=True)
class _Asked:
    """The windows that are asked about, with what was true of them."""

    windows: WindowIndex
    part: Predictions
    draws: Resampling
    clean: Counts


def sweep(
    predictor: Predictor,
    data: Dataset,
    test: Predictions,
    *,
    seed: int,
    made_at: datetime,
    say: Say,
) -> Robustness:
    """Measure accuracy and macro F1 under noise and without channels.

    Args:
        predictor: The finished model.
        data: The data set it was tested on.
        test: What it said of the test windows.
        seed: Of everything drawn here.
        made_at: Time written down.
        say: Takes the share done and what is being done.
    """
    chosen = _spread(test, MOST_WINDOWS)
    part = Predictions(
        test.recording[chosen], test.start[chosen], test.truth[chosen], test.probability[chosen]
    )
    windows = WindowIndex(part.recording, part.start, predictor.window_samples)
    said = predictor.probability(data, windows)
    draws = resampling(part, data.info, seed)
    asked = _Asked(windows, part, draws, _counts(part.truth, said.argmax(axis=1), draws, said))
    trials = list(_trials(data, seed))
    points = []
    for number, trial in enumerate(trials):
        say(number / len(trials), trial.words)
        points.append(_measure(predictor, trial, asked))
    clean = _figures(asked.clean, draws)
    return Robustness(
        made_at=made_at,
        seed=seed,
        windows=len(windows),
        of_windows=len(test.truth),
        method=draws.method,
        channels=data.info.channels,
        reproduced=bool(np.abs(said - part.probability).max(initial=0.0) < AGREES),
        clean_accuracy=clean["accuracy"],
        clean_macro_f1=clean["macro_f1"],
        points=tuple(points),
    )


@dataclass(frozen=True)
class _Trial:
    kind: str
    words: str
    data: tuple[SpoiltDataset, ...]
    snr_db: float | None = None
    missing: tuple[tuple[str, ...], ...] = ()


def _trials(data: Dataset, seed: int) -> Iterator[_Trial]:
    for colour in Colour:
        for snr_db in SNR_DB:
            noisy = SpoiltDataset(data, AddNoise(snr_db, colour, seed))
            yield _Trial(colour.value, f"Adding noise at {snr_db:g} dB", (noisy,), snr_db)
    names = data.info.channels
    rng = np.random.default_rng([seed, 0xDEAD])
    for count in range(1, len(names)):
        for sets in _sets(len(names), count, rng):
            missing = tuple(tuple(names[i] for i in sorted(each)) for each in sets)
            spoilt = tuple(SpoiltDataset(data, KillChannels(each)) for each in sets)
            words = f"Leaving out {count} of {len(names)} channels"
            yield _Trial("channels", words, spoilt, missing=missing)


def _sets(n: int, count: int, rng: np.random.Generator) -> Iterator[tuple[frozenset[int], ...]]:
    """Each channel alone; then, for more at once, some sets of that size together."""
    if count == 1:
        for channel in range(min(n, MOST_CHANNELS_ALONE)):
            yield (frozenset({channel}),)
    else:
        drawn = {frozenset(rng.permutation(n)[:count].tolist()) for _ in range(SUBSETS)}
        yield tuple(sorted(drawn, key=sorted))


def _measure(predictor: Predictor, trial: _Trial, asked: _Asked) -> Degraded:
    counted = [
        _counts(asked.part.truth, said.argmax(axis=1), asked.draws, said)
        for said in (predictor.probability(data, asked.windows) for data in trial.data)
    ]
    figures = _figures(_mean(counted), asked.draws)
    return Degraded(
        kind=trial.kind,
        snr_db=trial.snr_db,
        missing=trial.missing,
        accuracy=figures["accuracy"],
        macro_f1=figures["macro_f1"],
        drop=_drop(asked, _mean(counted)),
    )


def _counts(
    truth: npt.NDArray[np.int64],
    predicted: npt.NDArray[np.intp],
    draws: Resampling,
    said: npt.NDArray[np.float64],
) -> Counts:
    return counts_by_unit(truth, predicted.astype(np.int64), draws.number, said.shape[1])


def _mean(counted: list[Counts]) -> Counts:
    """Average what several sets of missing channels gave."""
    hit, true, said = (
        np.mean([getattr(each, name) for each in counted], axis=0)
        for name in ("hit", "true", "said")
    )
    return Counts(hit, true, said)


def _figures(counts: Counts, draws: Resampling) -> dict[str, Interval]:
    whole = headline(Counts(counts.hit.sum(0), counts.true.sum(0), counts.said.sum(0)))
    drawn = headline(
        Counts(draws.drawn(counts.hit), draws.drawn(counts.true), draws.drawn(counts.said))
    )
    return {
        name: share_interval(float(whole[name]), drawn[name], draws.n_units)
        for name in ("accuracy", "macro_f1")
    }


def _drop(asked: _Asked, worse: Counts) -> Interval:
    lost = (asked.clean.hit - worse.hit).sum(axis=1)
    sums = np.stack([lost, asked.clean.true.sum(axis=1)], axis=1)
    drawn = asked.draws.drawn(sums)
    value = float(lost.sum() / max(1.0, sums[:, 1].sum()))
    low, high = np.quantile(drawn[:, 0] / np.maximum(drawn[:, 1], 1), [0.025, 0.975]).tolist()
    return Interval(value=value, low=min(low, value), high=max(high, value))


def _spread(test: Predictions, most: int) -> npt.NDArray[np.int64]:
    """Choose windows evenly over recordings and time."""
    order = np.lexsort((test.start, test.recording))
    if len(order) <= most:
        return order.astype(np.int64)
    return order[np.linspace(0, len(order) - 1, most).round().astype(np.int64)].astype(np.int64)


def write_robustness(path: Path, found: Robustness) -> None:
    """Write the file atomically.

    Raises:
        OSError: The disk is full.
    """
    content = found.model_dump_json(indent=1).encode()
    write_atomically(path, lambda file: file.write(content))


def read_robustness(path: Path) -> Robustness:
    """Read ``robustness.json``.

    Raises:
        ResultError: It is missing or damaged.
    """
    try:
        return Robustness.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ResultError(
            "The robustness figures of this run are damaged. Measure them again."
        ) from error
