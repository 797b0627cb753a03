"""What the history does: rows for the table, live rows, and its scripts' inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, no_update

from dash_app.pages.experiments import (  # noqa: F401 - their callbacks belong to this screen
    chooser_callbacks,
    dialog_callbacks,
    ids,
    summary_callbacks,
    undo_callbacks,
    view_callbacks,
)
from dash_app.pages.experiments.columns import MOST_COLUMNS
from dash_app.pages.experiments.filters import filters_of, query_of
from dash_app.pages.experiments.groups import checked, group_choices
from dash_app.pages.experiments.rows import table_rows
from dash_app.pages.experiments.search_box import error_words
from dash_app.pages.experiments.state import FILTERS, SHAPE
from dash_app.pages.experiments.table import (
    Answer,
    answer,
    beside,
    count_words,
    emptiness,
    grouped_answer,
)
from storage.entities import Status
from storage.search import SearchError
from storage.stores.experiments import ExperimentQuery, ExperimentStore

ACTIVE = (Status.RUNNING, Status.PAUSED, Status.PENDING)
MOST_LIVE = 100
MOST_OPEN = 200

clientside_callback(
    ClientsideFunction("history", "follow"),
    Output(ids.EXPORT, "href"),
    Output(ids.EXPORT_PARQUET, "href"),
    Output(ids.CLEAR, "hidden"),
    [Input(*where) for where in FILTERS],
    [Input(*where) for where in SHAPE],
    Input(ids.GRID, "getRowsRequest"),
    Input(ids.VERSION, "data"),
)
clientside_callback(
    ClientsideFunction("history", "clear"),
    [Output(*where) for where in FILTERS],
    Output(ids.SEARCH, "value"),
    Output(ids.SEARCH_ERROR, "children", allow_duplicate=True),
    Input(ids.CLEAR, "n_clicks"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("history", "showSelection"),
    Output(ids.BULK, "hidden"),
    Output(ids.BULK_COUNT, "children"),
    Output(ids.BULK_JOIN, "disabled"),
    Output(ids.BULK_COMPARE, "disabled"),
    Output(ids.BULK_SUMMARY, "disabled"),
    Input(ids.GRID, "selectedRows"),
)
clientside_callback(
    ClientsideFunction("history", "bulk"),
    Output(ids.ACTION, "data"),
    Input(ids.BULK_TAG, "n_clicks"),
    Input(ids.BULK_DELETE, "n_clicks"),
    Input(ids.BULK_CLEAR, "n_clicks"),
    Input(ids.BULK_JOIN, "n_clicks"),
    Input(ids.BULK_COMPARE, "n_clicks"),
    Input(ids.BULK_SUMMARY, "n_clicks"),
    State(ids.GRID, "selectedRows"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("history", "applyLive"),
    Output(ids.GRID_BOX, "data-live"),
    Input(ids.LIVE, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("historySearch", "draw"),
    Output(ids.SEARCH_LIST, "data-for"),
    Input(ids.COMPLETIONS, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("history", "sortOnPhone"),
    Output(ids.SORT, "data-done"),
    Input(ids.SORT, "value"),
    prevent_initial_call=True,
)


@callback(
    Output(ids.GRID, "getRowsResponse"),
    Output(ids.COUNT, "children"),
    Output(ids.GRID_BOX, "hidden"),
    Output(ids.EMPTY, "children"),
    Input(ids.GRID, "getRowsRequest"),
    [State(*where) for where in FILTERS],
    [State(*where) for where in SHAPE],
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def give_rows(request: dict[str, Any] | None, *given: Any) -> tuple[Any, ...]:
    """Answer the table's request for rows."""
    if request is None:
        return no_update, no_update, no_update, no_update
    inputs, shape = given[: len(FILTERS)], given[len(FILTERS) :]
    filters, by = filters_of(*inputs), checked(shape[1])
    try:
        found = _found(replace(query_of(filters, request), folded=bool(shape[3])), by, shape)
    except SearchError as error:
        # An address may hold a search that nobody typed here.
        words = f"The search cannot be understood. {error}"
        return {"rowData": [], "rowCount": 0}, words, False, None
    response = {"rowData": found.rows, "rowCount": found.length}
    words = count_words(found, filters, by, folded=bool(shape[3]))
    return response, words, found.runs == 0, emptiness(found.runs, filters)


def _found(query: ExperimentQuery, by: str, shape: Sequence[Any]) -> Answer:
    columns = [str(column) for column in (shape[0] or [])[:MOST_COLUMNS]]
    if not by:
        return answer(query, columns)
    opened = [str(key) for key in (shape[2] or [])[:MOST_OPEN]]
    return grouped_answer(query, by, opened, columns, shape[-1])


@callback(
    Output(ids.COMPLETIONS, "data"),
    Output(ids.SEARCH_ERROR, "children"),
    Output(ids.WHERE, "data"),
    Input(ids.TYPED, "data"),
    State(ids.WHERE, "data"),
    prevent_initial_call=True,
)
def look_at_search(typed: dict[str, Any] | None, where: str) -> tuple[Any, Any, Any]:
    """Offer completions, say what is wrong, and search anew when nothing is."""
    if typed is None:
        return no_update, no_update, no_update
    written = str(typed.get("text") or "")
    text = filters_of(written, (), (), (), ()).search
    store = ExperimentStore()
    offered = asdict(store.completions(written, int(typed.get("position") or 0)))
    try:
        store.check_search(written)
    except SearchError as error:
        # What a completion began is not wrong yet.
        words = [] if typed.get("draft") else error_words(written, error)
        return offered, words, no_update
    if typed.get("draft"):
        return offered, [], no_update
    return offered, [], no_update if text == where else text


@callback(Output(ids.GROUP, "data"), Input(ids.GROUP, "id"), State(ids.GROUP, "value"))
def offer_groups(_shown: str, by: str | None) -> list[dict[str, Any]]:
    """Offer every setting that runs have to group by."""
    params = ExperimentStore().known_columns().params
    chosen = checked(by).partition(":")[2]
    return group_choices(sorted({*params, *([chosen] if chosen else [])}))


@callback(
    Output(ids.LIVE, "data"),
    Input(ids.TICK, "n_intervals"),
    State(ids.LIVE, "data"),
    State(ids.COLUMNS, "data"),
    running=[(Output(ids.TICK, "disabled"), True, False)],
    prevent_initial_call=True,
)
def follow_runs(_ticks: int, seen: dict[str, Any] | None, columns: list[str] | None) -> Any:
    """Give the rows of runs that are not finished, or have just been, when they look different."""
    store = ExperimentStore()
    active = store.page(ExperimentQuery(statuses=ACTIVE, limit=MOST_LIVE)).items
    numbers = [run.id for run in active]
    ended = [number for number in (seen or {}).get("active", []) if number not in numbers]
    shown = [*active, *store.several(ended)]
    live = {
        "active": numbers,
        "total": sum(store.status_counts().values()),
        "rows": table_rows(shown, beside(shown, columns or [])),
    }
    return no_update if live == seen else live
