"""The Failures tab: which test windows were mistaken, what they share, and each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import dcc, html

from dash_app.components import banner, card, chart_card, empty_state, icon, term
from dash_app.pages.experiment_results import failures_ids as ids
from dash_app.pages.experiment_results.artifacts_tab import in_progress
from dash_app.pages.experiment_results.failures_common import common_section, labels_section
from dash_app.pages.experiment_results.failures_list import worst_list
from dash_app.pages.experiment_results.failures_loading import Failures
from integrations.core.contract import StoredResult
from integrations.core.evaluation.evaluation import Evaluation
from integrations.core.failures.kinds import Cell, confused_cells, worst_rows
from integrations.core.failures.reasons import TITLES
from integrations.core.figures import common
from storage.entities import JobEntity, JobStatus

MOST_PAIRS, MOST_FOLDED = 8, 48
MOST_CLASSES = 30
POLL_MS = 1000


def failures_tab(found: Failures, evaluation: Evaluation, asked: dict[str, str]) -> html.Div:
    """Draw the tab; the window that is looked at comes by callback.

    Args:
        found: The run.
        evaluation: Its figures.
        asked: "true", "predicted" (class indices) and "row" of the address, as text.
    """
    result = found.result
    if not len(result.test.truth):
        return empty_state("search", "No test window", "This run tested nothing that could fail.")
    cell = asked_cell(result, asked)
    row = asked_row(result, asked, cell)
    return html.Div(
        [
            dcc.Store(id=ids.CELL, data=[cell.true, cell.predicted] if cell else None),
            dcc.Store(id=ids.ROW, data=row),
            dcc.Store(id=ids.SEEN, data=signature(found)),
            dcc.Store(id=ids.REVEALED),
            dcc.Interval(id=ids.POLL, interval=POLL_MS, disabled=not in_progress(found.job)),
            html.Div(status(found), id=ids.STATUS, role="status"),
            html.Div(common_section(found), id=ids.COMMON),
            _where(evaluation, result),
            _worst(found, cell, row),
            _chosen(result),
            html.Div(labels_section(found), id=ids.LABELS),
        ],
        className="stack failures",
    )


def status(found: Failures) -> Any:
    """Say where the analysis stands; nothing when it is there."""
    if in_progress(found.job) and found.stored is None:
        return banner("info", working_words(found.job))
    failed = found.job is not None and found.job.status is JobStatus.FAILED
    if found.stored is not None and not failed:
        note = found.stored.analysis.space_note
        words = f"{note} Distances are measured in standard signal features instead of its own."
        return banner("warning", words, actions=[_again("Analyse again")]) if note else ""
    words = found.trouble or (found.job.error if failed and found.job else "")
    sentence = f"The failures could not be analysed. {words}" if words else NOT_YET
    again = [_again("Try again" if words else "Analyse the failures")]
    return banner("warning" if words else "info", sentence, actions=again)


NOT_YET = "Why windows were mistaken has not been looked into yet."


def working_words(job: JobEntity | None, share: float = 0.0, message: str = "") -> str:
    """Say what the job is doing."""
    if job is None or job.status is JobStatus.QUEUED:
        return "Waiting for a worker to look into the failures."
    doing = f" {message} ({share * 100:.0f} %)." if message else ""
    return f"Looking into the failures.{doing}"


def signature(found: Failures) -> list[Any]:
    """Give what changes when there is something new to show."""
    explained = len(np.asarray(found.result.extras.get("explained_start", ())))
    job = found.job
    return [found.stored is not None, explained, job.id if job else 0, job.status if job else ""]


def asked_cell(result: StoredResult, asked: dict[str, str]) -> Cell | None:
    """Read the cell of the address; None where it names none."""
    n = len(result.info.classes)
    try:
        cell = Cell(int(asked.get("true", "")), int(asked.get("predicted", "")))
    except ValueError:
        return None
    return cell if 0 <= cell.true < n and 0 <= cell.predicted < n else None


def asked_row(result: StoredResult, asked: dict[str, str], cell: Cell | None) -> int | None:
    """Read the row of the address, else take the worst one of the cell."""
    text = asked.get("row", "")
    if text.isdecimal() and int(text) < len(result.test.truth):
        return int(text)
    rows = worst_rows(result.test, cell)
    return int(rows[0]) if len(rows) else None


def _again(label: str) -> dmc.Button:
    return dmc.Button(label, id=ids.START, size="xs", variant="default")


def _where(evaluation: Evaluation, result: StoredResult) -> html.Div:
    if len(evaluation.classes) > MOST_CLASSES:
        return html.Div(_pairs(result, "Choose a confusion to list its windows below."))
    chart = replace(common.confusion_matrix(evaluation, normalised=False), key=ids.MATRIX)
    hint = "Choose a confusion, or a cell of the matrix, to list its windows below."
    return html.Div(
        [chart_card(chart, class_name="failures-matrix"), _pairs(result, hint)],
        className="failures-where",
    )


def _pairs(result: StoredResult, hint: str) -> html.Section:
    cells = confused_cells(result.test)
    wrong = sum(count for _, count in cells)
    n = len(result.test.truth)
    recordings = len(np.unique(result.test.recording[result.test.predicted != result.test.truth]))
    tested = len(np.unique(result.test.recording))
    if not cells:
        return card(
            html.P(f"All {n} test windows were recognised. The least sure ones are listed below."),
            title="No mistakes",
        )
    words = f"{wrong} of {n} test windows were mistaken, in {recordings} of {tested} recordings."
    buttons = [_pair(result, cell, count, wrong) for cell, count in cells[:MOST_FOLDED]]
    return card(
        html.P(words),
        html.Div(
            [html.Div(buttons[:MOST_PAIRS], className="failures-pair-list"), *_folded(buttons)],
            className="failures-pairs",
            role="group",
            **{"aria-label": "Show only one kind of confusion"},
        ),
        html.P(hint, className="muted small"),
        title="Most frequent confusions",
    )


def _folded(buttons: list[html.Button]) -> list[html.Details]:
    rest = buttons[MOST_PAIRS:]
    if not rest:
        return []
    noun = "kind" if len(rest) == 1 else "kinds"
    summary = html.Summary(f"{len(rest)} more {noun} of confusion", className="muted small")
    return [html.Details([summary, html.Div(rest, className="failures-pair-list")])]


def _pair(result: StoredResult, cell: Cell, count: int, wrong: int) -> html.Button:
    classes = result.info.classes
    words = [
        html.Span(classes[cell.true], className="failures-true"),
        icon("arrow-right"),
        html.Span(classes[cell.predicted]),
        html.Span("taken for", className="visually-hidden"),
    ]
    return html.Button(
        [
            html.Span(words, className="failures-pair-name"),
            html.Span(str(count), className="number"),
            html.Span(
                className="failures-bar", style={"width": f"{100 * count / max(1, wrong):.1f}%"}
            ),
        ],
        id=ids.cell(cell.true, cell.predicted),
        type="button",
        className="failures-pair",
        **{"aria-label": f"{classes[cell.true]} taken for {classes[cell.predicted]}: {count}"},
    )


def _worst(found: Failures, cell: Cell | None, row: int | None) -> html.Section:
    choices = [{"value": "", "label": "Any reason"}]
    choices += [{"value": code, "label": title} for code, title in TITLES.items()]
    reason = dmc.Select(
        id=ids.REASON, data=choices, value="", size="xs", w=230, allowDeselect=False,
        disabled=found.stored is None, **{"aria-label": "Only windows with this reason"},
    )  # fmt: skip
    tools = html.Div(
        [html.Div(cell_words(found.result, cell), id=ids.CELLS, className="row"), reason],
        className="row failures-tools",
    )
    return card(
        tools,
        html.Div(worst_list(found, cell, "", 1, row), id=ids.LIST),
        dmc.Button("Show 10 more", id=ids.MORE, variant="default", size="xs"),
        title="Worst predictions",
        help="Test windows by loss (−ln of the probability of the true class, in nats). Choose one "
        "to see it below.",
    )


def cell_words(result: StoredResult, cell: Cell | None) -> Sequence[Any]:
    """Say which windows are listed, with the way back to all."""
    if cell is None:
        wrong = (result.test.predicted != result.test.truth).any()
        words = (
            "All mistakes, largest loss first." if wrong else "No mistakes: the least sure hits."
        )
        return [html.Span(words, className="muted small")]
    classes = result.info.classes
    same = cell.true == cell.predicted
    text = (
        f"“{classes[cell.true]}” recognised"
        if same
        else f"“{classes[cell.true]}” taken for “{classes[cell.predicted]}”"
    )
    return [
        html.Span(text, className="chip"),
        html.Button("All mistakes", id={"type": ids.CLEAR, "at": "list"}, type="button",
                    className="failures-link"),
    ]  # fmt: skip


def _chosen(result: StoredResult) -> html.Div:
    channels = result.info.channels
    channel = dmc.Select(
        id=ids.CHANNEL,
        data=[{"value": str(i), "label": name} for i, name in enumerate(channels)],
        value="0",
        size="xs",
        w=160,
        allowDeselect=False,
        **{"aria-label": "Channel"},
    )
    words = term("Channel", "Which channel of the window is drawn.")
    row = html.Div(
        [html.Span(words, className="muted small"), channel],
        className="row" if len(channels) > 1 else "hidden",
    )
    return html.Div(
        [row, html.Div(dmc.Skeleton(height=320), id=ids.DETAIL, className="stack")],
        className="stack-tight failures-looked-at",
        tabIndex=-1,
        role="region",
        **{"aria-label": "The window looked at"},
    )
