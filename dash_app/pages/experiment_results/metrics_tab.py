"""The Metrics tab: classes, confusion, curves, calibration, alarms, conditions, robustness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import banner, card, chart_card
from dash_app.pages.experiment_results import ids
from dash_app.pages.experiment_results.metrics_calibration import calibration_section
from dash_app.pages.experiment_results.metrics_classes import class_table
from dash_app.pages.experiment_results.metrics_conditions import conditions_section
from dash_app.pages.experiment_results.metrics_detail import Detail
from dash_app.pages.experiment_results.metrics_robustness import robustness_slot
from dash_app.pages.experiment_results.metrics_threshold import threshold_section
from integrations.core.contract import StoredResult
from integrations.core.evaluation.evaluation import Evaluation
from integrations.core.evaluation.measures import Measures
from integrations.core.figures import common

MOST_RECORDINGS = 30


PARTS = ("Classes", "Confusion", "Curves")
MORE_PARTS = ("Calibration", "Alarm", "Conditions", "Robustness")


def metrics_tab(evaluation: Evaluation, measures: Measures | None, trouble: str = "") -> html.Div:
    """Draw the tab; its lower half, ``more_metrics``, comes after it.

    Args:
        evaluation: The figures of the run.
        measures: The detailed ones; None where they cannot be read.
        trouble: Why they cannot.
    """
    content = (
        [_classes(evaluation, measures)],
        [_confusion(evaluation)],
        [html.Div(_curves(evaluation, measures), className="grid-2")],
    )
    above = [banner("warning", trouble)] if trouble else []
    known = measures is not None
    more = html.Div(html.Div(className="card skeleton-block"), id=ids.METRICS_MORE)
    return html.Div(
        [
            *above,
            _contents([*PARTS, *MORE_PARTS] if known else PARTS),
            *(_part(name, each) for name, each in zip(PARTS, content, strict=True)),
            *([more] if known else []),
        ],
        className="stack",
    )


def more_metrics(evaluation: Evaluation, detail: Detail) -> html.Div:
    """Draw the lower half: calibration, alarm, conditions, robustness."""
    measures = detail.measures
    content: tuple[list[Any], ...] = (
        [calibration_section(measures.reliability, detail.calibration)],
        [threshold_section(evaluation.classes, _weakest(evaluation))],
        conditions_section(measures),
        [robustness_slot(detail.robustness, detail.job)],
    )
    parts = [_part(name, each) for name, each in zip(MORE_PARTS, content, strict=True)]
    return html.Div(parts, className="stack")


def _part(name: str, content: list[Any]) -> html.Div:
    return html.Div(content, id=_anchor(name), className="stack metrics-section")


def _anchor(name: str) -> str:
    return f"metrics-{name.lower()}-part"


def _contents(names: Sequence[str]) -> html.Nav:
    """The parts of this long tab, one click away."""
    links = [html.A(name, href=f"#{_anchor(name)}") for name in names]
    return html.Nav(links, className="metrics-contents", **{"aria-label": "Parts of this tab"})


def _classes(evaluation: Evaluation, measures: Measures | None) -> html.Section:
    notes = []
    if measures is not None:
        said = " ".join([f"Intervals: {measures.method}.", *measures.notes])
        notes = [html.P(said, className="muted small metrics-note")]
    return card(class_table(evaluation, measures), *notes, title="Each class",
                help="One row per class, measured on test windows only.")  # fmt: skip


def _confusion(evaluation: Evaluation) -> html.Div:
    mode = dmc.SegmentedControl(
        id=ids.CONFUSION_MODE,
        data=[{"value": "share", "label": "Shares"}, {"value": "count", "label": "Windows"}],
        value="share",
        size="xs",
    )
    switch = html.Div([html.Span("Cells show", className="muted small"), mode], className="row")
    hint = html.P(
        [
            "Click a cell to see the recordings behind it. Mistakes can be chosen by keyboard and "
            "looked into one by one ",
            dcc.Link("under Failures", href="?tab=failures"),
            ".",
        ],
        className="muted",
    )
    return html.Div(
        [
            html.Div([switch, html.Div(confusion_card(evaluation, "share"), id=ids.CONFUSION)]),
            html.Div(card(hint, title="Behind a cell"), id=ids.CELL),
        ],
        className="confusion",
    )


def _curves(evaluation: Evaluation, measures: Measures | None) -> list[html.Section]:
    areas = measures.areas if measures else ()
    curves = [common.roc(evaluation, areas), common.precision_recall(evaluation, areas)]
    return [chart_card(curve, height=420) for curve in curves if curve is not None]


def _weakest(evaluation: Evaluation) -> str:
    tested = [row for row in evaluation.per_class if row.support]
    return min(tested, key=lambda row: row.recall).name if tested else evaluation.classes[0]


def confusion_card(evaluation: Evaluation, mode: str) -> html.Section:
    """Draw the confusion matrix as shares of the true class or as counts."""
    return chart_card(common.confusion_matrix(evaluation, normalised=mode == "share"))


def cell_section(
    experiment_id: int, result: StoredResult, true: str, predicted: str
) -> html.Section:
    """List the recordings behind one cell of the confusion matrix; each opens its signals."""
    classes = result.info.classes
    test = result.test
    inside = (test.truth == classes.index(true)) & (test.predicted == classes.index(predicted))
    counts = Counter(test.recording[inside].tolist())
    totals = Counter(test.recording.tolist())
    same = true == predicted
    title = f"“{true}” recognised" if same else f"“{true}” taken for “{predicted}”"
    if not counts:
        return card(html.P("No test window is in this cell.", className="muted"), title=title)
    first = {index: result.test.start[inside & (result.test.recording == index)].min()
             for index in counts}  # fmt: skip
    rows = [
        html.Tr([
            html.Td(_signal_link(experiment_id, result, index, int(first[index]))),
            html.Td(result.info.recordings[index].group),
            html.Td(f"{count} of {totals[index]}", className="number"),
        ])
        for index, count in counts.most_common(MOST_RECORDINGS)
    ]  # fmt: skip
    head = html.Tr([html.Th("Recording"), html.Th("Group"), html.Th("Windows", className="number")])
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain")
    cell = f"&true={classes.index(true)}&predicted={classes.index(predicted)}"
    more = _failures_link(experiment_id, "See each of these windows under Failures", cell)
    return card(
        html.Div(table, className="scroll-x"), *_rest(len(counts)), html.P(more), title=title
    )


def _failures_link(experiment_id: int, words: str, query: str = "") -> dcc.Link:
    return dcc.Link(words, href=f"/experiment/{experiment_id}/results?tab=failures{query}")


def _signal_link(experiment_id: int, result: StoredResult, index: int, start: int) -> dcc.Link:
    address = f"/experiment/{experiment_id}/results?tab=signals&record={index}&start={start}"
    return dcc.Link(result.info.recordings[index].name, href=address)


def _rest(count: int) -> Sequence[Any]:
    if count <= MOST_RECORDINGS:
        return []
    return [html.P(f"{count - MOST_RECORDINGS} more recordings.", className="muted small")]
