"""What an ensemble shows: contributions, agreement, bounds, and who is best at which class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from integrations.core.contract import StoredResult
from integrations.core.figures.chart import Axis, Bars, Chart, Heatmap
from integrations.ensemble.findings import STANDINGS

MAX_CLASSES = 40
LONGEST_NAME = 40
NEGLIGIBLE = 5e-4


def panels(result: StoredResult) -> list[Chart]:
    """Draw what there is; a result without members gives nothing."""
    extras = result.extras
    if not extras.get("member_names"):
        return []
    charts = [
        _weights(extras),
        _contributions(extras),
        _standing(extras),
        _matrix(extras, "agreement", "Agreement of the members", "Same decision",
                "Share of test windows on which two members decide alike. An ensemble gains most "
                "from good members that disagree."),
        _matrix(extras, "error_correlation", "Correlation of the members' errors", "Correlation",
                "1 means that two members err on the same test windows, 0 that their errors have "
                "nothing to do with each other. A dash: one of them never errs."),
        _best_by_class(extras, result.info.classes),
        _classes(extras, result.info.classes),
    ]  # fmt: skip
    return [chart for chart in charts if chart is not None]


def _label(extras: dict[str, Any], number: int) -> str:
    name = str(extras["member_names"][number])
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    return f"#{extras['member_ids'][number]} {short}"


def _tags(extras: dict[str, Any]) -> tuple[str, ...]:
    return tuple(f"#{number}" for number in extras["member_ids"])


def _bars(
    extras: dict[str, Any], values: np.ndarray, key: str, title: str, axis: Axis, help_text: str
) -> Bars | None:
    if not np.isfinite(values).all() or not len(values):
        return None
    order = np.argsort(-values, kind="stable").tolist()
    return Bars(
        key=key,
        title=title,
        axis=axis,
        categories=tuple(_label(extras, number) for number in order),
        values=tuple(float(values[number]) for number in order),
        help=help_text,
    )


def _weights(extras: dict[str, Any]) -> Bars | None:
    return _bars(
        extras, extras["weights"], "weights", "Weight of each member",
        Axis("Share of the decision", percent=True),
        "Fitted on the validation part. For stacking: the mean of the member's coefficients over "
        "the classes, negative ones as zero.",
    )  # fmt: skip


def _contributions(extras: dict[str, Any]) -> Bars | None:
    return _bars(
        extras, extras["loss_rise"], "contributions", "What each member is worth",
        Axis("Rise of the validation loss without it"),
        "The member is left out and the rest is weighed anew. Near zero: another member says the "
        "same. Below zero: the ensemble is better without it on the validation part.",
    )  # fmt: skip


def _standing(extras: dict[str, Any]) -> Bars | None:
    figures = extras["standing"]
    if not np.isfinite(figures).all():
        return None
    names = list(STANDINGS)
    for place, number in zip((2, 3), extras["best_members"], strict=True):
        names[place] += f" #{extras['member_ids'][number]}"
    return Bars(
        key="standing",
        title=_gain_in_words(extras["gain"]),
        axis=Axis("Accuracy of test windows", percent=True),
        categories=tuple(names),
        values=tuple(figures[:, 0].tolist()),
        low=tuple(figures[:, 1].tolist()),
        high=tuple(figures[:, 2].tolist()),
        help="The oracle counts a window as right when any member, or the ensemble, is: about the "
        "most these members allow. Which member is best on test is known only afterwards; the one "
        "best on validation has the least loss there. "
        f"Intervals: 95 % bootstrap over test {extras['interval_unit']}; the gain is from the same "
        "resamples.",
    )


def _gain_in_words(gain: np.ndarray) -> str:
    value, low, high = (100 * gain).tolist()
    if not np.isfinite(value):
        return "Ensemble, oracle and members"
    interval = f"({low:+.1f} to {high:+.1f})".replace("-", "−")
    points = f"{abs(value):.1f} points"
    if abs(value) < 100 * NEGLIGIBLE:
        return f"The ensemble does as well as the best of its members {interval}"
    word = "gains" if value > 0 else "loses"
    return f"The ensemble {word} {points} against the best of its members {interval}"


def _matrix(
    extras: dict[str, Any], key: str, title: str, value: str, help_text: str
) -> Heatmap | None:
    table = extras[key]
    tags = _tags(extras)
    percent = key == "agreement"
    return Heatmap(
        key=key,
        title=title,
        x_axis=Axis("Member"),
        y_axis=Axis("Member"),
        columns=tags,
        rows=tuple(_label(extras, number) for number in range(len(tags))),
        values=tuple(tuple(row) for row in table.tolist()),
        value_axis=Axis(value, percent=percent),
        texts=tuple(tuple(_cell(cell, percent) for cell in row) for row in table.tolist()),
        help=help_text,
    )


def _cell(value: float, percent: bool) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{value:.0%}" if percent else f"{value:.2f}".replace("-", "−")


def _shown_classes(table: np.ndarray) -> Sequence[int]:
    """Classes in order, or those the ensemble knows least where there are too many to draw."""
    if table.shape[1] <= MAX_CLASSES:
        return range(table.shape[1])
    return sorted(np.argsort(table[-1], kind="stable")[:MAX_CLASSES].tolist())


def _best_by_class(extras: dict[str, Any], classes: Sequence[str]) -> Bars | None:
    table = extras["class_f1"]
    if not np.isfinite(table).all():
        return None
    best = table[:-1].argmax(axis=0)
    shown = sorted(_shown_classes(table), key=lambda k: -table[best[k], k])
    return Bars(
        key="best_by_class",
        title="Which member is best at which class",
        axis=Axis("F1 of the best member", percent=True),
        categories=tuple(f"{classes[k]} · #{extras['member_ids'][best[k]]}" for k in shown),
        values=tuple(float(table[best[k], k]) for k in shown),
        help="Measured on the test part after everything was fitted; it chooses nothing. The "
        "first of equals is named.",
    )


def _classes(extras: dict[str, Any], classes: Sequence[str]) -> Heatmap | None:
    table = extras["class_f1"]
    shown = list(_shown_classes(table))
    columns = table[:, shown].T
    return Heatmap(
        key="class_f1",
        title="F1 of each class by member, and of the ensemble",
        x_axis=Axis("Member"),
        y_axis=Axis("Class"),
        columns=(*_tags(extras), "ensemble"),
        rows=tuple(classes[k] for k in shown),
        values=tuple(tuple(row) for row in columns.tolist()),
        value_axis=Axis("F1", percent=True),
        texts=tuple(tuple(_cell(cell, True) for cell in row) for row in columns.tolist()),
        help="Where the ensemble's column is darker than every member's, they help each other.",
    )
