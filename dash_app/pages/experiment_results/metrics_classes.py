"""The table of classes: figures with their intervals, and how sure the model was of each."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag

from dash_app.components import format_interval
from dash_app.pages.experiment_results import ids
from integrations.core.evaluation.classwise import ClassFigures
from integrations.core.evaluation.evaluation import Evaluation, Interval
from integrations.core.evaluation.measures import Measures

ROW_HEIGHT = 34
MOST_ROWS = 14
TEXT = {"function": "params.data[params.colDef.field + '_text']"}
COLUMN_HELP = {
    "precision": "Of the windows given to this class, the share that belongs there.",
    "recall": "Of this class's windows, the share that is recognised.",
    "f1": "Harmonic mean of precision and recall.",
    "windows": "Test windows that belong to this class.",
    "recordings": "Test recordings that belong to this class.",
    "units": "What the interval resamples. Where fewer than five groups hold the class, its "
    "recordings stand in, and the interval does not cover how groups differ.",
    "sureness": "This class's test windows by the probability given to it, from 0 at the left to 1 "
    "at the right. Sort for the least sure.",
}


def class_table(evaluation: Evaluation, measures: Measures | None) -> dag.AgGrid:
    """Draw the table; without detailed measures the figures stand without intervals."""
    rows = [_row(row) for row in measures.classes] if measures else _plain_rows(evaluation)
    many = len(rows) > MOST_ROWS
    return dag.AgGrid(
        id=ids.CLASSES_GRID,
        rowData=rows,
        columnDefs=_columns(measures),
        defaultColDef={"sortable": True, "resizable": True},
        dashGridOptions={
            "domLayout": "normal" if many else "autoHeight",
            "rowHeight": ROW_HEIGHT,
            "animateRows": False,
        },
        className="grid",
        style={"height": f"{ROW_HEIGHT * (MOST_ROWS + 1)}px" if many else None},
    )


def _columns(measures: Measures | None) -> list[dict[str, Any]]:
    share = {"type": "rightAligned", "minWidth": 148, "flex": 2, "valueFormatter": TEXT}
    number = {"type": "rightAligned", "minWidth": 92, "flex": 1}
    columns: list[dict[str, Any]] = [
        {"field": "name", "headerName": "Class", "minWidth": 120, "flex": 2, "pinned": "left"},
        {"field": "precision", "headerName": "Precision", **share},
        {"field": "recall", "headerName": "Recall", **share},
        {"field": "f1", "headerName": "F1", **share},
        {"field": "windows", "headerName": "Windows", **number},
        {"field": "recordings", "headerName": "Recordings", **number},
    ]
    if measures is not None:
        columns.append(
            {
                "field": "units",
                "headerName": "Interval from",
                "minWidth": 124,
                "flex": 1,
                "valueFormatter": TEXT,
            }
        )
        columns += [
            {"field": "sureness", "headerName": "How sure", "cellRenderer": "ClassSureness",
             "minWidth": 132, "flex": 1},
        ]  # fmt: skip
    for column in columns:
        column["headerTooltip"] = COLUMN_HELP.get(column["field"])
    return columns


def _row(row: ClassFigures) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": row.name,
        "windows": row.windows,
        "recordings": row.recordings,
        "units": row.units,
        "units_text": f"{row.units} {row.unit_name}" if row.windows else "–",
        "histogram": list(row.sureness),
        "sureness": _mean_sureness(row.sureness),
    }
    for key in ("precision", "recall", "f1"):
        figure: Interval | None = getattr(row, key)
        shown[key] = figure.value if figure else None
        shown[f"{key}_text"] = _said(figure)
    return shown


def _said(figure: Interval | None) -> str:
    return "–" if figure is None else format_interval(figure.value, figure.low, figure.high)


def _mean_sureness(counts: tuple[int, ...]) -> float | None:
    total = sum(counts)
    if not total:
        return None
    middles = ((i + 0.5) / len(counts) for i in range(len(counts)))
    return sum(m * c for m, c in zip(middles, counts, strict=True)) / total


def _plain_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for row in evaluation.per_class:
        shown: dict[str, Any] = {
            "name": row.name, "windows": row.support, "recordings": row.n_recordings,
        }  # fmt: skip
        for key in ("precision", "recall", "f1"):
            value = getattr(row, key) if row.support else None
            shown |= {key: value, f"{key}_text": format_interval(value, None, None)}
        rows.append(shown)
    return rows
