"""Figures under each condition of the test recordings, with the worst one named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.components import card, chart_card, format_interval, icon, term
from dash_app.pages.experiment_results import ids
from integrations.core.contract import Predictions
from integrations.core.data.dataset import DatasetInfo
from integrations.core.evaluation.evaluation import Interval
from integrations.core.evaluation.measures import Measures
from integrations.core.evaluation.slices import Slice, cross_table
from integrations.core.figures.measured import cross_heatmap, slice_bars

MOST_CHARTS = 4
CLEAR = 0.05
P_HELP = (
    "Chance of a slice this much below all other test windows if it were no worse, after Holm's "
    "correction for all slices shown. No figure: too few groups to tell."
)


def conditions_section(measures: Measures) -> list[Any]:
    """Draw the slices; nothing can be said where the recordings carry no fields."""
    tables = measures.slices
    if not tables:
        words = (
            "The test recordings differ in no field (load, speed, machine), so there is nothing "
            "to compare. Fields are read from file names or columns when data are imported."
        )
        return [card(html.P(words, className="muted"), title="Under which conditions")]
    rows = [row for table in tables for row in table.rows]
    worst = measures.worst_slice
    content = [html.P(worst_words(worst)), _table(rows, worst)] if worst else [_table(rows, None)]
    charts = [chart_card(slice_bars(table)) for table in tables[:MOST_CHARTS]]
    return [
        card(*content, title="Under which conditions",
             help="Test windows only. A field with many numbers is cut into four bands."),
        html.Div(charts, className="grid-2"),
        *_cross_card([table.field for table in tables]),
    ]  # fmt: skip


def worst_words(worst: Slice) -> str:
    """Name the worst slice, and whether it is more than chance."""
    where = f"{worst.field} “{worst.value}”"
    figure = _said(worst.accuracy)
    opening = f"Lowest under {where}: {figure} of {worst.windows} windows"
    if worst.p_holm is None:
        return f"{opening}. There are too few groups to tell whether that is more than chance."
    if worst.p_holm < CLEAR:
        return f"{opening}, clearly below the rest ({_p(worst.p_holm)})."
    return (
        f"{opening}. Some slice is always lowest; this one is within chance ({_p(worst.p_holm)})."
    )


def cross_card(part: Predictions, info: DatasetInfo, first: str, second: str) -> html.Section:
    """Cross two fields."""
    found = cross_table(part, info, first, second)
    return chart_card(cross_heatmap(first, second, *found))


def _cross_card(fields: Sequence[str]) -> list[Any]:
    if len(fields) < 2:
        return []
    choices = [{"value": name, "label": name} for name in fields]
    pickers = [
        dmc.Select(id=ids.CROSS_FIRST, label="Rows", data=choices, value=fields[0], size="xs",
                   allowDeselect=False, w=180),
        dmc.Select(id=ids.CROSS_SECOND, label="Columns", data=choices, value=fields[1], size="xs",
                   allowDeselect=False, w=180),
    ]  # fmt: skip
    return [
        html.Div(
            [html.Div(pickers, className="row metrics-pickers"), html.Div(id=ids.CROSS)],
            className="metrics-cross",
        )
    ]


def _table(rows: Sequence[Slice], worst: Slice | None) -> html.Div:
    heads = ["Field", "Value", "Accuracy", "Macro F1", "Windows", "Recordings", "Groups"]
    cells = [html.Th(name, className="number" if i > 1 else "") for i, name in enumerate(heads)]
    cells.append(html.Th(term("Below the rest", P_HELP), className="number"))
    body = [_row(row, row == worst) for row in rows]
    table = html.Table([html.Thead(html.Tr(cells)), html.Tbody(body)], className="plain")
    return html.Div(
        table,
        className="scroll-x metrics-slices",
        tabIndex=0,
        role="region",
        **{"aria-label": "Figures under each condition"},
    )


def _row(row: Slice, is_worst: bool) -> html.Tr:
    name = [icon("arrow-down-circle"), f" {row.value}"] if is_worst else row.value
    by = f"by resampling {row.units} {row.unit_name}"
    narrow = " (too narrow)" if row.unit_name == "windows" else ""
    return html.Tr(
        [
            html.Td(row.field),
            html.Td(name, title=row.value),
            html.Td(_said(row.accuracy), className="number", title=f"95 % interval {by}{narrow}"),
            html.Td(_said(row.macro_f1), className="number", title=f"95 % interval {by}{narrow}"),
            html.Td(row.windows, className="number"),
            html.Td(row.recordings, className="number"),
            html.Td(row.groups, className="number"),
            html.Td("–" if row.p_holm is None else _p(row.p_holm), className="number"),
        ],
        className="worst-slice" if is_worst else "",
    )


def _said(figure: Interval) -> str:
    return format_interval(figure.value, figure.low, figure.high)


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
