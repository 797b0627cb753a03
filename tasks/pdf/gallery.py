"""Chooses the worst test windows and draws each with the fault lines of either class."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np

from integrations.core.contract import StoredResult
from integrations.core.data.dataset import Dataset, DatasetError
from integrations.core.figures.chart import Lines
from integrations.core.figures.look import (
    Look,
    envelope_charts,
    look_at,
    spectrum_charts,
    wave_chart,
)
from tasks.pdf.content import Failure, Gallery
from tasks.pdf.numbers import number, percent
from tasks.pdf.windows import with_both

log = logging.getLogger("signalbench.reports")
MOST_SHOWN = 5
LEAST_PROBABILITY = 1e-12
CLASSES_NAMED = 3


def gallery_of(
    result: StoredResult,
    data: Dataset,
    reasons: Mapping[int, Sequence[str]],
    common: Sequence[str] = (),
) -> Gallery:
    """Show the mistakes of the largest loss, at most one of each recording.

    Args:
        result: The run.
        data: Its data set.
        reasons: Why a test window may have failed, by its row; sentences.
        common: What the mistakes have in common; sentences.
    """
    wrong = np.flatnonzero(result.test.predicted != result.test.truth)
    try:
        shown = tuple(
            _failure(look_at(result, data, row), reasons) for row in worst_rows(result, MOST_SHOWN)
        )
    except DatasetError as error:
        log.warning("The report shows no failures: %s", error)
        shown = ()
    return Gallery(shown, tuple(common), len(wrong))


def worst_rows(result: StoredResult, most: int) -> list[int]:
    """Give the wrongly named test windows by falling loss, at most one of each recording."""
    test = result.test
    loss = -np.log(np.clip(_true_probability(result), LEAST_PROBABILITY, None))
    wrong = np.flatnonzero(test.predicted != test.truth)
    ordered = wrong[np.argsort(-loss[wrong], kind="stable")]
    seen: dict[int, int] = {}
    for row in ordered.tolist():
        seen.setdefault(int(test.recording[row]), row)
    return list(seen.values())[:most]


def _true_probability(result: StoredResult) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    test = result.test
    return np.asarray(test.probability[np.arange(len(test.truth)), test.truth])


def _failure(look: Look, reasons: Mapping[int, Sequence[str]]) -> Failure:
    where = f"{look.recording.name}, from sample {look.start}"
    if look.recording.sampling_rate_hz:
        where = f"{look.recording.name}, from {number(look.start / look.rate, 4)} s"
    title = f"“{look.truth}” taken for “{look.predicted}” – {where}"
    facts = (_probabilities(look), *reasons.get(look.row, ()))
    wave, spectrum = _charts(look)
    shaded = " Shaded: where the network looked." if wave.bands else ""
    kind = "envelope spectrum" if "envelope" in spectrum.key else "amplitude spectrum"
    known = look.lines_in("envelope") or look.lines_in("spectrum")
    lines = f" {spectrum.title}" if known else " Neither class has fault lines that are known here."
    caption = f"Left: the window’s wave.{shaded} Right: its {kind}.{lines}"
    return Failure(title, facts, caption, (wave, spectrum))


def _probabilities(look: Look) -> str:
    order = np.argsort(-look.probability, kind="stable")[:CLASSES_NAMED].tolist()
    classes = look.result.info.classes
    listed = ", ".join(f"{classes[k]} {percent(float(look.probability[k]))}" for k in order)
    true = float(look.probability[int(look.result.test.truth[look.row])])
    loss = -float(np.log(max(true, LEAST_PROBABILITY)))
    return f"Probabilities: {listed}. The true class had {percent(true)} (loss {number(loss, 3)})."


def _charts(look: Look) -> tuple[Lines, Lines]:
    ruler = look.ruler("orders")
    if look.lines_in("envelope"):
        found = envelope_charts(look, ruler, 0, "window")
    else:
        found = spectrum_charts(look, ruler, 0, "window")
    return wave_chart(look, 0), with_both(found)
