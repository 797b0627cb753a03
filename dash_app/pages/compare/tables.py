"""Tables that the browser draws from plain data.

Dash asks every component at every change of the page; ten runs side by side have thousands of
cells, which made the screen slow. So a table is one component, and assets/compare.js draws it with
real table elements. A cell is a text, or a dict with any of ``text, strong, muted, after, sub,
title, href, mark, bar, chip, pair``, or a list of such, one below the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dash import MATCH, ClientsideFunction, Input, Output, clientside_callback, dcc, html

from integrations.core.evaluation.evaluation import Interval
from integrations.core.figures.chart import OKABE_ITO
from storage.entities import ExperimentEntity

Cell = str | dict[str, Any] | list[Any]
BLACK = len(OKABE_ITO) - 1


@dataclass(frozen=True)
class Column:
    """The head of a column.

    Attributes:
        cell: What it says: a text, or as a cell.
        help: Explains it on hover and on keyboard focus.
        number: Its cells stand at the right.
    """

    cell: Cell
    help: str = ""
    number: bool = False


def drawn_table(
    name: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    label: str,
    class_name: str = "",
) -> html.Div:
    """Give a table; the first cell of each row is its head.

    Args:
        name: Unique on the page.
        columns: Heads.
        rows: Cells.
        label: What the table is, for those who do not see it.
        class_name: Further classes of the box it scrolls in.
    """
    data = {
        "columns": [asdict(column) for column in columns],
        "rows": [list(row) for row in rows],
        "label": label,
    }
    return html.Div(
        [
            dcc.Store(id={"type": "compare-table", "name": name}, data=data),
            html.Div(
                id={"type": "compare-drawn", "name": name},
                className=f"scroll-x {class_name}".strip(),
                tabIndex=0,
                role="region",
                **{"aria-label": label},
            ),
        ]
    )


def run_cell(run: ExperimentEntity, position: int, *, link: bool = False) -> dict[str, Any]:
    """Give a run with its colour, as the head of a row or column."""
    colour = position % len(OKABE_ITO)
    mark = {"colour": None if colour == BLACK else OKABE_ITO[colour],
            "dashed": position >= len(OKABE_ITO)}  # fmt: skip
    cell = {"text": run.name, "title": run.name, "after": f"#{run.id}", "mark": mark}
    screen = "results" if run.accuracy is not None else "monitor"
    return cell | ({"href": f"/experiment/{run.id}/{screen}"} if link else {})


def bar_of(interval: Interval, scale: tuple[float, float]) -> list[float]:
    """Place an interval on a scale: left end, width and point in percent of it."""
    low, high = scale
    width = max(high - low, 1e-9)
    places = [100 * (value - low) / width for value in (interval.low, interval.value)]
    length = max(0.8, 100 * (interval.high - interval.low) / width)
    return [round(places[0], 1), round(length, 1), round(places[1], 1)]


clientside_callback(
    ClientsideFunction("compare", "draw"),
    Output({"type": "compare-drawn", "name": MATCH}, "data-drawn"),
    Input({"type": "compare-table", "name": MATCH}, "data"),
)
