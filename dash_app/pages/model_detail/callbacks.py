"""What a model's screen does: show it, move versions, describe it."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, no_update
from dash.exceptions import PreventUpdate

from dash_app.pages.model_detail import ids
from dash_app.pages.model_detail.view import model_view, move_words
from dash_app.shell import notify
from storage.entities import StorageError
from storage.stores.model_versions import Stage
from storage.stores.register import RegisterStore

ROLL_BACK = "rollback"

clientside_callback(
    ClientsideFunction("models", "listen"),
    Output(ids.BODY, "data-listens"),
    Input(ids.BODY, "children"),
)


@callback(
    Output(ids.BODY, "children"),
    Input(ids.VERSION, "data"),
    State(ids.MODEL, "data"),
)
def show_model(_changed: int, number: int) -> Any:
    """Draw the model as it is now."""
    store = RegisterStore()
    model = store.get(number)
    runs = [version.experiment_id for version in model.versions]
    return model_view(model, store.changes(number), store.made_from(runs))


@callback(
    Output(ids.MOVE, "opened"),
    Output(ids.MOVE_TITLE, "children"),
    Output(ids.MOVE_WHAT, "children"),
    Output(ids.MOVE_CONFIRM, "children"),
    Output(ids.MOVE_NOTE, "value"),
    Input(ids.ACTION, "data"),
    State(ids.MODEL, "data"),
    prevent_initial_call=True,
)
def ask(action: dict[str, Any] | None, number: int) -> tuple[Any, ...]:
    """Ask before a version moves."""
    if not action:
        raise PreventUpdate
    version, stage = _asked(action)
    return True, *move_words(RegisterStore().get(number), version, stage), ""


@callback(
    Output(ids.MOVE, "opened", allow_duplicate=True),
    Output(ids.VERSION, "data"),
    Input(ids.MOVE_CONFIRM, "n_clicks"),
    State(ids.ACTION, "data"),
    State(ids.MOVE_NOTE, "value"),
    State(ids.MODEL, "data"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def move(
    clicks: int | None, action: dict[str, Any] | None, note: str, number: int, changed: int
) -> tuple[Any, Any]:
    """Move a version, or say why it stays."""
    if not clicks or not action:
        raise PreventUpdate
    version, stage = _asked(action)
    try:
        if version is None:
            RegisterStore().roll_back(number, note or "")
        else:
            RegisterStore().move(number, version, stage, note or "")
    except StorageError as error:
        notify("error", str(error))
    return False, changed + 1


@callback(
    Output(ids.MOVE, "opened", allow_duplicate=True),
    Input(ids.MOVE_CANCEL, "n_clicks"),
    prevent_initial_call=True,
)
def leave(_clicks: int | None) -> bool:
    """Close the question."""
    return False


@callback(
    Output(ids.EDIT, "opened"),
    Output(ids.EDIT_NAME, "value"),
    Output(ids.EDIT_CATEGORY, "value"),
    Output(ids.EDIT_TAGS, "value"),
    Output(ids.EDIT_NOTE, "value"),
    Output(ids.EDIT_ERROR, "children"),
    Input(ids.EDIT_OPEN, "n_clicks"),
    State(ids.MODEL, "data"),
    prevent_initial_call=True,
)
def open_edit(clicks: int | None, number: int) -> tuple[Any, ...]:
    """Open the dialog that describes the model."""
    if not clicks:
        raise PreventUpdate
    model = RegisterStore().get(number)
    return True, model.name, model.category, list(model.tags), model.note, ""


@callback(
    Output(ids.EDIT, "opened", allow_duplicate=True),
    Output(ids.EDIT_ERROR, "children", allow_duplicate=True),
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input(ids.EDIT_SAVE, "n_clicks"),
    State(ids.EDIT_NAME, "value"),
    State(ids.EDIT_CATEGORY, "value"),
    State(ids.EDIT_TAGS, "value"),
    State(ids.EDIT_NOTE, "value"),
    State(ids.MODEL, "data"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def save(
    clicks: int | None,
    name: str,
    category: str,
    tags: list[str],
    note: str,
    number: int,
    changed: int,
) -> tuple[Any, Any, Any]:
    """Keep what was written, or say beside the form why not."""
    if not clicks:
        raise PreventUpdate
    try:
        RegisterStore().describe(number, name=name, category=category, tags=tags, note=note)
    except StorageError as error:
        return no_update, str(error), no_update
    return False, "", changed + 1


@callback(
    Output(ids.EDIT, "opened", allow_duplicate=True),
    Input(ids.EDIT_CANCEL, "n_clicks"),
    prevent_initial_call=True,
)
def close_edit(_clicks: int | None) -> bool:
    """Close without keeping anything."""
    return False


def _asked(action: dict[str, Any]) -> tuple[int | None, Stage]:
    if action["how"] == ROLL_BACK:
        return None, Stage.PRODUCTION
    return int(action["version"]), Stage(action["how"])
