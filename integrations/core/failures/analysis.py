"""Measures, for the test windows of a finished run, the facts that may explain its mistakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions, Predictor, StoredResult
from integrations.core.data.dataset import Dataset, DatasetInfo, FloatArray
from integrations.core.data.splits import Split
from integrations.core.data.windows import IntArray, WindowIndex, class_indices
from integrations.core.failures.conditions import rare_conditions
from integrations.core.failures.kinds import losses
from integrations.core.failures.labels import LabelCheck, check_labels
from integrations.core.failures.signal_to_noise import share_below, signal_to_noise_db
from integrations.core.failures.votes import VOTERS, Votes, count_votes
from integrations.core.outliers import fit_outlier_meter, nearest
from integrations.core.signal.features import compute_features

MOST_TRAINING, MOST_VALIDATION, MOST_TEST = 5000, 2000, 10_000
SMALLEST_SCALE = 1e-6
Array = npt.NDArray[np.float64]
Say = Callable[[float, str], None]


@dataclass(frozen=True)
class FailureAnalysis:
    """What was measured; arrays have a row per test window, in the order of the predictions.

    Attributes:
        loss: Cross-entropy in nats, shape (n,).
        snr_db: Signal-to-noise ratio, see ``signal_to_noise_db``; NaN where not measured.
        snr_share: Share of the training windows of its true class with a lower one.
        edge_windows: Distance to the nearer end of its recording, in window lengths.
        outlier_p: See ``OutlierMeter.p_value``; NaN where not measured.
        distance: To the k-th nearest training window, in units of the median over validation.
        votes: Integers, shape (n, 5): neighbours of the true class, the leading class, the
            second, and the neighbours of these two; −1 where not measured.
        voters: Neighbours asked for each window.
        near_recording, near_start: Nearest training windows, shape (n, KEPT); −1 for none.
        near_distance: Their distances, in units of the median over validation windows.
        rare: Recording → rare conditions as JSON, see ``RareCondition``.
        labels: What looking for wrong labels gave, as JSON.
        space: In whose features distances were measured: "model" or "signal".
        space_note: Why it is not the model's; "".
        unit, unit_name: What intervals were taken over: number per window, and its name.
    """

    loss: Array
    snr_db: Array
    snr_share: Array
    edge_windows: Array
    outlier_p: Array
    distance: Array
    votes: IntArray
    voters: int
    near_recording: IntArray
    near_start: IntArray
    near_distance: Array
    rare: dict[int, list[dict[str, Any]]]
    labels: dict[str, Any]
    space: str
    space_note: str
    unit: IntArray
    unit_name: str
    training_windows: int


@dataclass(frozen=True)
class _Parts:
    """The windows that are looked at, fewer than all where there are very many."""

    train: WindowIndex
    validation: WindowIndex
    test: WindowIndex
    rows: IntArray
    """Row in the predictions of each of ``test``."""


@dataclass(frozen=True)
class _Features:
    """What the windows of each part are reduced to, shape (n, d) each."""

    train: FloatArray
    validation: FloatArray
    test: FloatArray


def analyse(
    result: StoredResult,
    data: Dataset,
    split: Split,
    predictor: Predictor | None,
    unit: tuple[IntArray, str],
    say: Say = lambda _share, _words: None,
    *,
    note: str = "",
    seed: int = 0,
) -> FailureAnalysis:
    """Measure all facts of a run's test windows.

    Args:
        result: The finished run.
        data: Its data set.
        split: The division it was trained on.
        predictor: Its model; without one, standard signal features stand in for the model's.
        unit: Of ``resampling_unit``: number per test window, and its name.
        say: Takes the share done and what is being done.
        note: Why there is no predictor, in a sentence.
        seed: Of the draws.
    """
    info, test = data.info, result.test
    parts = _parts(info, split, test, seed)
    say(0.05, "Measuring signal-to-noise ratios")
    snr, share = _signal_to_noise(data, parts, test)
    say(0.25, "Finding the nearest training windows")
    space = _features(data, parts, predictor)
    meter = fit_outlier_meter(space.train, space.validation, most=len(parts.train), seed=seed)
    distance = meter.distance(space.test)
    votes, near_typical = _votes(space, parts, info)
    say(0.7, "Cross-validating the labels")
    checked = check_labels(data, _everything(split), seed)
    trained, tested = (np.unique(index.recording) for index in (split.train, parts.test))
    rare = rare_conditions(info, trained.tolist(), tested.tolist())
    n, typical = len(test.truth), _typical(meter.usual)
    near = parts.train.take(votes.neighbour)
    return FailureAnalysis(
        loss=losses(test),
        snr_db=_laid(snr, parts.rows, n),
        snr_share=_laid(share, parts.rows, n),
        edge_windows=_edges(info, test, split.test.window_samples),
        outlier_p=_laid(meter.p_value(distance), parts.rows, n),
        distance=_laid(distance / typical, parts.rows, n),
        votes=_laid_ints(_vote_table(votes), parts.rows, n),
        voters=votes.voters,
        near_recording=_laid_ints(near.recording, parts.rows, n),
        near_start=_laid_ints(near.start, parts.rows, n),
        near_distance=_laid(votes.distance / near_typical, parts.rows, n),
        rare={i: [each.as_json() for each in found] for i, found in rare.items()},
        labels=_labels_json(checked),
        space="signal" if predictor is None else "model",
        space_note=note,
        unit=unit[0],
        unit_name=unit[1],
        training_windows=len(parts.train),
    )


def _parts(info: DatasetInfo, split: Split, test: Predictions, seed: int) -> _Parts:
    rng = np.random.default_rng([seed, 0xFA11])
    train = split.train.take(_balanced(class_indices(info)[split.train.recording], rng))
    some = np.sort(rng.permutation(len(split.validation))[:MOST_VALIDATION])
    wrong = test.predicted != test.truth
    order = np.lexsort((rng.random(len(wrong)), ~wrong))[:MOST_TEST]
    rows = np.sort(order)
    index = WindowIndex(test.recording[rows], test.start[rows], split.test.window_samples)
    return _Parts(train, split.validation.take(some), index, rows)


def _balanced(klass: IntArray, rng: np.random.Generator) -> IntArray:
    """Draw as many windows of each class as there are, up to an even share of the most."""
    present = np.unique(klass)
    each = max(VOTERS, MOST_TRAINING // max(1, len(present)))
    drawn = [rng.permutation(np.flatnonzero(klass == k))[:each] for k in present.tolist()]
    return np.sort(np.concatenate(drawn))


def _signal_to_noise(data: Dataset, parts: _Parts, test: Predictions) -> tuple[Array, Array]:
    trained = signal_to_noise_db(data, parts.train)
    found = signal_to_noise_db(data, parts.test)
    klass = class_indices(data.info)[parts.train.recording]
    return found, share_below(found, test.truth[parts.rows], trained, klass)


def _features(data: Dataset, parts: _Parts, predictor: Predictor | None) -> _Features:
    features = compute_features if predictor is None else predictor.features
    return _Features(*(features(data, i) for i in (parts.train, parts.validation, parts.test)))


def _votes(space: _Features, parts: _Parts, info: DatasetInfo) -> tuple[Votes, float]:
    """Ask the nearest training windows; gives the votes and the usual distance to the nearest.

    Features are only brought to one scale here: whitened ones find outliers, but in as many
    dimensions as there are windows their neighbours agree on nothing.
    """
    usable = np.flatnonzero(np.isfinite(space.train).all(axis=1))
    known = space.train[usable]
    centre, scale = known.mean(axis=0), np.maximum(known.std(axis=0), SMALLEST_SCALE)
    known = (known - centre) / scale
    position, distance = nearest((space.test - centre) / scale, known, VOTERS)
    _, usual = nearest((space.validation - centre) / scale, known, 1)
    klass = class_indices(info)
    found = count_votes(
        usable[position],
        distance,
        klass[parts.train.recording],
        klass[parts.test.recording],
        len(info.classes),
    )
    return found, _typical(usual[:, 0])


def _vote_table(votes: Votes) -> IntArray:
    columns = (votes.of_truth, votes.first, votes.second, votes.of_first, votes.of_second)
    return np.stack(columns, axis=1)


def _typical(distances: Array) -> float:
    median = float(np.median(distances))
    return median if np.isfinite(median) and median > 0 else 1.0


def _edges(info: DatasetInfo, test: Predictions, window_samples: int) -> Array:
    lengths = np.array([recording.n_samples for recording in info.recordings])[test.recording]
    to_end = lengths - test.start - window_samples
    return np.asarray(np.minimum(test.start, to_end) / window_samples, dtype=np.float64)


def _everything(split: Split) -> WindowIndex:
    """Windows of all parts, ordered by recording and start."""
    parts = (split.train, split.validation, split.test)
    recording = np.concatenate([part.recording for part in parts])
    start = np.concatenate([part.start for part in parts])
    order = np.lexsort((start, recording))
    return WindowIndex(recording[order], start[order], split.test.window_samples)


def _labels_json(checked: LabelCheck) -> dict[str, Any]:
    return {
        "suspects": [suspect.as_json() for suspect in checked.suspects],
        "checked": checked.checked,
        "accuracy": None if np.isnan(checked.accuracy) else checked.accuracy,
        "reliable": checked.reliable,
        "unchecked": list(checked.unchecked),
    }


def _laid(values: Array, rows: IntArray, n: int) -> Array:
    laid = np.full((n, *values.shape[1:]), np.nan)
    laid[rows] = values
    return laid


def _laid_ints(values: IntArray, rows: IntArray, n: int) -> IntArray:
    laid = np.full((n, *values.shape[1:]), -1, dtype=np.int64)
    laid[rows] = values
    return laid
