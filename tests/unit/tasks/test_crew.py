"""What the health check says of workers and runs."""

from __future__ import annotations

from typing import Any

import pytest

from storage.stores.observations import Backlog
from storage.stores.workers import WorkerEntity
from tasks.crew import judge_runs, judge_workers


def worker(name: str = "a:1", silent: float = 1.0, slots: int = 1, **facts: Any) -> WorkerEntity:
    return WorkerEntity(name, "a", slots, {"alive_seconds": 600.0, **facts}, 0.0, silent)


def test_no_worker_is_a_problem_that_names_the_one_that_fell_silent() -> None:
    status, message = judge_workers([], [worker("a:7", silent=40)])
    assert status == "problem"
    assert "a:7 fell silent 40 s ago" in message


def test_a_dead_worker_beside_a_living_one_is_not_well() -> None:
    status, message = judge_workers([worker("b:2")], [worker("a:7", silent=300)])
    assert status == "problem"
    assert "1 alive" in message
    assert "a:7 fell silent 5 min ago" in message


def test_a_worker_that_does_not_reach_redis_says_so() -> None:
    assert judge_workers([worker(redis=True)], []).status == "ok"
    found = judge_workers([worker(redis=True), worker("b:2", redis=False)], [])
    assert found.status == "warning"
    assert "b:2" in found.message


def test_a_worker_that_does_not_reach_the_file_store_says_so() -> None:
    found = judge_workers([worker(files=False), worker("b:2", files=True)], [])
    assert found.status == "warning"
    assert "does not answer to a:1" in found.message
    assert "b:2" not in found.message


@pytest.mark.parametrize(
    ("found", "workers", "status"),
    [
        (Backlog(), [], "ok"),
        (Backlog(waiting=3, first_waits_seconds=1), [], "problem"),
        (Backlog(waiting=3, first_waits_seconds=900, running=1), [worker()], "ok"),
        (Backlog(waiting=3, first_waits_seconds=5), [worker()], "ok"),
        (Backlog(waiting=3, first_waits_seconds=900), [worker()], "problem"),
        (Backlog(waiting=3, first_waits_seconds=900), [worker(alive_seconds=4.0)], "ok"),
        (Backlog(waiting=1, first_waits_seconds=2), [worker(slots=0)], "problem"),
        (Backlog(running=1, silent_seconds=5), [worker()], "ok"),
        (Backlog(running=1, silent_seconds=60), [worker()], "problem"),
    ],
)
def test_runs_nobody_looks_after_are_a_problem(
    found: Backlog, workers: list[WorkerEntity], status: str
) -> None:
    assert judge_runs(found, workers).status == status
