"""What the storage tab does: show the disk, preview and keep the policy, clean up, export."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from dash import ALL, Input, Output, State, callback, ctx, html, no_update
from pydantic import ValidationError

from dash_app.pages.settings import storage_ids as ids
from dash_app.pages.settings import storage_view as view
from dash_app.shell import notify
from storage.entities import JobEntity, StorageError
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore
from tasks import transfers
from tasks.disk_usage import usage
from tasks.queue import disk_state, enqueue_job
from tasks.retention_plan import Candidate, candidates, plan
from tasks.retention_policy import (
    RetentionPolicy,
    automatic_from,
    keep_policy,
    load_policy,
    order_clean_up,
)

SHOWN_JOBS = 6
KEPT_SECONDS = 20.0
NOT_ALLOWED = "Give whole numbers of days from 0 to 3650, or nothing for “for ever”."
_FORM = [Input(identity, "value") for identity in ids.DAYS.values()]
_FORM_NOW = [State(identity, "value") for identity in ids.DAYS.values()]


@callback(
    Output(ids.DISK, "children"),
    Output(ids.DISK_SEEN, "data"),
    Input(ids.TICK, "n_intervals"),
    State(ids.DISK_SEEN, "data"),
    running=[(Output(ids.TICK, "disabled"), True, False)],
)
def show_disk(_tick: int | None, seen: str | None) -> tuple[Any, Any]:
    """Draw the disk when it looks different."""
    try:
        state = disk_state()
    except OSError:
        return html.P("The data folder cannot be read.", className="form-error"), no_update
    shares = usage()
    looks = repr((round(state.percent, 1), state.level, state.free_bytes // 10**8, shares))
    return (no_update, no_update) if looks == seen else (view.disk_view(state, shares), looks)


@callback(
    Output(ids.PREVIEW, "children"),
    Output(ids.SAVED, "children"),
    *_FORM,
    Input(ids.AUTOMATIC, "checked"),
    Input(ids.VERSION, "data"),
)
def show_preview(*given: Any) -> tuple[Any, Any]:
    """Draw what the days in the form would mean, before they are kept."""
    *days, automatic, version = given
    policy = policy_of(days, automatic=bool(automatic))
    if policy is None:
        return html.P(NOT_ALLOWED, className="form-error"), no_update
    now = datetime.now(UTC)
    start = automatic_from() if policy.automatic else None
    unsaved = "" if policy == load_policy() else "Not saved yet"
    return view.preview(plan(policy, now, _found(version, _age())), now, start), unsaved


@callback(
    Output(ids.VERSION, "data", allow_duplicate=True),
    Output(ids.SAVED, "children", allow_duplicate=True),
    Input(ids.SAVE, "n_clicks"),
    *_FORM_NOW,
    State(ids.AUTOMATIC, "checked"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def save(_clicks: int | None, *given: Any) -> tuple[Any, Any]:
    """Keep the policy; it counts at once, because it was seen."""
    *days, automatic, version = given
    policy = policy_of(days, automatic=bool(automatic))
    if policy is None:
        return no_update, NOT_ALLOWED
    keep_policy(policy)
    notify("success", "Saved. It counts from now on.")
    return version + 1, ""


@callback(
    Output(ids.CLEAN_MODAL, "opened"),
    Output(ids.CLEAN_WHAT, "children"),
    Output(ids.CLEAN_CONFIRM, "disabled"),
    Input(ids.CLEAN, "n_clicks"),
    Input(ids.CLEAN_CANCEL, "n_clicks"),
    *_FORM_NOW,
    prevent_initial_call=True,
)
def ask(_clicks: int | None, _cancel: int | None, *days: Any) -> tuple[Any, Any, Any]:
    """Say what would go, and ask."""
    if ctx.triggered_id == ids.CLEAN_CANCEL:
        return False, no_update, no_update
    policy = policy_of(days, automatic=True)
    if policy is None:
        return True, html.P(NOT_ALLOWED), True
    now = datetime.now(UTC)
    items = plan(policy, now)
    words = view.clean_up_words(items, now)
    if policy.model_copy(update={"automatic": load_policy().automatic}) != load_policy():
        words.append(html.P("The changed days are saved with it.", className="muted"))
    return True, words, not any(item.due <= now for item in items)


@callback(
    Output(ids.CLEAN_MODAL, "opened", allow_duplicate=True),
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input(ids.CLEAN_CONFIRM, "n_clicks"),
    *_FORM_NOW,
    State(ids.AUTOMATIC, "checked"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def clean(_clicks: int | None, *given: Any) -> tuple[Any, Any]:
    """Keep the days and remove what is due."""
    *days, automatic, version = given
    policy = policy_of(days, automatic=bool(automatic))
    if policy is None:
        return no_update, no_update
    if policy != load_policy():
        keep_policy(policy)
    enqueue_job(order_clean_up().id)
    return False, version + 1


@callback(
    Output(ids.WORK, "children"),
    Output(ids.WORK_SEEN, "data"),
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input(ids.TICK, "n_intervals"),
    Input(ids.VERSION, "data"),
    State(ids.WORK_SEEN, "data"),
    prevent_initial_call="initial_duplicate",
)
def show_work(tick: int | None, version: int, seen: list[Any] | None) -> tuple[Any, Any, Any]:
    """Draw the newest work when it changed; what was removed changes the preview too."""
    jobs = JobStore().newest(("export-runs", "import-runs", "retention"), 4 * SHOWN_JOBS)
    told = [job for job in jobs if job.kind != "retention" or tells_something(job)][:SHOWN_JOBS]
    looks = [[job.id, job.status.value] for job in told] + [[(tick or 0) // 15, ""]]
    if looks == seen:
        return no_update, no_update, no_update
    ended = seen is not None and ctx.triggered_id == ids.TICK and looks[:-1] != seen[:-1]
    return view.work_view(told), looks, version + 1 if ended else no_update


@callback(
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input(ids.EXPORT, "n_clicks"),
    State(ids.WITH_DATA, "checked"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def export_all(_clicks: int | None, with_data: bool | None, version: int) -> Any:
    """Have all ended experiments exported."""
    try:
        transfers.order_export(None, with_data=bool(with_data))
    except StorageError as error:
        notify("error", str(error))
    return version + 1


@callback(
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input({"type": "storage-undelete", "run": ALL}, "n_clicks"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def bring_back(clicks: list[int | None], version: int) -> Any:
    """Bring a deleted experiment back."""
    pressed = ctx.triggered_id
    if not any(clicks) or not isinstance(pressed, dict):
        return no_update
    try:
        run = ExperimentStore().undelete(int(pressed["run"]))
        notify("success", f"“{run.name}” is back under Experiments.")
    except StorageError as error:
        notify("error", str(error))
    return version + 1


@lru_cache(maxsize=1)
def _found(_version: int, _age: int) -> list[Candidate]:
    """Look once for the many previews of somebody who tries numbers."""
    return candidates()


def _age() -> int:
    return int(time.monotonic() / KEPT_SECONDS)


def policy_of(days: Sequence[Any], *, automatic: bool) -> RetentionPolicy | None:
    """Read the form; None when a number is not allowed."""
    values = {name: _days(value) for name, value in zip(ids.DAYS, days, strict=True)}
    try:
        return RetentionPolicy(automatic=automatic, **values)
    except ValidationError:
        return None


def tells_something(job: JobEntity) -> bool:
    """Tell whether a clean-up is worth showing: asked for, failed, or it removed something."""
    return bool(job.payload.get("by_hand") or job.error or job.result.get("items"))


def _days(value: Any) -> Any:
    return None if value in ("", None) else value
