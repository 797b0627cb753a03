"""What the dialogs and orders of the history do."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback, ctx, no_update

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
from dash_app.shell import LOCATION, notify
from storage.entities import StorageError
from storage.stores.experiments import ExperimentStore


@callback(
    Output(ids.EDIT, "opened"),
    Output(ids.EDIT_TITLE, "children"),
    Output(ids.EDIT_NAME, "value"),
    Output(ids.EDIT_NAME, "style"),
    Output(ids.EDIT_NOTE, "value"),
    Output(ids.EDIT_NOTE, "style"),
    Output(ids.EDIT_TAGS, "value"),
    Output(ids.EDIT_TAGS, "data"),
    Output(ids.EDIT_UNTAG, "value"),
    Output(ids.EDIT_UNTAG, "data"),
    Output(ids.EDIT_UNTAG, "style"),
    Output(ids.EDIT_LIMIT, "value"),
    Output(ids.EDIT_LIMIT, "style"),
    Output(ids.EDIT_ERROR, "children"),
    Input(ids.ACTION, "data"),
    prevent_initial_call=True,
)
def open_edit(action: dict[str, Any] | None) -> tuple[Any, ...]:
    """Open the dialog that describes one run, or tags several."""
    if not action or action["kind"] != "edit":
        return (no_update,) * 14
    store = ExperimentStore()
    runs, known = store.several(action["ids"]), store.known_tags()
    hidden: dict[str, str] = {"display": "none"}
    texts: tuple[Any, ...]
    if len(runs) == 1:
        run = runs[0]
        hours = round(run.time_limit_seconds / 3600, 2) if run.time_limit_seconds else ""
        texts = ("Describe", run.name, {}, run.note, {}, run.tags, known)
        return (True, *texts, [], [], hidden, hours, {}, "")
    there = sorted({tag for run in runs for tag in run.tags})
    title = f"Add or take tags of {len(runs)} experiments"
    texts = (title, "", hidden, "", hidden, [], known)
    return (True, *texts, [], there, {} if there else hidden, "", hidden, "")


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
    State(ids.EDIT_UNTAG, "value"),
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
    untagged: list[str] | None,
    version: int,
) -> tuple[Any, ...]:
    """Keep what was written, and draw the rows again."""
    if ctx.triggered_id == ids.EDIT_CANCEL:
        return False, "", no_update
    try:
        written = Described(name or "", note or "", tags or [], limit or "", untagged or ())
        describe(action["ids"], written)
    except (StorageError, ValueError) as error:
        return no_update, str(error), no_update
    return False, "", version + 1


@callback(
    Output(ids.DELETE, "opened", allow_duplicate=True),
    Output(ids.VERSION, "data", allow_duplicate=True),
    Output(ids.UNDO, "data"),
    Input(ids.DELETE_CONFIRM, "n_clicks"),
    Input(ids.DELETE_CANCEL, "n_clicks"),
    State(ids.ACTION, "data"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def confirm_delete(
    _confirm: int, _cancel: int, action: dict[str, Any], version: int
) -> tuple[Any, Any, Any]:
    """Delete what was confirmed, and offer to undo it."""
    if ctx.triggered_id == ids.DELETE_CANCEL:
        return False, no_update, no_update
    deleted, kept = delete_ended(action["ids"])
    if kept:
        notify("warning", f"{len(kept)} kept: {kept[0]}")
    runs = "1 experiment" if len(deleted) == 1 else f"{len(deleted)} experiments"
    undo = {"ids": deleted, "words": f"{runs} deleted."} if deleted else None
    return False, version + 1, undo
