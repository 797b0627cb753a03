"""The columns of the history; cells are drawn by assets/dashAgGridComponentFunctions.js."""

from __future__ import annotations

from typing import Any

SORTABLE: dict[str, Any] = {"sortable": True, "sortingOrder": ["desc", "asc"]}
NUMBER = {"cellClass": "number", "headerClass": "ag-right-aligned-header"}
DEFAULT: dict[str, Any] = {
    "sortable": False,
    "resizable": True,
    "suppressMovable": True,
    "suppressHeaderMenuButton": True,
    "cellRenderer": "HistoryText",
}


def columns(sort: str, descending: bool) -> list[dict[str, Any]]:
    """Give the column definitions, sorted by one of them."""
    defined = _columns()
    for column in defined:
        if column["field"] == sort:
            column["sort"] = "desc" if descending else "asc"
    return defined


def _columns() -> list[dict[str, Any]]:
    return [
        {
            "field": "name",
            "headerName": "Name",
            "pinned": "left",
            "width": 280,
            "cellRenderer": "HistoryName",
            **SORTABLE,
        },
        _column("status", "Status", 146, "HistoryStatus", **SORTABLE),
        _column("family", "Family", 138, **SORTABLE),
        _column("dataset_name", "Data set", 170, **SORTABLE),
        _column("accuracy", "Accuracy (95 %)", 190, "HistoryScore", **NUMBER, **SORTABLE),
        _column("macro_f1", "Macro-F1", 96, **NUMBER, **SORTABLE),
        _column("curve", "Validation", 110, "HistoryCurve"),
        _column("split", "Split", 190, "HistorySplit"),
        _column("seconds", "Duration", 110, **NUMBER, **SORTABLE),
        _column("created_at", "Created", 110, "HistoryTime", **SORTABLE),
        _column("tags", "Tags", 180, "HistoryTags"),
        _column(
            "menu",
            "Actions",
            50,
            "HistoryMenu",
            pinned="right",
            resizable=False,
            cellClass="cell-actions",
            headerClass="header-quiet",
        ),
    ]


def _column(
    field: str, header: str, width: int, renderer: str = "HistoryText", **more: Any
) -> dict[str, Any]:
    return {
        "field": field,
        "headerName": header,
        "width": width,
        "cellRenderer": renderer,
        **more,
    }
