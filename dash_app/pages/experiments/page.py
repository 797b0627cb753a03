"""The history screen: filters, table, bulk actions, dialogs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import dash
import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import icon, page_header
from dash_app.pages.experiments import ids
from dash_app.pages.experiments.chooser import chooser
from dash_app.pages.experiments.columns import DEFAULT, Shown, columns, shown_of_address
from dash_app.pages.experiments.dialogs import dialogs, notes, row_menu
from dash_app.pages.experiments.fields import FACTS, STANDARD, known
from dash_app.pages.experiments.filters import Filters, filters_of_address, sorts_of_address
from dash_app.pages.experiments.groups import group_choices, group_of_address
from dash_app.pages.experiments.search_box import search_box
from dash_app.pages.experiments.views import PAGE, view_dialog, view_of_address, views_menu
from integrations.registry import families
from storage.entities import Status
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from storage.stores.saved_views import SavedViewEntity, SavedViewStore

EVERY_MS = 3_000
SUMMARY_EVERY_MS = 1_500
BLOCK_ROWS = 50
PHONE_SORTS = ("created_at", "accuracy", "macro_f1", "seconds", "name")


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
            _bar(state, filters, sorts, view),
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


def _bar(
    state: Mapping[str, Any],
    filters: Filters,
    sorts: Sequence[tuple[str, bool]],
    view: SavedViewEntity | None,
) -> html.Div:
    toggle = dmc.Button(
        "Filters",
        id=ids.FILTERS_TOGGLE,
        leftSection=icon("funnel"),
        variant="default",
        size="sm",
        **{"aria-expanded": "false", "aria-controls": "history-filters"},
    )
    pick = dmc.Button(
        "Columns",
        id=ids.COLUMNS_OPEN,
        leftSection=icon("layout-three-columns"),
        variant="default",
        size="sm",
        className="history-wide-only",
    )
    buttons = [toggle, _sort_choice(sorts), pick, views_menu(view)]
    tools = html.Div(buttons, className="history-tools")
    first = html.Div([search_box(filters.search), tools], className="history-first")
    return html.Div([first, _filter_bar(state, filters)])


def _filter_bar(state: Mapping[str, Any], filters: Filters) -> html.Div:
    statuses = [{"value": item.value, "label": item.value.capitalize()} for item in Status]
    kinds = [{"value": item.name, "label": item.title} for item in families().values()]
    data = [{"value": str(item.id), "label": item.name} for item in DatasetStore().all()]
    tags = sorted({*ExperimentStore().known_tags(), *filters.tags})
    numbers = [str(number) for number in filters.dataset_ids]
    return html.Div(
        [
            _choice(ids.STATUS, "Status", statuses, filters.statuses),
            _choice(ids.FAMILY, "Family", kinds, filters.families),
            _choice(ids.DATASET, "Data set", data, numbers),
            _choice(ids.TAG, "Tag", [{"value": tag, "label": tag} for tag in tags], filters.tags),
            _dates(filters),
            _grouping(state),
            dmc.Switch(
                id=ids.FOLD,
                label="Fold repeats",
                checked=state.get("fold") == "1",
                size="sm",
                className="history-fold",
                attributes={
                    "root": {"title": "One row for runs that differ only in their seed: mean ± sd"}
                },
            ),
        ],
        id="history-filters",
        className="history-filters",
    )


def _dates(filters: Filters) -> dmc.DatePickerInput:
    today = date.today()
    presets = [
        {"value": [str(today - timedelta(days=back)), str(today)], "label": words}
        for words, back in (("Today", 0), ("7 days", 6), ("30 days", 29), ("365 days", 364))
    ]
    chosen = [str(day) if day else None for day in (filters.since, filters.until)]
    return dmc.DatePickerInput(
        id=ids.DATES,
        type="range",
        value=chosen if any(chosen) else [None, None],
        presets=presets,
        valueFormat="D MMM YYYY",
        placeholder="Created on",
        allowSingleDateInRange=True,
        clearable=True,
        className="history-choice history-dates",
        **{"aria-label": "Filter by the days of creation"},
    )


def _grouping(state: Mapping[str, Any]) -> dmc.Select:
    by = group_of_address(state)
    return dmc.Select(
        id=ids.GROUP,
        data=group_choices(() if not by.startswith("param:") else (by.removeprefix("param:"),)),
        value=by or None,
        placeholder="Group by",
        searchable=True,
        clearable=True,
        nothingFoundMessage="None of that name",
        comboboxProps={"width": 260, "position": "bottom-start"},
        leftSection=icon("collection"),
        className="history-choice",
        **{"aria-label": "Group by"},
    )


def _sort_choice(sorts: Sequence[tuple[str, bool]]) -> dmc.Select:
    column, descending = sorts[0]
    names = dict.fromkeys((*PHONE_SORTS, *([column] if known(column) else [])))
    data = [
        {"value": f"{name} {way}", "label": f"{FACTS[name].title} {arrow}"}
        for name in names
        if name in FACTS
        for way, arrow in (("desc", "↓"), ("asc", "↑"))
    ]
    return dmc.Select(
        id=ids.SORT,
        data=data,
        value=f"{column} {'desc' if descending else 'asc'}",
        allowDeselect=False,
        size="sm",
        className="history-phone-only",
        **{"aria-label": "Order"},
    )


def _choice(
    component_id: str, label: str, data: list[dict[str, str]], chosen: Any
) -> dmc.MultiSelect:
    known_values = {item["value"] for item in data}
    return dmc.MultiSelect(
        id=component_id,
        data=data,
        value=[value for value in chosen if value in known_values],
        placeholder=label,
        searchable=True,
        clearable=True,
        nothingFoundMessage="None of that name",
        comboboxProps={"width": 260, "position": "bottom-start"},
        className="history-choice",
        **{"aria-label": f"Filter by {label.lower()}"},
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
