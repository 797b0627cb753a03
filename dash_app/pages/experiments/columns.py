"""The columns of the history; cells are drawn by assets/dashAgGridComponentFunctions.js."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from dash_app.pages.experiments.fields import FACTS, METRIC, STANDARD, known, sortable, title

NUMBER = {"cellClass": "number", "headerClass": "ag-right-aligned-header"}
DEFAULT: dict[str, Any] = {
    "sortable": False,
    "resizable": True,
    "minWidth": 50,
    "suppressHeaderMenuButton": True,
    "cellRenderer": "HistoryText",
}
MOST_COLUMNS = 120
WIDTHS = range(40, 1201)
OTHER_WIDTH = 130
"""Of metrics and settings; assets/history-columns.js knows it too."""
PINS = {"l": "left", "r": "right"}
CARD, MENU = "card", "menu"


class Shown(NamedTuple):
    """A column as the address tells it: width in pixels and the side it sticks to, if any."""

    column: str
    width: int | None = None
    pinned: str | None = None


def shown_of_address(query: Mapping[str, Any]) -> list[Shown]:
    """Read the columns of an address, "name~300~l,status,param:data.overlap~90".

    Returns:
        Columns in their order; the standard ones where the address names none.
    """
    text = query.get("cols")
    parts = text.split(",")[:MOST_COLUMNS] if isinstance(text, str) else []
    found = {item.column: item for part in parts if known((item := _shown(part)).column)}
    if not found:
        return [Shown(name, pinned="left" if name == "name" else None) for name in STANDARD]
    # Without its name a row could not be opened.
    return [*([] if "name" in found else [Shown("name", pinned="left")]), *found.values()]


def columns(shown: Sequence[Shown], sorts: Sequence[tuple[str, bool]] = ()) -> list[dict[str, Any]]:
    """Give the definitions of the shown columns, between the card of a phone and the row menu."""
    order = {name: index for index, (name, _) in enumerate(sorts)}
    descending = dict(sorts)
    defined = []
    for item in shown:
        column = definition(item.column)
        if item.width is not None:
            column["initialWidth"] = item.width
        if item.pinned is not None:
            column["initialPinned"] = item.pinned
        if item.column in order:
            column["initialSort"] = "desc" if descending[item.column] else "asc"
            column["initialSortIndex"] = order[item.column]
        defined.append(column)
    return [_card(), *defined, _menu()]


def definition(column: str) -> dict[str, Any]:
    """Give a column without state: heading, width, drawing."""
    fact = FACTS.get(column)
    is_number = fact.number if fact else column.startswith(METRIC)
    explained = fact.help if fact else column.partition(":")[2]
    return {
        "colId": column,
        "field": column,
        "headerName": title(column),
        "initialWidth": fact.width if fact else OTHER_WIDTH,
        "cellRenderer": fact.renderer if fact else "HistoryText",
        **({"headerTooltip": explained} if explained else {}),
        **({"sortable": True, "sortingOrder": ["desc", "asc"]} if sortable(column) else {}),
        **(NUMBER if is_number else {}),
    }


def _shown(part: str) -> Shown:
    name, width, pin, *_ = [*part.split("~"), "", ""]
    good = width.isascii() and width.isdecimal() and len(width) < 5 and int(width) in WIDTHS
    return Shown(unquote(name), int(width) if good else None, PINS.get(pin))


def _card() -> dict[str, Any]:
    """On a phone this one column takes the place of all others."""
    return {
        "colId": CARD,
        "field": "name",
        "headerName": "Experiment",
        "cellRenderer": "HistoryCard",
        "initialHide": True,
        "cellClass": "cell-card",
        "suppressMovable": True,
    }


def _menu() -> dict[str, Any]:
    return {
        "colId": MENU,
        "field": "menu",
        "headerName": "Actions",
        "initialWidth": 50,
        "initialPinned": "right",
        "lockPinned": True,
        "suppressMovable": True,
        "resizable": False,
        "cellRenderer": "HistoryMenu",
        "cellClass": "cell-actions",
        "headerClass": "header-quiet",
    }
