"""What stands above the table of the history: search, filters, grouping, columns, views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.components import icon
from dash_app.pages.experiments import ids
from dash_app.pages.experiments.fields import FACTS, known
from dash_app.pages.experiments.filters import Filters
from dash_app.pages.experiments.groups import group_choices, group_of_address
from dash_app.pages.experiments.search_box import search_box
from dash_app.pages.experiments.views import views_menu
from integrations.registry import families
from storage.entities import Status
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from storage.stores.saved_views import SavedViewEntity

PHONE_SORTS = ("created_at", "accuracy", "macro_f1", "seconds", "name")


def bar(
    state: Mapping[str, Any],
    filters: Filters,
    sorts: Sequence[tuple[str, bool]],
    view: SavedViewEntity | None,
) -> html.Div:
    """Give search, filters, grouping and buttons as an address set them."""
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
