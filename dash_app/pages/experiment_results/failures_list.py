"""The worst test windows of a run as a table whose rows open below."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import html

from dash_app.components import format_percent, icon
from dash_app.pages.experiment_results import failures_ids as ids
from dash_app.pages.experiment_results.failures_loading import Failures
from integrations.core.failures.kinds import (
    Cell,
    ErrorKind,
    error_kind,
    healthy_class,
    losses,
    sureness,
    worst_rows,
)
from integrations.core.failures.reasons import flags, reasons_of

PER_PAGE = 10
MOST_ROWS = 100


def listed_rows(found: Failures, cell: Cell | None, reason: str) -> list[int]:
    """Give the rows that fit, worst first; the least sure hits where nothing was mistaken."""
    test = found.result.test
    rows = worst_rows(test, cell)
    if not len(rows) and cell is None:
        rows = np.argsort(-losses(test), kind="stable")
    if reason and found.stored is not None:
        holds = flags(found.stored.analysis, test).get(reason)
        rows = rows[holds[0][rows]] if holds is not None else rows
    return [int(row) for row in rows]


def worst_list(
    found: Failures, cell: Cell | None, reason: str, pages: int, chosen: int | None
) -> Any:
    """Draw the table of so many pages."""
    rows = listed_rows(found, cell, reason)
    if not rows:
        return html.P("No test window fits.", className="muted")
    shown = rows[: min(PER_PAGE * pages, MOST_ROWS)]
    healthy = healthy_class(found.result.info.classes)
    head = html.Tr([
        html.Th("#", className="number"), html.Th("Window"), html.Th("True"), html.Th("Predicted"),
        html.Th("Sure", className="number"), html.Th("Loss", className="number"),
        html.Th("Kind"), html.Th("Why, perhaps"),
    ])  # fmt: skip
    body = [_row(found, row, rank, healthy, row == chosen) for rank, row in enumerate(shown, 1)]
    table = html.Table([html.Thead(head), html.Tbody(body)], className="plain failures-worst")
    count = html.P(f"{len(shown)} of {len(rows)} windows.", className="muted small")
    return [
        html.Div(table, className="scroll-x", tabIndex=0, role="region",
                 **{"aria-label": "Worst predictions"}),
        count,
    ]  # fmt: skip


def _row(found: Failures, row: int, rank: int, healthy: int | None, chosen: bool) -> html.Tr:
    result = found.result
    test, info = result.test, result.info
    true, said = int(test.truth[row]), int(test.predicted[row])
    sure = float(test.probability[row].max())
    kind = error_kind(true, said, healthy)
    recording = info.recordings[int(test.recording[row])]
    return html.Tr(
        [
            html.Td(str(rank), className="number muted"),
            html.Td(
                html.Button(
                    f"{recording.name}, {where(found, row)}",
                    id=ids.opened(row),
                    type="button",
                    className="failures-link",
                    **{"aria-pressed": "true" if chosen else "false"},
                )
            ),
            html.Td(info.classes[true]),
            html.Td(info.classes[said]),
            html.Td(format_percent(sure), className="number"),
            html.Td(f"{float(losses(test)[row]):.2f}", className="number"),
            html.Td(kind_words(kind, sure)),
            html.Td(_reasons(found, row)),
        ],
        className="failures-chosen" if chosen else "",
    )


def where(found: Failures, row: int) -> str:
    """Say where a window begins: in seconds where the rate is known."""
    test = found.result.test
    rate = found.result.info.recordings[int(test.recording[row])].sampling_rate_hz
    start = int(test.start[row])
    return f"at {start / rate:.3g} s" if rate else f"from sample {start}"


def kind_words(kind: ErrorKind, sure: float) -> str:
    """Name kind and sureness, e.g. "Missed fault, sure"."""
    words = f"{kind.value}, {sureness(sure)}"
    return words[0].upper() + words[1:]


def _reasons(found: Failures, row: int) -> Any:
    if found.stored is None:
        return html.Span("…", className="muted")
    reasons = reasons_of(found.stored.analysis, found.result, row)
    if not reasons:
        return html.Span("nothing unusual measured", className="muted small")
    chips = [
        html.Span([icon(ICONS[each.code]), each.title], className="chip", title=each.sentence)
        for each in reasons
    ]
    return html.Span(chips, className="failures-chips")


ICONS = {
    "low_snr": "soundwave",
    "between": "intersect",
    "other_class": "shuffle",
    "far": "geo",
    "rare": "speedometer2",
    "label": "tag",
    "edge": "border-left",
}
