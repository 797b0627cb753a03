"""What the register dialog does."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback, no_update
from dash.exceptions import PreventUpdate

from dash_app.pages.experiment_results import ids as results
from dash_app.pages.experiment_results import register_ids as ids
from dash_app.pages.experiment_results.register_dialog import known_words
from dash_app.shell import LOCATION
from storage.entities import StorageError
from storage.stores.register import RegisterStore


@callback(
    Output(ids.DIALOG, "opened"),
    Output(ids.KNOWN, "children"),
    Output(ids.NAME, "value"),
    Output(ids.NAME, "data"),
    Output(ids.ERROR, "children"),
    Input(ids.OPEN, "n_clicks"),
    State(results.RUN, "data"),
    prevent_initial_call=True,
)
def open_dialog(clicks: int | None, experiment_id: int) -> tuple[Any, ...]:
    """Open the dialog with a generated name, or the model that the run's origin belongs to."""
    if not clicks:
        raise PreventUpdate
    store = RegisterStore()
    try:
        name, error = store.suggested_name(experiment_id), ""
    except StorageError as refused:
        name, error = "", str(refused)
    return True, known_words(store.of_experiments([experiment_id])), name, store.names(), error


@callback(
    Output(LOCATION, "href", allow_duplicate=True),
    Output(ids.ERROR, "children", allow_duplicate=True),
    Input(ids.CONFIRM, "n_clicks"),
    State(ids.NAME, "value"),
    State(ids.NOTE, "value"),
    State(ids.TAGS, "value"),
    State(results.RUN, "data"),
    prevent_initial_call=True,
)
def register_model(
    clicks: int | None, name: str | None, note: str | None, tags: list[str] | None, run: int
) -> tuple[Any, Any]:
    """Make the run a version and show its model, or say in the dialog why not."""
    if not clicks:
        raise PreventUpdate
    if not (name or "").strip():
        return no_update, "Enter a name, or choose a model."
    try:
        made = RegisterStore().register(run, (name or "").strip(), note=note or "", tags=tags or [])
    except StorageError as error:
        return no_update, str(error)
    return f"/models/{made.model_id}", ""


@callback(
    Output(ids.DIALOG, "opened", allow_duplicate=True),
    Input(ids.CANCEL, "n_clicks"),
    prevent_initial_call=True,
)
def close_dialog(_clicks: int | None) -> bool:
    """Close without registering."""
    return False
