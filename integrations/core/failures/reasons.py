"""Turns measured facts into reasons why a window may have been mistaken, each with its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions, StoredResult
from integrations.core.data.dataset import DatasetInfo, field_text
from integrations.core.failures.analysis import FailureAnalysis
from integrations.core.failures.commonalities import Commonality, compare, with_holm
from integrations.core.failures.conditions import condition_fields, is_scale
from integrations.core.failures.signal_to_noise import true_lines
from integrations.core.outliers import OUTSIDE

BoolArray = npt.NDArray[np.bool_]
LOW_SHARE = 0.05
"""Lower than all but so many training windows of its class counts as a low ratio."""
AGREED = 2 / 3
"""With a smaller share of neighbours for the leading class a window lies between two."""
EDGE_WINDOWS = 0.5
MOST_FACTS = 60

TITLES = {
    "low_snr": "Low signal-to-noise ratio",
    "between": "Between two classes",
    "other_class": "Looks like another class",
    "far": "Far from all training data",
    "rare": "Rare condition",
    "label": "Label suspect",
    "edge": "Near the edge of its recording",
}
HELP = {
    "low_snr": "The lines of its class (all spectral lines where none is known) stand lower over "
    "the noise than in 95 % of the training windows of that class.",
    "between": "Its nearest training windows, in the model's own features, do not agree on a "
    "class: the leading one has less than two thirds of them.",
    "other_class": "Two thirds or more of its nearest training windows belong to one class, and "
    "that is not its own.",
    "far": "At most 1 % of the validation windows lie as far from all training windows.",
    "rare": "Its recording was made under a condition that its class was seldom or never trained "
    "under.",
    "label": "Signal features of its whole recording, judged by models that saw nothing of its "
    "group, look like another class (confident learning, Northcutt et al. 2021).",
    "edge": "It begins or ends less than half a window from the start or end of its recording.",
}


@dataclass(frozen=True)
class Reason:
    """One measured fact about a window that may explain a mistake."""

    code: str
    title: str
    sentence: str


def flags(found: FailureAnalysis, test: Predictions) -> dict[str, tuple[BoolArray, BoolArray]]:
    """Say of each fact where it holds and where it is known, two masks of shape (n,)."""
    asked = found.votes[:, 3] >= 0
    agreed = found.votes[:, 3] >= AGREED * found.voters
    other = found.votes[:, 1] != test.truth
    everywhere = np.ones(len(test.truth), dtype=bool)
    suspects = [suspect["recording"] for suspect in found.labels["suspects"]]
    measured = np.isfinite(found.snr_share)
    placed = np.isfinite(found.outlier_p)
    return {
        "low_snr": (measured & (np.nan_to_num(found.snr_share, nan=1.0) < LOW_SHARE), measured),
        "between": (asked & ~agreed, asked),
        "other_class": (asked & agreed & other, asked),
        "far": (placed & (np.nan_to_num(found.outlier_p, nan=1.0) <= OUTSIDE), placed),
        "rare": (np.isin(test.recording, list(found.rare)), everywhere),
        "label": (np.isin(test.recording, suspects), everywhere),
        "edge": (found.edge_windows < EDGE_WINDOWS, everywhere),
    }


def reasons_of(found: FailureAnalysis, result: StoredResult, row: int) -> list[Reason]:
    """Give the facts that are unusual about a test window, in the order of ``TITLES``."""
    held = flags(found, result.test)
    words = {
        "low_snr": _snr_words,
        "between": _between_words,
        "other_class": _other_words,
        "far": _far_words,
        "rare": _rare_words,
        "label": _label_words,
        "edge": _edge_words,
    }
    return [
        Reason(code, TITLES[code], words[code](found, result, row))
        for code in TITLES
        if held[code][0][row]
    ]


def commonalities(found: FailureAnalysis, result: StoredResult) -> list[Commonality]:
    """Compare error rates with and without each fact and each condition; strongest first."""
    test, info = result.test, result.info
    wrong = test.predicted != test.truth
    facts = [(code, TITLES[code], *masks) for code, masks in flags(found, test).items()]
    facts += _condition_facts(info, test)
    compared = [
        compare(code, title, wrong[known], holds[known], found.unit[known])
        for code, title, holds, known in facts[:MOST_FACTS]
        if holds[known].any() and not holds[known].all()
    ]
    return with_holm(compared)


def explained_share(found: FailureAnalysis, test: Predictions) -> float:
    """Give the share of mistakes for which at least one fact is unusual; NaN without mistakes."""
    wrong = test.predicted != test.truth
    held = np.any([mask for mask, _ in flags(found, test).values()], axis=0)
    return float(held[wrong].mean()) if wrong.any() else float("nan")


def _condition_facts(
    info: DatasetInfo, test: Predictions
) -> list[tuple[str, str, BoolArray, BoolArray]]:
    facts = []
    for name in condition_fields(info):
        if is_scale(info, name):
            continue
        texts = [field_text(r.fields[name]) if name in r.fields else "" for r in info.recordings]
        told = np.array(texts)[test.recording]
        values = info.field_values()[name]
        facts += [
            (f"field:{name}={value}", f"{name} {value}", told == value, told != "")
            for value in (values[:1] if len(values) == 2 else values)  # the other is its mirror
        ]
    return facts


def _snr_words(found: FailureAnalysis, result: StoredResult, row: int) -> str:
    share, ratio = float(found.snr_share[row]), float(found.snr_db[row])
    truth = _quoted(result.info, int(result.test.truth[row]))
    recording = result.info.recordings[int(result.test.recording[row])]
    lines = ", ".join(line.label for line in true_lines(result.info, recording))
    what = f"The lines of {truth} ({lines}) stand" if lines else "Its spectral lines stand"
    return (
        f"{what} {ratio:.1f} dB over the noise, less than in {100 * (1 - share):.0f} % of the "
        f"training windows of {truth}."
    )


def _between_words(found: FailureAnalysis, result: StoredResult, row: int) -> str:
    truth_votes, first, second, of_first, of_second = found.votes[row].tolist()
    info = result.info
    text = f"Of its {found.voters} nearest training windows {of_first} are {_quoted(info, first)}"
    if of_second:
        text += f" and {of_second} {_quoted(info, second)}"
    truth = int(result.test.truth[row])
    return text + ("." if truth in (first, second) else f"; {truth_votes} are of its own class.")


def _other_words(found: FailureAnalysis, result: StoredResult, row: int) -> str:
    truth_votes, first, _, of_first, _ = found.votes[row].tolist()
    return (
        f"Of its {found.voters} nearest training windows {of_first} are "
        f"{_quoted(result.info, first)} and {truth_votes} of its own class."
    )


def _far_words(found: FailureAnalysis, _result: StoredResult, row: int) -> str:
    return (
        f"It lies {found.distance[row]:.1f} times as far from its nearest training windows as is "
        f"usual for validation windows; {_percent(float(found.outlier_p[row]))} of those lie as "
        "far."
    )


def _rare_words(found: FailureAnalysis, result: StoredResult, row: int) -> str:
    truth = _quoted(result.info, int(result.test.truth[row]))
    conditions = found.rare[int(result.test.recording[row])]
    return " ".join(_one_condition(each, truth) for each in conditions[:3])


def _one_condition(each: dict[str, Any], truth: str) -> str:
    name = f"{each['field']} {each['value']}"
    if each["trained"] is None:
        return (
            f"{name}: {truth} was trained from {each['low']:g} to {each['high']:g} only "
            f"({each['of']} recordings)."
        )
    count = each["trained"] or "none"
    return f"{name}: {count} of {each['of']} training recordings of {truth} had it."


def _label_words(found: FailureAnalysis, result: StoredResult, row: int) -> str:
    index = int(result.test.recording[row])
    suspect = next(s for s in found.labels["suspects"] if s["recording"] == index)
    likely = _quoted(result.info, suspect["likely"])
    said = "the model says so too" if result.test.predicted[row] == suspect["likely"] else (
        "the model says something else"
    )  # fmt: skip
    return (
        f"Without its group, signal features give its recording {_percent(suspect['other'])} for "
        f"{likely} and {_percent(suspect['own'])} for its label; {said}."
    )


def _edge_words(found: FailureAnalysis, result: StoredResult, row: int) -> str:
    recording = result.info.recordings[int(result.test.recording[row])]
    near_start = 2 * int(result.test.start[row]) < recording.n_samples
    end = "start" if near_start else "end"
    away = float(found.edge_windows[row])
    if away == 0:
        return f"It lies at the very {end} of its recording."
    return f"It lies {away:.2g} windows from the {end} of its recording."


def _quoted(info: DatasetInfo, klass: int) -> str:
    return f"“{info.classes[klass]}”"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
