"""Deleting can be undone: at once by the note that says so, later from the list of deleted runs."""

from __future__ import annotations

from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    no_update,
)

from dash_app.pages.experiments import ids
from dash_app.pages.experiments.actions import bring_back
from dash_app.pages.experiments.dialogs import deleted_list
from dash_app.shell import notify
from storage.entities import ExperimentEntity
from storage.stores.experiments import ExperimentQuery, ExperimentStore

MOST_LISTED = 50

clientside_callback(
    ClientsideFunction("historyUndo", "show"),
    Output(ids.UNDO_BOX, "data-shown"),
    Input(ids.UNDO, "data"),
    prevent_initial_call=True,
)


@callback(
    Output(ids.VERSION, "data", allow_duplicate=True),
    Output(ids.UNDO, "data", allow_duplicate=True),
    Input(ids.UNDO_BUTTON, "n_clicks"),
    State(ids.UNDO, "data"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def undo_delete(_clicks: int, deleted: dict[str, Any] | None, version: int) -> tuple[Any, Any]:
    """Bring back what was deleted last."""
    if not deleted:
        return no_update, no_update
    _bring_back([int(number) for number in deleted["ids"]])
    return version + 1, None


@callback(
    Output(ids.DELETED, "opened"),
    Output(ids.DELETED_LIST, "children"),
    Input(ids.DELETED_OPEN, "n_clicks"),
    prevent_initial_call=True,
)
def open_deleted(_clicks: int) -> tuple[bool, Any]:
    """List what was deleted and can be brought back."""
    return True, deleted_list(deleted_runs())


@callback(
    Output(ids.DELETED_LIST, "children", allow_duplicate=True),
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input({"type": ids.RESTORE, "run": ALL}, "n_clicks"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def restore(clicks: list[int | None], version: int) -> tuple[Any, Any]:
    """Bring one deleted run back."""
    if not any(clicks) or not isinstance(ctx.triggered_id, dict):
        return no_update, no_update
    _bring_back([int(ctx.triggered_id["run"])])
    return deleted_list(deleted_runs()), version + 1


def deleted_runs() -> list[ExperimentEntity]:
    """Give the newest of the deleted runs that can be brought back."""
    query = ExperimentQuery(deleted=True, limit=MOST_LISTED, sort=(("id", True),))
    return list(ExperimentStore().page(query).items)


def _bring_back(numbers: list[int]) -> None:
    back, refused = bring_back(numbers)
    runs = "1 experiment is" if back == 1 else f"{back} experiments are"
    said = f"{runs} back. " if back else ""
    notify("warning" if refused else "success", said + (refused[0] if refused else ""))
