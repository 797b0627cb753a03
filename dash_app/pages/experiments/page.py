"""The history screen: filters, table, bulk actions, dialogs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash
import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import icon, page_header
from dash_app.pages.experiments import ids
from dash_app.pages.experiments.bar import bar
from dash_app.pages.experiments.chooser import chooser
from dash_app.pages.experiments.columns import DEFAULT, Shown, columns, shown_of_address
from dash_app.pages.experiments.dialogs import dialogs, notes, row_menu
from dash_app.pages.experiments.fields import FACTS, STANDARD
from dash_app.pages.experiments.filters import Filters, filters_of_address, sorts_of_address
from dash_app.pages.experiments.views import PAGE, view_dialog, view_of_address
from storage.stores.saved_views import SavedViewEntity, SavedViewStore

EVERY_MS = 3_000
SUMMARY_EVERY_MS = 1_500
BLOCK_ROWS = 50


def register() -> None:
    """Register the screen at "/experiments"."""
    dash.register_page("experiments", path="/experiments", title="Experiments", layout=layout)


def layout(**query: Any) -> html.Div:
    """Give the screen; the address holds everything that is set, or names a saved view."""
    state, view = view_of_address(query)
    filters = filters_of_address(state)
    shown, sorts = shown_of_address(state), sorts_of_address(state)
    start = dcc.Link("New experiment", href="/experiment/new", className="button button-filled")
    return html.Div(
        [
            page_header("Experiments", actions=[_export(), start]),
            *_stores(shown, view, filters),
            bar(state, filters, sorts, view),
            _status_line(),
            html.Div(_grid(shown, sorts), id=ids.GRID_BOX, className="grid-box"),
            html.Div(id=ids.EMPTY),
            _keys(),
            row_menu(),
            chooser(),
            view_dialog(),
            notes(),
            *dialogs(),
        ],
        className="page history",
    )


def _stores(shown: Sequence[Shown], view: SavedViewEntity | None, filters: Filters) -> list[Any]:
    return [
        dcc.Interval(id=ids.TICK, interval=EVERY_MS),
        dcc.Store(id=ids.LIVE),
        dcc.Store(id=ids.VERSION, data=0),
        dcc.Store(id=ids.ACTION),
        dcc.Store(id=ids.TYPED),
        dcc.Store(id=ids.WHERE, data=filters.search),
        dcc.Store(id=ids.COMPLETIONS),
        dcc.Store(id=ids.COLUMNS, data=[item.column for item in shown]),
        dcc.Store(id=ids.OPEN, data=[]),
        dcc.Store(id=ids.VIEW_ACTION),
        dcc.Store(id=ids.UNDO),
        dcc.Store(id=ids.SUMMARY),
        dcc.Interval(id=ids.SUMMARY_TICK, interval=SUMMARY_EVERY_MS, disabled=True),
        html.Div(id="history-facts", hidden=True, **_facts(view)),
    ]


def _facts(view: SavedViewEntity | None) -> dict[str, str]:
    """What the scripts must know: the standard columns and the saved view that is open."""
    return {
        "data-standard": ",".join(STANDARD),
        "data-widths": ",".join(f"{name}:{fact.width}" for name, fact in FACTS.items()),
        "data-view": str(view.id) if view else "",
        "data-query": view.query if view else "",
        "data-default": "1" if SavedViewStore().default(PAGE) else "",
    }


def _export() -> dmc.Menu:
    opener = dmc.Button(
        "Export",
        leftSection=icon("download"),
        rightSection=icon("chevron-down"),
        variant="default",
        attributes={"root": {"title": "All rows under the present filters, with these columns"}},
    )
    items = [
        _export_item(ids.EXPORT, "CSV (spreadsheet)", "csv", "filetype-csv"),
        _export_item(ids.EXPORT_PARQUET, "Parquet (typed)", "parquet", "file-earmark-binary"),
    ]
    return dmc.Popover(
        [dmc.PopoverTarget(opener), dmc.PopoverDropdown(items, className="history-export")],
        position="bottom-end",
        keepMounted=True,
        shadow="md",
        withRoles=False,
    )


def _export_item(component_id: str, words: str, ending: str, symbol: str) -> html.A:
    return html.A(
        [icon(symbol), words],
        id=component_id,
        href=f"/api/experiments.{ending}",
        download=f"experiments.{ending}",
        className="history-export-item",
    )


def _status_line() -> html.Div:
    bulk = html.Div(
        [
            html.Span(id=ids.BULK_COUNT),
            _bulk_button(
                "Compare", ids.BULK_COMPARE, "layout-split", "Lay 2 to 10 runs side by side"
            ),
            dmc.Button(
                "Actions",
                id=ids.BULK_ACTIONS,
                size="xs",
                variant="default",
                rightSection=icon("chevron-down"),
                **{"aria-haspopup": "menu"},
            ),
            _bulk_button(
                "Ensemble …",
                ids.BULK_JOIN,
                "diagram-2",
                "Join 3 to 7 finished runs on the same data and split",
            ),
            _bulk_button(
                "Summary (PDF)",
                ids.BULK_SUMMARY,
                "file-earmark-pdf",
                "One report over 2 to 10 finished runs",
            ),
            dmc.Button("Tags …", id=ids.BULK_TAG, size="xs", variant="default"),
            dmc.Button("Delete …", id=ids.BULK_DELETE, size="xs", variant="default"),
            dmc.Button("Unselect", id=ids.BULK_CLEAR, size="xs", variant="subtle", color="gray"),
        ],
        id=ids.BULK,
        className="history-bulk",
        hidden=True,
    )
    count = html.Span(id=ids.COUNT, role="status", className="muted")
    clear = html.Button("Clear filters", id=ids.CLEAR, className="link-button", hidden=True)
    place = html.Span(id=ids.RANGE, className="muted small history-range")
    deleted = html.Button(
        "Recently deleted", id=ids.DELETED_OPEN, className="link-button history-deleted-link"
    )
    return html.Div(
        [count, clear, bulk, html.Span(className="grow"), place, _jump(), deleted],
        className="history-line",
    )


def _bulk_button(words: str, component_id: str, symbol: str, explained: str) -> dmc.Button:
    return dmc.Button(
        words,
        id=component_id,
        size="xs",
        variant="default",
        disabled=True,
        leftSection=icon(symbol),
        attributes={"root": {"title": explained}},
    )


def _jump() -> html.Label:
    field = dmc.TextInput(
        id=ids.JUMP,
        size="xs",
        w=84,
        placeholder="row",
        attributes={"input": {"inputmode": "numeric", "aria-label": "Go to row"}},
    )
    return html.Label(["Go to", field], className="history-jump muted small")


def _grid(shown: Sequence[Shown], sorts: Sequence[tuple[str, bool]]) -> dag.AgGrid:
    return dag.AgGrid(
        id=ids.GRID,
        rowModelType="infinite",
        columnDefs=columns(shown, sorts),
        defaultColDef=DEFAULT,
        getRowId="params.data.key",
        columnSize=None,
        dashGridOptions={
            "rowHeight": 40,
            "headerHeight": 36,
            "cacheBlockSize": BLOCK_ROWS,
            "maxBlocksInCache": 20,
            "maxConcurrentDatasourceRequests": 1,
            "infiniteInitialRowCount": 1,
            "blockLoadDebounceMillis": 80,
            "suppressCellFocus": False,
            "suppressFieldDotNotation": True,
            "suppressDragLeaveHidesColumns": True,
            "maintainColumnOrder": True,
            "animateRows": False,
            "alwaysMultiSort": False,
            "tooltipShowDelay": 400,
            "rowSelection": {
                "mode": "multiRow",
                "checkboxes": True,
                "headerCheckbox": False,
                "enableClickSelection": False,
                "hideDisabledCheckboxes": True,
                "isRowSelectable": {"function": "!params.data || params.data.kind !== 'group'"},
            },
            "selectionColumnDef": {"pinned": "left", "width": 44, "suppressMovable": True},
        },
        className="ag-theme-quartz grid",
        style={"height": "100%"},
    )


def _keys() -> html.P:
    keys = (
        ("j", "down"),
        ("k", "up"),
        ("x", "select"),
        ("Shift-x", "select up to here"),
        ("Enter", "open"),
        ("m", "menu"),
        ("Shift-click on a heading", "order by several"),
    )
    parts = [html.Span([html.Kbd(key), f" {word}"]) for key, word in keys]
    return html.P(parts, className="history-keys muted small")
