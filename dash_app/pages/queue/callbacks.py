"""What the queue does: look again, move runs, cancel them."""

from __future__ import annotations

from typing import Any
from zlib import crc32

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

from dash_app.pages.queue import ids, view, words
from dash_app.shell import notify
from storage.entities import StorageError
from tasks.queue import look_at_queue, move_experiment, order_experiment

SECTIONS = (ids.SUMMARY, ids.TROUBLE, ids.RUNNING, ids.WAITING, ids.JOBS, ids.WORKERS)


@callback(
    *[Output(section, "children") for section in SECTIONS],
    Output(ids.SEEN, "data"),
    Input(ids.TICK, "n_intervals"),
    Input(ids.ACTION, "data"),
    State(ids.SEEN, "data"),
    running=[(Output(ids.TICK, "disabled"), True, False)],
)
def refresh(
    _ticks: int | None, action: dict[str, Any] | None, seen: list[int] | None
) -> tuple[Any, ...]:
    """Move what was asked for, and draw what looks different."""
    if ctx.triggered_id == ids.ACTION and action:
        _move(action)
        seen = None
    drawn = sections()
    marks = [crc32(repr(part).encode()) for part in drawn]
    before = seen or [0] * len(drawn)
    shown = [
        no_update if mark == old else part
        for part, mark, old in zip(drawn, marks, before, strict=True)
    ]
    return (*shown, no_update if marks == seen else marks)


@callback(
    Output(ids.CANCEL, "opened"),
    Output(ids.ACTION, "data", allow_duplicate=True),
    Input(ids.CANCEL_CONFIRM, "n_clicks"),
    Input(ids.CANCEL_DISMISS, "n_clicks"),
    State(ids.ASKED, "data"),
    prevent_initial_call=True,
)
def confirm_cancel(_confirm: int | None, _dismiss: int | None, run: int | None) -> tuple[Any, Any]:
    """Cancel the run that was asked about."""
    if not ctx.triggered_id or not run:
        raise PreventUpdate
    wanted = ctx.triggered_id == ids.CANCEL_CONFIRM
    return False, {"run": run, "how": "cancel"} if wanted else no_update


clientside_callback(
    ClientsideFunction("queue", "giveFocusBack"),
    Output(ids.WAITING, "data-focus"),
    Input(ids.WAITING, "children"),
)


def sections() -> list[Any]:
    """Draw every part of the screen as it is now."""
    look = look_at_queue()
    return [
        words.summary(look),
        view.trouble_view(look),
        view.running_view(look),
        view.waiting_view(look),
        view.jobs_view(look),
        view.workers_view(look),
    ]


def _move(action: dict[str, Any]) -> None:
    try:
        if action.get("how") == "cancel":
            order_experiment(int(action["run"]), "cancel")
        else:
            move_experiment(int(action["run"]), str(action.get("how")))
    except StorageError as error:
        notify("warning", str(error))
