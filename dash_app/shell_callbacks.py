"""What the frame does: breadcrumb, running jobs, banners, search, rail and drawer."""

from __future__ import annotations

from typing import Any

import redis
from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, no_update

from dash_app import shell
from dash_app.shell_views import Jobs, breadcrumb, health_banners, jobs_pill, search_results
from storage import progress
from storage.entities import NotFoundError, Status
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentQuery, ExperimentStore
from storage.stores.studies import StudyStore
from tasks import queue

MOST_RESULTS = 6
LONGEST_SEARCH = 200
RAIL = shell.RAIL + shell.RAIL_BOTTOM
SEVERITY = {"warning": "warning", "problem": "down"}

clientside_callback(
    ClientsideFunction("shell", "markCurrent"),
    [Output(shell.rail_id(href), "active") for _, _, href in RAIL],
    Input(shell.LOCATION, "pathname"),
    [State(shell.rail_id(href), "href") for _, _, href in RAIL],
)
clientside_callback(
    ClientsideFunction("shell", "closeOverlays"),
    Output(shell.BURGER, "opened"),
    Output(shell.SEARCH, "opened"),
    Input(shell.LOCATION, "href"),
)
clientside_callback(
    ClientsideFunction("shell", "openSearch"),
    Output(shell.SEARCH, "opened", allow_duplicate=True),
    Output(shell.SEARCH_TEXT, "value"),
    Input(shell.SEARCH_OPEN, "n_clicks"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("shell", "foldRail"),
    Output(shell.RAIL_STATE, "data"),
    Input(shell.RAIL_FOLD, "n_clicks"),
    State(shell.RAIL_STATE, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("shell", "arrange"),
    Output(shell.FRAME, "navbar"),
    Input(shell.BURGER, "opened"),
    Input(shell.RAIL_STATE, "data"),
)

clientside_callback(
    ClientsideFunction("bell", "begin"),
    Output(shell.BELL_COUNT, "title"),
    Input(shell.BELL, "id"),
)
clientside_callback(
    ClientsideFunction("bell", "setBrowser"),
    Output(shell.BELL_BROWSER, "description"),
    Input(shell.BELL_BROWSER, "checked"),
)


@callback(Output(shell.CRUMBS, "children"), Input(shell.LOCATION, "pathname"))
def show_breadcrumb(path: str | None) -> list[Any]:
    """Say where we are."""
    return breadcrumb(path or "/", name_of(path or "/"))


@callback(
    Output(shell.JOBS, "children"),
    Output(shell.JOBS_SEEN, "data"),
    Input(shell.JOBS_TICK, "n_intervals"),
    Input(shell.LOCATION, "pathname"),
    State(shell.JOBS_SEEN, "data"),
    running=[(Output(shell.JOBS_TICK, "disabled"), True, False)],
)
def show_jobs(_ticks: int, _path: str, seen: list[int] | None) -> tuple[Any, Any]:
    """Draw the pill of running jobs again when it would look different."""
    jobs = current_jobs()
    if jobs.signature == seen:
        return no_update, no_update
    return jobs_pill(jobs), jobs.signature


@callback(
    Output(shell.BANNER, "children"),
    Input(shell.HEALTH_TICK, "n_intervals"),
    State(shell.BANNER, "children"),
    running=[(Output(shell.HEALTH_TICK, "disabled"), True, False)],
)
def show_health(_ticks: int, shown: list[Any] | None) -> Any:
    """Say across the page when a part of the bench does not work."""
    checks = queue.health().checks.values()
    troubles = dict.fromkeys(
        (SEVERITY[check.status], check.message) for check in checks if check.status in SEVERITY
    )
    return health_banners(list(troubles)) if troubles or shown else no_update


@callback(
    Output(shell.SEARCH_RESULTS, "children"),
    Output(shell.SEARCH_RESULTS, "data-for"),
    Input(shell.SEARCH_TEXT, "value"),
    Input(shell.SEARCH, "opened"),
    prevent_initial_call=True,
)
def show_search_results(text: str | None, opened: bool) -> tuple[Any, Any]:
    """List what the search finds while it is open, and for which text."""
    return (found_by(text or ""), text or "") if opened else (no_update, no_update)


def found_by(text: str) -> list[Any]:
    """Search experiments, data sets and pages."""
    wanted = text.strip().replace("\0", "")[:LONGEST_SEARCH]
    page = ExperimentStore().page(ExperimentQuery(search=wanted, limit=MOST_RESULTS))
    datasets = [
        item for item in DatasetStore().all() if wanted and wanted.lower() in item.name.lower()
    ]
    return search_results(wanted, page.items, datasets[:MOST_RESULTS])


def current_jobs() -> Jobs:
    """Count what runs and waits, with the live progress where Redis has it."""
    store = ExperimentStore()
    counts = store.status_counts()
    n_running, n_waiting = counts.get(Status.RUNNING, 0), counts.get(Status.PENDING, 0)
    if not n_running:
        return Jobs(0, n_waiting)
    running = store.page(ExperimentQuery(statuses=(Status.RUNNING,), limit=20)).items
    fractions = [live_fraction(item.task_id, item.progress) for item in running]
    only = running[0].id if n_running == 1 and running else None
    return Jobs(n_running, n_waiting, sum(fractions) / max(1, len(fractions)), only)


def live_fraction(task_id: str, durable: float) -> float:
    """Give a run's live progress, or the durable one when Redis does not have it."""
    try:
        found = progress.read(task_id, since=1_000_000).snapshot.get("progress")
    except (redis.RedisError, OSError):
        return durable
    return min(1.0, max(0.0, float(found))) if isinstance(found, int | float) else durable


def name_of(path: str) -> str | None:
    """Give the name of the experiment or data set that a path is about."""
    numbers = [part for part in path.split("/") if part.isascii() and part.isdecimal()]
    if not numbers or len(numbers[0]) > 18:
        return None
    try:
        if path.startswith("/datasets/"):
            return DatasetStore().get(int(numbers[0])).name
        if path.startswith("/study/"):
            return StudyStore().get(int(numbers[0])).name
        return ExperimentStore().get(int(numbers[0])).name
    except NotFoundError:
        return None
