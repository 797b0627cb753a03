"""A disk that fills up: told once, no run started, a reserve for the last words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from storage.database import read_session
from storage.models import Notification
from storage.settings import settings
from storage.stores.experiments import ExperimentStore
from storage.stores.runs import RunStore
from storage.stores.workers import WorkerStore
from tasks.disk import (
    BALLAST_BYTES,
    DiskState,
    DiskWatch,
    ballast_file,
    disk_facts,
    disk_state,
    keep_ballast,
    why_runs_wait,
)
from tasks.health import health
from tasks.queue import NewRun, QueueError, create_experiment
from tests.support.finished_run import Toy, finished_run

Thresholds = Callable[[float, float], None]


@pytest.fixture
def thresholds(monkeypatch: pytest.MonkeyPatch) -> Thresholds:
    """Give a function that moves the thresholds around what the disk really holds."""

    def move(warning: float, full: float) -> None:
        used = disk_state().percent
        monkeypatch.setenv("SIGNALBENCH_DISK_WARNING_PERCENT", str(min(100.0, used + warning)))
        monkeypatch.setenv("SIGNALBENCH_DISK_FULL_PERCENT", str(min(100.0, used + full)))
        settings.cache_clear()

    return move


def told() -> list[tuple[str, str]]:
    with read_session() as session:
        rows = session.scalars(select(Notification).order_by(Notification.id)).all()
        return [(row.level, row.kind) for row in rows]


def test_each_crossing_is_told_once_by_all_workers_together(
    any_database: str, thresholds: Thresholds
) -> None:
    first, second = DiskWatch("here"), DiskWatch("here")
    thresholds(10, 20)
    for watch in (first, second, first):
        watch.look()
    assert told() == []
    thresholds(-1, 20)
    for watch in (first, second, DiskWatch("here")):
        watch.look()
    assert told() == [("warning", "storage")]
    thresholds(-10, -1)
    for watch in (first, second):
        watch.look()
    assert told() == [("warning", "storage"), ("error", "storage")]
    thresholds(-10, 1)
    first.look()
    assert len(told()) == 2, "it hovers around the threshold"
    thresholds(-10, 5)
    for watch in (first, second):
        watch.look()
    assert told()[2:] == [("info", "storage")]


def test_on_a_full_disk_no_run_is_started_and_everybody_is_told_why(
    sqlite: str, thresholds: Thresholds, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    settings.cache_clear()
    from tasks.worker import Worker

    finished = ExperimentStore().get(finished_run(Toy()))
    request = NewRun("classical", finished.dataset_id, config={"data": finished.config["data"]})
    waiting = create_experiment(request)
    worker = Worker()
    thresholds(-10, -1)
    WorkerStore().beat("here:1", "here", 1, disk_facts())
    assert worker._slots[0]._claim() is None
    assert RunStore().waiting() == [waiting.id]
    assert "no run is started" in why_runs_wait()
    with pytest.raises(QueueError, match=r"% full .* Settings → Storage"):
        create_experiment(request)
    assert health().checks["disk"].status == "problem"
    WorkerStore().beat("there:1", "there", 1, {"disk_level": "ok"})
    assert why_runs_wait() == ""
    thresholds(10, 20)
    lease = worker._slots[0]._claim()
    assert lease is not None
    assert lease.id == waiting.id


def test_the_reserve_is_set_free_on_a_full_disk_and_made_again(sqlite: str) -> None:
    roomy = DiskState(10**12, 10**11, "ok")
    keep_ballast(roomy)
    about = ballast_file().stat()
    assert about.st_size == BALLAST_BYTES
    assert about.st_blocks * 512 >= BALLAST_BYTES
    keep_ballast(DiskState(10**12, BALLAST_BYTES * 5, "full"))
    assert ballast_file().exists()
    keep_ballast(DiskState(10**12, 1000, "full"))
    assert not ballast_file().exists()
    keep_ballast(DiskState(10**12, BALLAST_BYTES * 2, "full"))
    assert not ballast_file().exists()
    keep_ballast(roomy)
    assert ballast_file().exists()
