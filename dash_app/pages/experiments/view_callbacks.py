"""What the saved views do; assets/history-views.js tells which button was pressed."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback, ctx, no_update

from dash_app.pages.experiments import ids
from dash_app.pages.experiments.views import LONGEST_QUERY, PAGE, menu
from dash_app.shell import LOCATION, notify
from storage.entities import ConflictError, NotFoundError, StorageError
from storage.stores.saved_views import SavedViewEntity, SavedViewStore

NAMED = ("new", "rename")


@callback(
    Output(ids.VIEWS_LIST, "children"),
    Input(ids.VIEWS, "opened"),
    Input(ids.VIEW_ACTION, "data"),
)
def list_views(_opened: Any, _action: Any) -> Any:
    """List the views when the menu opens."""
    return menu(SavedViewStore().all(PAGE))


@callback(
    Output(ids.VIEW_DIALOG, "opened"),
    Output(ids.VIEW_TITLE, "children"),
    Output(ids.VIEW_NAME, "value"),
    Output(ids.VIEW_DEFAULT, "checked"),
    Output(ids.VIEW_ERROR, "children"),
    Input(ids.VIEW_ACTION, "data"),
    prevent_initial_call=True,
)
def ask_for_name(action: dict[str, Any] | None) -> tuple[Any, ...]:
    """Ask how a view is called."""
    if not action or action["kind"] not in NAMED:
        return (no_update,) * 5
    if action["kind"] == "new":
        return True, "Save as a new view", "", False, ""
    try:
        view = SavedViewStore().get(int(action["view"]))
    except NotFoundError as error:
        notify("warning", str(error))
        return (no_update,) * 5
    return True, "Rename view", view.name, view.is_default, ""


@callback(
    Output(LOCATION, "href", allow_duplicate=True),
    Input(ids.VIEW_ACTION, "data"),
    prevent_initial_call=True,
)
def change_at_once(action: dict[str, Any] | None) -> Any:
    """Keep what is shown under the open view's name, or forget a view."""
    if not action or action["kind"] not in ("update", "delete"):
        return no_update
    store, number = SavedViewStore(), int(action["view"])
    try:
        view = store.get(number)
        if action["kind"] == "delete":
            store.delete(number)
            notify("success", f"The view “{view.name}” is deleted.")
            return no_update
        store.change(number, query=_query(action))
    except StorageError as error:
        notify("warning", str(error))
        return no_update
    notify("success", f"The view “{view.name}” shows this now.")
    return _address(view, action)


@callback(
    Output(ids.VIEW_DIALOG, "opened", allow_duplicate=True),
    Output(ids.VIEW_ERROR, "children", allow_duplicate=True),
    Output(LOCATION, "href", allow_duplicate=True),
    Input(ids.VIEW_SAVE, "n_clicks"),
    Input(ids.VIEW_CANCEL, "n_clicks"),
    Input(ids.VIEW_NAME, "n_submit"),
    State(ids.VIEW_ACTION, "data"),
    State(ids.VIEW_NAME, "value"),
    State(ids.VIEW_DEFAULT, "checked"),
    prevent_initial_call=True,
)
def save_view(
    _save: int,
    _cancel: int,
    _enter: int,
    action: dict[str, Any] | None,
    name: str,
    is_default: bool,
) -> tuple[Any, Any, Any]:
    """Keep a view under its name and open it."""
    if not action or action["kind"] not in NAMED:
        return no_update, no_update, no_update
    if ctx.triggered_id == ids.VIEW_CANCEL:
        return False, "", no_update
    try:
        view = _saved(action, _printable(name or ""), bool(is_default))
    except StorageError as error:
        return no_update, str(error), no_update
    return False, "", _address(view, action)


def _saved(action: dict[str, Any], name: str, is_default: bool) -> SavedViewEntity:
    store = SavedViewStore()
    if action["kind"] == "rename":
        return store.change(int(action["view"]), name=name, is_default=is_default)
    if any(view.name == name for view in store.all(PAGE)):
        raise ConflictError(f"There is a view “{name}” already. Choose another name.")
    view = store.save(PAGE, name, _query(action))
    return store.change(view.id, is_default=True) if is_default else view


def _query(action: dict[str, Any]) -> str:
    return str(action.get("query") or "")[:LONGEST_QUERY]


def _address(view: SavedViewEntity, action: dict[str, Any]) -> str:
    """Open the view; the time makes it another address than the one that is open."""
    return f"/experiments?view={view.id}&opened={int(action['at'])}"


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()
