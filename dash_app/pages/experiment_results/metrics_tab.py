"""The Metrics tab: per class, confusion, ROC and precision-recall."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, chart_card
from dash_app.pages.experiment_results import ids
from integrations.core.contract import StoredResult
from integrations.core.evaluation.evaluation import Evaluation
from integrations.core.figures import common

ROW_HEIGHT = 34
MOST_ROWS = 14
MOST_RECORDINGS = 30
PERCENT = {"function": "params.value == null ? '–' : d3.format('.1f')(params.value * 100) + ' %'"}
COLUMN_HELP = {
    "precision": "Of the windows given to this class, the share that belongs there.",
    "recall": "Of this class's windows, the share that is recognised.",
    "f1": "Harmonic mean of precision and recall.",
    "support": "Test windows that belong to this class.",
    "n_recordings": "Test recordings that belong to this class.",
}


def metrics_tab(evaluation: Evaluation) -> html.Div:
    """Draw the tab."""
    mode = dmc.SegmentedControl(
        id=ids.CONFUSION_MODE,
        data=[{"value": "share", "label": "Shares"}, {"value": "count", "label": "Windows"}],
        value="share",
        size="xs",
    )
    switch = html.Div([html.Span("Cells show", className="muted small"), mode], className="row")
    hint = html.P("Click a cell to see the recordings behind it.", className="muted")
    confusion = html.Div(
        [
            html.Div([switch, html.Div(confusion_card(evaluation, "share"), id=ids.CONFUSION)]),
            html.Div(card(hint, title="Behind a cell"), id=ids.CELL),
        ],
        className="confusion",
    )
    curves = [common.roc(evaluation), common.precision_recall(evaluation)]
    return html.Div(
        [
            card(_class_table(evaluation), title="Each class",
                 help="One row per class, measured on test windows only."),
            confusion,
            html.Div([chart_card(c, height=420) for c in curves if c is not None],
                     className="grid-2"),
        ],
        className="stack",
    )  # fmt: skip


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
    return card(html.Div(table, className="scroll-x"), *_rest(len(counts)), title=title)


def _signal_link(experiment_id: int, result: StoredResult, index: int, start: int) -> dcc.Link:
    address = f"/experiment/{experiment_id}/results?tab=signals&record={index}&start={start}"
    return dcc.Link(result.info.recordings[index].name, href=address)


def _rest(count: int) -> Sequence[Any]:
    if count <= MOST_RECORDINGS:
        return []
    return [html.P(f"{count - MOST_RECORDINGS} more recordings.", className="muted small")]


def _class_table(evaluation: Evaluation) -> dag.AgGrid:
    number = {"type": "rightAligned", "minWidth": 92, "flex": 1}
    share = {**number, "valueFormatter": PERCENT}
    columns: list[dict[str, Any]] = [
        {"field": "name", "headerName": "Class", "minWidth": 110, "flex": 2},
        {"field": "precision", "headerName": "Precision", **share},
        {"field": "recall", "headerName": "Recall", **share},
        {"field": "f1", "headerName": "F1", **share},
        {"field": "support", "headerName": "Windows", **number},
        {"field": "n_recordings", "headerName": "Recordings", **number},
    ]
    for column in columns:
        column["headerTooltip"] = COLUMN_HELP.get(column["field"])
    many = len(evaluation.per_class) > MOST_ROWS
    return dag.AgGrid(
        id=ids.CLASSES_GRID,
        rowData=[_class_row(row.model_dump()) for row in evaluation.per_class],
        columnDefs=columns,
        defaultColDef={"sortable": True, "resizable": True},
        dashGridOptions={
            "domLayout": "normal" if many else "autoHeight",
            "rowHeight": ROW_HEIGHT,
            "animateRows": False,
        },
        className="grid",
        style={"height": f"{ROW_HEIGHT * (MOST_ROWS + 1)}px" if many else None},
    )


def _class_row(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out what cannot be said of a class without test windows."""
    return row if row["support"] else {**row, "precision": None, "recall": None, "f1": None}
