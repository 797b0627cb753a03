"""What the monitor does: poll, obey the buttons, and hand the live parts to the browser."""

from __future__ import annotations

import time
from typing import Any

from dash import (
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    no_update,
)
from dash.exceptions import PreventUpdate

from dash_app.pages.experiment_monitor import ids
from dash_app.pages.experiment_monitor.refresh import FOR_EVER, actions_class, chip_of, refresh
from dash_app.shell import notify
from storage.entities import ExperimentEntity, NotFoundError, StorageError
from storage.stores.experiments import ExperimentStore
from tasks.queue import QueueError, order_experiment, retry_experiment

ORDERS = {
    ids.PAUSE: "pause",
    ids.RESUME: "resume",
    ids.STOP_CONFIRM: "stop",
    ids.CANCEL_CONFIRM: "cancel",
    ids.RETRY: "retry",
}


@callback(
    output={
        "chip": Output(ids.CHIP, "children"),
        "actions": Output(ids.ACTIONS, "className"),
        "notice": Output(ids.NOTICE, "children"),
        "answer": Output(ids.ANSWER, "children"),
        "metrics": Output(ids.METRICS, "children"),
        "system": Output(ids.SYSTEM, "children"),
        "events": Output(ids.EVENTS, "children"),
        "body": Output(ids.BODY, "className"),
        "charts": Output(ids.CHARTS, "className"),
        "loss_figure": Output(ids.LOSS_GRAPH, "figure"),
        "score_figure": Output(ids.SCORE_GRAPH, "figure"),
        "loss_more": Output(ids.LOSS_GRAPH, "extendData"),
        "score_more": Output(ids.SCORE_GRAPH, "extendData"),
        "cursor": Output(ids.CURSOR, "data"),
        "interval": Output(ids.POLL, "interval"),
        "limit": Output(ids.POLL, "max_intervals"),
    },
    inputs={"_ticks": Input(ids.POLL, "n_intervals"), "_nudge": Input(ids.NUDGE, "data")},
    state={"run": State(ids.RUN, "data"), "cursor": State(ids.CURSOR, "data")},
    # A poll slower than its interval would otherwise never show.
    running=[(Output(ids.POLL, "disabled"), True, False)],
)
def poll(
    _ticks: int | None, _nudge: float | None, run: dict[str, Any], cursor: dict[str, Any] | None
) -> dict[str, Any]:
    """Show what is new."""
    return refresh(run["id"], cursor or {})


@callback(
    Output(ids.NUDGE, "data", allow_duplicate=True),
    Output(ids.POLL, "max_intervals", allow_duplicate=True),
    Output(ids.RUN, "data", allow_duplicate=True),
    Output(ids.CHIP, "children", allow_duplicate=True),
    Output(ids.ACTIONS, "className", allow_duplicate=True),
    *[Input(button, "n_clicks") for button in ORDERS],
    State(ids.RUN, "data"),
    prevent_initial_call=True,
)
def order(*arguments: Any) -> tuple[float, int, Any, Any, Any]:
    """Pass an order on and look at once; what the browser showed in advance is put right."""
    *clicks, run = arguments
    if not any(clicks) or ctx.triggered_id not in ORDERS:
        raise PreventUpdate
    wanted = ORDERS[ctx.triggered_id]
    entity = _give(run["id"], wanted)
    # A retried run streams its log anew.
    renewed = {**run, "attempt": time.time()} if wanted == "retry" else no_update
    shown = (no_update, no_update) if entity is None else (chip_of(entity), actions_class(entity))
    return time.time(), FOR_EVER, renewed, *shown


def _give(experiment_id: int, wanted: str) -> ExperimentEntity | None:
    try:
        if wanted == "retry":
            return retry_experiment(experiment_id)
        return order_experiment(experiment_id, wanted)
    except (StorageError, QueueError) as error:
        notify("warning", str(error))
    try:
        return ExperimentStore().get(experiment_id)
    except NotFoundError:
        return None


clientside_callback(
    ClientsideFunction("monitor", "acknowledge"),
    Output(ids.ACTIONS, "className", allow_duplicate=True),
    Output(ids.CHIP, "children", allow_duplicate=True),
    *[Input(button, "n_clicks") for button in ORDERS],
    prevent_initial_call=True,
)

for _modal, _openers in (
    (ids.STOP_MODAL, (ids.STOP, ids.STOP_DISMISS, ids.STOP_CONFIRM)),
    (ids.CANCEL_MODAL, (ids.CANCEL, ids.CANCEL_DISMISS, ids.CANCEL_CONFIRM)),
):
    clientside_callback(
        ClientsideFunction("monitor", "toggleModal"),
        Output(_modal, "opened"),
        *[Input(button, "n_clicks") for button in _openers],
        prevent_initial_call=True,
    )

clientside_callback(
    ClientsideFunction("monitor", "openStream"),
    Output(ids.LOG_STATE, "children"),
    Input(ids.RUN, "data"),
)
clientside_callback(
    ClientsideFunction("monitor", "setLive"),
    Output(ids.POLL, "max_intervals", allow_duplicate=True),
    Input(ids.LIVE, "checked"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("log", "setView"),
    Output(ids.LOG, "data-level"),
    Input(ids.LOG_LEVEL, "value"),
    Input(ids.FOLLOW, "checked"),
)
clientside_callback(
    ClientsideFunction("monitor", "styleCurves"),
    Output(ids.CHARTS, "data-style"),
    Input(ids.LOG_SCALE, "checked"),
    Input(ids.SMOOTH, "checked"),
    Input(ids.LOSS_GRAPH, "figure"),
    Input(ids.SCORE_GRAPH, "figure"),
)
clientside_callback(
    ClientsideFunction("log", "search"),
    Output(ids.LOG_COUNT, "children"),
    Input(ids.LOG_SEARCH, "value"),
    Input(ids.LOG_NEXT, "n_clicks"),
    Input(ids.LOG_PREVIOUS, "n_clicks"),
)
