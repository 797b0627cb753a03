"""The live view in Redis: whole again after Redis was away or lost everything."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import progress
from storage.settings import settings
from tasks.broadcast import Broadcast
from tests.support.bench import wait_until


@pytest.fixture
def task() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def broadcast(
    data_folder: Path, redis_url: str, task: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Broadcast]:
    monkeypatch.setenv("REDIS_URL", redis_url)
    settings.cache_clear()
    made = Broadcast(task)
    made.begin([{"epoch": 1, "val_loss": 0.5}], [_line(1)])
    yield made
    made.close()


def _line(number: int) -> dict[str, object]:
    return {"id": number, "time": 1.0, "level": "info", "message": f"line {number}"}


def _await_epochs(task: str, wanted: list[int]) -> None:
    wait_until(
        lambda: [row["epoch"] for row in progress.read(task).epochs] == wanted, 10, f"{wanted}"
    )


def test_what_was_committed_before_is_there_from_the_start(broadcast: Broadcast, task: str) -> None:
    _await_epochs(task, [1])
    wait_until(lambda: progress.read_log(task) == [_line(1)], 10, "the first line")


def test_a_reader_asks_only_for_what_it_has_not_seen(broadcast: Broadcast, task: str) -> None:
    broadcast.epoch({"epoch": 2})
    broadcast.line(_line(2))
    _await_epochs(task, [1, 2])
    assert [row["epoch"] for row in progress.read(task, since=1).epochs] == [2]
    wait_until(lambda: progress.read_log(task, since=1) == [_line(2)], 10, "the second line")


def test_the_snapshot_is_replaced_and_stamped(broadcast: Broadcast, task: str) -> None:
    broadcast.update(status="running", progress=0.25)
    found = wait_until(lambda: progress.read(task).snapshot, 10, "the snapshot")
    assert (found["status"], found["progress"]) == ("running", 0.25)
    assert found["beat"] > 0


def test_lists_that_redis_lost_are_written_anew(broadcast: Broadcast, task: str) -> None:
    broadcast.epoch({"epoch": 2})
    _await_epochs(task, [1, 2])
    progress.connection().flushall()
    broadcast.epoch({"epoch": 3})
    _await_epochs(task, [1, 2, 3])
    wait_until(lambda: progress.read_log(task) == [_line(1)], 10, "the first line")


def test_training_never_waits_for_a_redis_that_is_away(
    data_folder: Path, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    away = Broadcast(task)
    for number in range(1, 1000):
        away.epoch({"epoch": number})
        away.update(progress=number / 1000)
    away.close(seconds=0.1)
