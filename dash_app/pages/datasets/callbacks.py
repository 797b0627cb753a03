"""Keeps the list of data sets current; draws it only when something changed."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback, no_update

from dash_app.pages.datasets import ids, view
from storage.entities import DatasetStatus
from storage.stores.datasets import DatasetStore

BUSY = (DatasetStatus.IMPORTING,)


@callback(
    Output(ids.LIST, "children"),
    Output(ids.LIST, "className"),
    Output(ids.SEEN, "data"),
    Output(ids.TICK, "interval"),
    Input(ids.TICK, "n_intervals"),
    Input(ids.VIEW, "value"),
    Input(ids.SEARCH, "value"),
    State(ids.SEEN, "data"),
    running=[(Output(ids.TICK, "disabled"), True, False)],
)
def show_list(_tick: int | None, shown_as: str, words: str | None, before: Any) -> tuple[Any, ...]:
    """Draw the list when it, the filter or the way of showing it changed."""
    everything = DatasetStore().all()
    items = view.filtered(everything, words or "")
    now = [shown_as, words or "", view.seen(items)]
    busy = not everything or any(entity.status in BUSY for entity in everything)
    interval = 1500 if busy else 4000
    if now == before:
        return no_update, no_update, no_update, interval
    if shown_as == "table":
        return view.table(items), "datasets-table", now, interval
    return view.cards(items, words or ""), "grid-3", now, interval
