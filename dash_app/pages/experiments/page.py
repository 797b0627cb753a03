"""The history screen: filters, table, bulk actions, dialogs."""

from __future__ import annotations

from typing import Any

import dash
import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import icon, page_header
from dash_app.pages.experiments import ids
from dash_app.pages.experiments.columns import DEFAULT, columns
from dash_app.pages.experiments.dialogs import dialogs, row_menu
from dash_app.pages.experiments.filters import Filters, filters_of_address, sort_of_address
from integrations.registry import families
from storage.entities import Status
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore

EVERY_MS = 3_000
BLOCK_ROWS = 50


def register() -> None:
    """Register the screen at "/experiments"."""
    dash.register_page("experiments", path="/experiments", title="Experiments", layout=layout)


def layout(**query: Any) -> html.Div:
    """Give the screen; the address holds search, filters and sort, the rest is ignored."""
    filters = filters_of_address(query)
    start = dcc.Link("New experiment", href="/experiment/new", className="button button-filled")
    return html.Div(
        [
            page_header("Experiments", actions=[_export(), start]),
            dcc.Interval(id=ids.TICK, interval=EVERY_MS),
            dcc.Store(id=ids.LIVE),
            dcc.Store(id=ids.VERSION, data=0),
            dcc.Store(id=ids.ACTION),
            _filter_bar(filters),
            _status_line(),
            html.Div(_grid(*sort_of_address(query)), id=ids.GRID_BOX, className="grid-box"),
            html.Div(id=ids.EMPTY),
            _keys(),
            row_menu(),
            *dialogs(),
        ],
        className="page history",
    )


def _export() -> html.A:
    return html.A(
        [icon("filetype-csv"), "Export CSV"],
        id=ids.EXPORT,
        href="/api/experiments.csv",
        download="experiments.csv",
        className="button button-quiet",
        title="All rows under the present filters",
    )


def _filter_bar(filters: Filters) -> html.Div:
    statuses = [{"value": item.value, "label": item.value.capitalize()} for item in Status]
    kinds = [{"value": item.name, "label": item.title} for item in families().values()]
    data = [{"value": str(item.id), "label": item.name} for item in DatasetStore().all()]
    tags = sorted({*ExperimentStore().known_tags(), *filters.tags})
    numbers = [str(number) for number in filters.dataset_ids]
    search = dmc.TextInput(
        id=ids.SEARCH,
        value=filters.search,
        placeholder="Search name, note, tag, data set",
        leftSection=icon("search"),
        debounce=250,
        className="history-search",
        **{"aria-label": "Search experiments"},
    )
    return html.Div(
        [
            search,
            _choice(ids.STATUS, "Status", statuses, filters.statuses),
            _choice(ids.FAMILY, "Family", kinds, filters.families),
            _choice(ids.DATASET, "Data set", data, numbers),
            _choice(ids.TAG, "Tag", [{"value": tag, "label": tag} for tag in tags], filters.tags),
        ],
        className="history-filters",
    )


def _choice(
    component_id: str, label: str, data: list[dict[str, str]], chosen: Any
) -> dmc.MultiSelect:
    known = {item["value"] for item in data}
    return dmc.MultiSelect(
        id=component_id,
        data=data,
        value=[value for value in chosen if value in known],
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
            dmc.Button(
                "Actions",
                id=ids.BULK_ACTIONS,
                size="xs",
                variant="default",
                rightSection=icon("chevron-down"),
                **{"aria-haspopup": "menu"},
            ),
            dmc.Button(
                "Ensemble …",
                id=ids.BULK_JOIN,
                size="xs",
                variant="default",
                disabled=True,
                leftSection=icon("diagram-2"),
                attributes={
                    "root": {"title": "Join 3 to 7 finished runs on the same data and split"}
                },
            ),
            dmc.Button("Add tags …", id=ids.BULK_TAG, size="xs", variant="default"),
            dmc.Button("Delete …", id=ids.BULK_DELETE, size="xs", variant="default"),
            dmc.Button("Unselect", id=ids.BULK_CLEAR, size="xs", variant="subtle", color="gray"),
        ],
        id=ids.BULK,
        className="history-bulk",
        hidden=True,
    )
    count = html.Span(id=ids.COUNT, role="status", className="muted")
    clear = html.Button("Clear filters", id=ids.CLEAR, className="link-button", hidden=True)
    return html.Div([count, clear, bulk], className="history-line")


def _grid(sort: str, descending: bool) -> dag.AgGrid:
    return dag.AgGrid(
        id=ids.GRID,
        rowModelType="infinite",
        columnDefs=columns(sort, descending),
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
            "animateRows": False,
            "suppressMultiSort": True,
            "rowSelection": {
                "mode": "multiRow",
                "checkboxes": True,
                "headerCheckbox": False,
                "enableClickSelection": False,
            },
            "selectionColumnDef": {"pinned": "left", "width": 44},
        },
        className="ag-theme-quartz grid",
        style={"height": "100%"},
    )


def _keys() -> html.P:
    keys = (("j", "down"), ("k", "up"), ("x", "select"), ("Enter", "open"), ("m", "menu"))
    parts = [html.Span([html.Kbd(key), f" {word}"]) for key, word in keys]
    return html.P(parts, className="history-keys muted small")
