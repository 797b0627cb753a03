"""``python app.py runs|pause|resume|stop|cancel|retry|clone``: steer runs from a terminal.

The commands speak to the database alone, so they work beside a running bench and without one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from integrations.core.text import duration, percent
from storage.entities import (
    ConflictError,
    ExperimentEntity,
    NotFoundError,
    Status,
    StorageError,
)
from storage.stores.experiments import ExperimentQuery, ExperimentStore
from tasks.bell import bell
from tasks.options import MISSING, OBEYED, REFUSED
from tasks.queue import (
    QueueError,
    clone_experiment,
    look_at_queue,
    order_experiment,
    retry_experiment,
)
from tasks.terminal import complain, say

DOING = {"pause": "pausing", "stop": "stopping", "cancel": "cancelling"}
BELL_SECONDS = 1.0
NAME_WIDTH = 44


@dataclass(frozen=True)
class ListRequest:
    """What ``runs`` was asked for."""

    statuses: tuple[str, ...] = ()
    limit: int = 20
    as_json: bool = False


@dataclass(frozen=True)
class ListedRun:
    """A line of the list; what nobody can tell is None."""

    id: int
    status: str
    control: str
    progress: float
    priority: int
    position: int | None
    starts_in_seconds: float | None
    remaining_seconds: float | None
    accuracy: float | None
    name: str


def list_runs(request: ListRequest) -> int:
    """Print the newest experiments; gives the exit code."""
    query = ExperimentQuery(statuses=request.statuses, limit=request.limit)
    page = ExperimentStore().page(query)
    rows = _listed(page.items)
    if request.as_json:
        say(json.dumps({"items": [asdict(row) for row in rows], "total": page.total}, indent=1))
        return OBEYED
    say(f"{'ID':>6}  {'STATUS':<11} {'DONE':>5}  {'WHEN':<24} {'ACCURACY':>8}  NAME")
    for row in rows:
        say(_line(row))
    if page.total > len(rows):
        say(f"{len(rows)} of {page.total}; --limit shows more.")
    return OBEYED


def _listed(runs: Sequence[ExperimentEntity]) -> list[ListedRun]:
    look = look_at_queue()
    running = {line.run.id: line for line in look.running}
    waiting = {line.run.id: line for line in look.waiting}
    found = []
    for run in runs:
        trained, waits = running.get(run.id), waiting.get(run.id)
        found.append(
            ListedRun(
                id=run.id,
                status=run.status.value,
                control=run.control,
                progress=round(trained.fraction if trained else run.progress, 4),
                priority=run.priority,
                position=waits.position if waits else None,
                starts_in_seconds=waits.starts_in_seconds if waits else None,
                remaining_seconds=trained.remaining_seconds if trained else None,
                accuracy=run.accuracy,
                name=run.name,
            )
        )
    return found


def order_runs(order: str, ids: Sequence[int]) -> int:
    """Give each experiment an order; gives the exit code."""
    act = _action(order)
    codes = [_attempt(act, number) for number in ids]
    bell().flush(BELL_SECONDS)
    return max(codes, default=OBEYED)


def _action(order: str) -> Callable[[int], str]:
    if order == "clone":
        return _clone
    if order == "retry":
        return lambda number: _retried(retry_experiment(number))
    return lambda number: _ordered(order_experiment(number, order))


def _attempt(act: Callable[[int], str], number: int) -> int:
    try:
        say(act(number))
    except NotFoundError as error:
        complain(str(error))
        return MISSING
    except (ConflictError, QueueError, StorageError) as error:
        complain(str(error))
        return REFUSED
    return OBEYED


def _clone(number: int) -> str:
    made = clone_experiment(number)
    return f"{made.id}  {made.name}: pending, a copy of {number}"


def _ordered(run: ExperimentEntity) -> str:
    return f"{run.id}  {run.name}: {DOING.get(run.control, run.status.value)}"


def _retried(run: ExperimentEntity) -> str:
    return f"{run.id}  {run.name}: pending"


def _line(row: ListedRun) -> str:
    name = row.name if len(row.name) <= NAME_WIDTH else row.name[: NAME_WIDTH - 1] + "…"
    status = DOING.get(row.control, row.status) if row.status == Status.RUNNING else row.status
    done = f"{100 * row.progress:.0f} %"
    when, score = _when(row), percent(row.accuracy)
    return f"{row.id:>6}  {status:<11} {done:>5}  {when:<24} {score:>8}  {name}"


def _when(row: ListedRun) -> str:
    if row.remaining_seconds is not None:
        return f"about {duration(row.remaining_seconds)} left"
    if row.position is None:
        return ""
    if row.starts_in_seconds is None:
        return f"number {row.position} in the queue"
    return f"number {row.position}, in {duration(row.starts_in_seconds)}"
