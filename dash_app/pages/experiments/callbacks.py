"""What the history does: rows for the table, live rows, bulk actions, dialogs."""

from __future__ import annotations

from typing import Any

from dash import (
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    dcc,
    html,
    no_update,
)

from dash_app.components import empty_state, format_count
from dash_app.pages.experiments import ids
from dash_app.pages.experiments.actions import (
    DOING,
    Described,
    act,
    delete_ended,
    describe,
    done_words,
    possible_actions,
    why_not_joined,
)
from dash_app.pages.experiments.dialogs import (
    CONFIRMED,
    files_list,
    what_is_deleted,
    what_is_ordered,
)
from dash_app.pages.experiments.filters import Filters, filters_of, query_of
from dash_app.pages.experiments.rows import table_rows
from dash_app.shell import LOCATION, notify
from storage.entities import Page, Status, StorageError
from storage.stores.experiments import ExperimentQuery, ExperimentStore

FILTERS = (
    (ids.SEARCH, "value"),
    (ids.STATUS, "value"),
    (ids.FAMILY, "value"),
    (ids.DATASET, "value"),
    (ids.TAG, "value"),
)
ACTIVE = (Status.RUNNING, Status.PAUSED, Status.PENDING)
MOST_LIVE = 100

clientside_callback(
    ClientsideFunction("history", "follow"),
    Output(ids.EXPORT, "href"),
    Output(ids.CLEAR, "hidden"),
    [Input(*where) for where in FILTERS],
    Input(ids.GRID, "getRowsRequest"),
    Input(ids.VERSION, "data"),
)
clientside_callback(
    ClientsideFunction("history", "clear"),
    [Output(*where) for where in FILTERS],
    Input(ids.CLEAR, "n_clicks"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("history", "showSelection"),
    Output(ids.BULK, "hidden"),
    Output(ids.BULK_COUNT, "children"),
    Output(ids.BULK_JOIN, "disabled"),
    Input(ids.GRID, "selectedRows"),
)
clientside_callback(
    ClientsideFunction("history", "bulk"),
    Output(ids.ACTION, "data"),
    Input(ids.BULK_TAG, "n_clicks"),
    Input(ids.BULK_DELETE, "n_clicks"),
    Input(ids.BULK_CLEAR, "n_clicks"),
    Input(ids.BULK_JOIN, "n_clicks"),
    State(ids.GRID, "selectedRows"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("history", "applyLive"),
    Output(ids.GRID_BOX, "data-live"),
    Input(ids.LIVE, "data"),
    prevent_initial_call=True,
)


@callback(
    Output(ids.GRID, "getRowsResponse"),
    Output(ids.COUNT, "children"),
    Output(ids.GRID_BOX, "hidden"),
    Output(ids.EMPTY, "children"),
    Input(ids.GRID, "getRowsRequest"),
    [State(*where) for where in FILTERS],
    prevent_initial_call=True,
)
def give_rows(request: dict[str, Any] | None, *inputs: Any) -> tuple[Any, ...]:
    """Answer the table's request for rows."""
    if request is None:
        return no_update, no_update, no_update, no_update
    filters = filters_of(*inputs)
    store = ExperimentStore()
    page = store.page(query_of(filters, request))
    rows = table_rows(page.items, store.curves([run.id for run in page.items]))
    response = {"rowData": rows, "rowCount": page.total}
    return response, count_words(page.total, filters), page.total == 0, emptiness(page, filters)


@callback(
    Output(ids.LIVE, "data"),
    Input(ids.TICK, "n_intervals"),
    State(ids.LIVE, "data"),
    running=[(Output(ids.TICK, "disabled"), True, False)],
    prevent_initial_call=True,
)
def follow_runs(_ticks: int, seen: dict[str, Any] | None) -> Any:
    """Give the rows of runs that are not finished, or have just been, when they look different."""
    store = ExperimentStore()
    active = store.page(ExperimentQuery(statuses=ACTIVE, limit=MOST_LIVE)).items
    numbers = [run.id for run in active]
    ended = [number for number in (seen or {}).get("active", []) if number not in numbers]
    shown = [*active, *store.several(ended)]
    live = {
        "active": numbers,
        "total": sum(store.status_counts().values()),
        "rows": table_rows(shown, store.curves([run.id for run in shown])),
    }
    return no_update if live == seen else live


@callback(
    Output(ids.EDIT, "opened"),
    Output(ids.EDIT_TITLE, "children"),
    Output(ids.EDIT_NAME, "value"),
    Output(ids.EDIT_NAME, "style"),
    Output(ids.EDIT_NOTE, "value"),
    Output(ids.EDIT_NOTE, "style"),
    Output(ids.EDIT_TAGS, "value"),
    Output(ids.EDIT_TAGS, "data"),
    Output(ids.EDIT_LIMIT, "value"),
    Output(ids.EDIT_LIMIT, "style"),
    Output(ids.EDIT_ERROR, "children"),
    Input(ids.ACTION, "data"),
    prevent_initial_call=True,
)
def open_edit(action: dict[str, Any] | None) -> tuple[Any, ...]:
    """Open the dialog that describes one run, or tags several."""
    if not action or action["kind"] != "edit":
        return (no_update,) * 11
    store = ExperimentStore()
    runs, known = store.several(action["ids"]), store.known_tags()
    if len(runs) == 1:
        run = runs[0]
        hours = round(run.time_limit_seconds / 3600, 2) if run.time_limit_seconds else ""
        return True, "Describe", run.name, {}, run.note, {}, run.tags, known, hours, {}, ""
    hidden, title = {"display": "none"}, f"Add tags to {len(runs)} experiments"
    return True, title, "", hidden, "", hidden, [], known, "", hidden, ""


@callback(
    Output(ids.DELETE, "opened"),
    Output(ids.DELETE_WHAT, "children"),
    Output(ids.DELETE_CONFIRM, "disabled"),
    Input(ids.ACTION, "data"),
    prevent_initial_call=True,
)
def open_delete(action: dict[str, Any] | None) -> tuple[Any, ...]:
    """Ask before anything is deleted."""
    if not action or action["kind"] != "delete":
        return no_update, no_update, no_update
    runs = ExperimentStore().several(action["ids"])
    return True, what_is_deleted(runs), not any(run.status.ended for run in runs)


@callback(
    Output(LOCATION, "href", allow_duplicate=True),
    Input(ids.ACTION, "data"),
    prevent_initial_call=True,
)
def join(action: dict[str, Any] | None) -> Any:
    """Open the wizard on an ensemble of the selected runs, or say why they cannot be joined."""
    if not action or action["kind"] != "join":
        return no_update
    runs = ExperimentStore().several(action["ids"])
    reason = why_not_joined(runs)
    if reason:
        notify("warning", reason)
        return no_update
    return "/experiment/new?members=" + ",".join(str(run.id) for run in runs)


@callback(
    Output(LOCATION, "href", allow_duplicate=True),
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input(ids.ACTION, "data"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def act_at_once(action: dict[str, Any] | None, version: int) -> tuple[Any, Any]:
    """Do what needs no question; reports and exports are watched where they stand."""
    if not action or action["kind"] not in DOING or action["kind"] in CONFIRMED:
        return no_update, no_update
    _do(action["kind"], action["ids"])
    if action["kind"] == "report" and len(action["ids"]) == 1:
        return f"/experiment/{int(action['ids'][0])}/results?tab=artifacts", no_update
    if action["kind"] == "export":
        return "/settings?tab=storage", no_update
    return no_update, version + 1


@callback(
    Output(ids.ORDER, "opened"),
    Output(ids.ORDER_TITLE, "children"),
    Output(ids.ORDER_WHAT, "children"),
    Output(ids.ORDER_CONFIRM, "children"),
    Input(ids.ACTION, "data"),
    prevent_initial_call=True,
)
def ask_before_order(action: dict[str, Any] | None) -> tuple[Any, ...]:
    """Ask before runs are ended."""
    if not action or action["kind"] not in CONFIRMED:
        return no_update, no_update, no_update, no_update
    runs = ExperimentStore().several(action["ids"])
    able = [run for run in runs if action["kind"] in possible_actions(run)]
    if not able:
        notify("warning", "The runs have ended meanwhile.")
        return no_update, no_update, no_update, no_update
    return True, *what_is_ordered(action["kind"], able)


@callback(
    Output(ids.ORDER, "opened", allow_duplicate=True),
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input(ids.ORDER_CONFIRM, "n_clicks"),
    Input(ids.ORDER_DISMISS, "n_clicks"),
    State(ids.ACTION, "data"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def confirm_order(
    _confirm: int, _dismiss: int, action: dict[str, Any], version: int
) -> tuple[Any, Any]:
    """Give the order that was confirmed."""
    if ctx.triggered_id == ids.ORDER_DISMISS or action["kind"] not in CONFIRMED:
        return False, no_update
    _do(action["kind"], action["ids"])
    return False, version + 1


def _do(kind: str, numbers: list[int]) -> None:
    done, refused = act(kind, numbers)
    notify("warning" if refused else "success", done_words(kind, done, refused))


@callback(
    Output(ids.FILES, "opened"),
    Output(ids.FILES_LIST, "children"),
    Input(ids.ACTION, "data"),
    prevent_initial_call=True,
)
def open_files(action: dict[str, Any] | None) -> tuple[Any, Any]:
    """List the files of a run for downloading."""
    if not action or action["kind"] != "files":
        return no_update, no_update
    store = ExperimentStore()
    runs = store.several(action["ids"][:1])
    return bool(runs), [files_list(run, store.artifacts(run.id)) for run in runs]


@callback(
    Output(ids.EDIT, "opened", allow_duplicate=True),
    Output(ids.EDIT_ERROR, "children", allow_duplicate=True),
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input(ids.EDIT_SAVE, "n_clicks"),
    Input(ids.EDIT_CANCEL, "n_clicks"),
    State(ids.ACTION, "data"),
    State(ids.EDIT_NAME, "value"),
    State(ids.EDIT_NOTE, "value"),
    State(ids.EDIT_TAGS, "value"),
    State(ids.EDIT_LIMIT, "value"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def save_edit(
    _save: int,
    _cancel: int,
    action: dict[str, Any],
    name: str,
    note: str,
    tags: list[str],
    limit: float | str | None,
    version: int,
) -> tuple[Any, ...]:
    """Keep what was written, and draw the rows again."""
    if ctx.triggered_id == ids.EDIT_CANCEL:
        return False, "", no_update
    try:
        describe(action["ids"], Described(name or "", note or "", tags or [], limit or ""))
    except (StorageError, ValueError) as error:
        return no_update, str(error), no_update
    return False, "", version + 1


@callback(
    Output(ids.DELETE, "opened", allow_duplicate=True),
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input(ids.DELETE_CONFIRM, "n_clicks"),
    Input(ids.DELETE_CANCEL, "n_clicks"),
    State(ids.ACTION, "data"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def confirm_delete(
    _confirm: int, _cancel: int, action: dict[str, Any], version: int
) -> tuple[Any, Any]:
    """Delete what was confirmed."""
    if ctx.triggered_id == ids.DELETE_CANCEL:
        return False, no_update
    deleted, kept = delete_ended(action["ids"])
    words = f"{deleted} deleted." + (f" {len(kept)} kept: {kept[0]}" if kept else "")
    notify("warning" if kept else "success", words)
    return False, version + 1


def count_words(total: int, filters: Filters) -> str:
    """Say how many rows there are under the filters."""
    noun = "experiment" if total == 1 else "experiments"
    return f"{format_count(total)} {noun}" + (" match" if filters.any else "")


def emptiness(page: Page, filters: Filters) -> Any:
    """Fill the place of a table without rows with what to do about it."""
    if page.total:
        return None
    if filters.any:
        return empty_state(
            "funnel", "No experiment matches", "Use fewer filters, or clear them all."
        )
    first = dcc.Link("Make the first one", href="/experiment/new", className="button button-filled")
    return html.Div(
        empty_state(
            "table",
            "No experiments yet",
            "Every run stands here with its settings and results.",
            actions=[first],
        ),
        className="card",
    )
