"""The health route tells the truth: dead workers, unattended runs, silent parts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import update

from storage import database
from storage.database import write_session
from storage.entities import DatasetStatus
from storage.models import Experiment, WorkerRow
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.runs import RunStore
from storage.stores.workers import WorkerStore
from tasks.signs import forget_the_dead
from tests.support.servers import running_redis
from tests.support.web import serving


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as bench:
        yield bench.url


@pytest.fixture
def client(url: str, data_folder: Path) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


def beat(name: str, host: str = "far", **facts: Any) -> None:
    WorkerStore().beat(name, host, 1, {"alive_seconds": 600.0, **facts})


def fall_silent(name: str, seconds: float) -> None:
    with write_session() as session:
        moved = update(WorkerRow).where(WorkerRow.name == name)
        session.execute(moved.values(seen_at=WorkerRow.seen_at - seconds))


def new_run() -> int:
    dataset = DatasetStore().create("toy", source="upload", status=DatasetStatus.READY)
    return ExperimentStore().create(NewExperiment("run", "cnn1d", dataset.id, {})).id


def checks(client: httpx.Client) -> dict[str, Any]:
    return dict(client.get("/api/health").json()["checks"])


def test_a_dead_worker_is_not_ok_even_beside_a_living_one(
    client: httpx.Client, any_database: str
) -> None:
    beat("a:1")
    beat("b:2")
    assert checks(client)["workers"]["status"] == "ok"
    fall_silent("a:1", 16)
    answer = client.get("/api/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert "a:1 fell silent" in answer.json()["checks"]["workers"]["message"]
    assert client.get("/api/health?strict=true").status_code == 503
    fall_silent("b:2", 16)
    assert "No worker is alive" in checks(client)["workers"]["message"]


def test_a_worker_that_takes_leave_is_not_missed(client: httpx.Client, any_database: str) -> None:
    beat("a:1")
    beat("b:2")
    WorkerStore().forget("a:1")
    assert checks(client)["workers"]["status"] == "ok"


def test_a_new_worker_takes_the_place_of_the_dead_of_its_machine(sqlite: str) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = os.uname().nodename
    beat(f"{here}:{ended.pid}", here, pid=ended.pid)
    beat("living", here, pid=os.getpid())
    beat("far:9", "far", pid=ended.pid)
    forget_the_dead()
    assert [worker.name for worker in WorkerStore().alive()] == ["far:9", "living"]


def test_runs_nobody_takes_are_a_problem(client: httpx.Client, any_database: str) -> None:
    run = new_run()
    assert "no worker trains" in checks(client)["runs"]["message"]
    beat("a:1")
    assert checks(client)["runs"] == {"status": "ok", "message": "0 running, 1 waiting"}
    assert RunStore().claim_next("a:1", "far", 60.0) is not None
    assert checks(client)["runs"]["message"] == "1 running, 0 waiting"
    with write_session() as session:
        session.execute(update(Experiment).where(Experiment.id == run).values(lease_until=1.0))
    assert checks(client)["runs"]["status"] == "problem"


def test_without_its_database_the_bench_is_down_but_alive(
    client: httpx.Client, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    settings.cache_clear()
    database.engine.cache_clear()
    database._factory.cache_clear()
    answer = client.get("/api/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    assert client.get("/api/health/ready").status_code == 503
    assert client.get("/api/health/live").json()["status"] == "ok"


def test_a_redis_that_hangs_is_said_within_two_seconds(
    client: httpx.Client, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_redis() as url:
        monkeypatch.setenv("REDIS_URL", url)
        settings.cache_clear()
        assert checks(client)["redis"]["status"] == "ok"
        port = int(url.rsplit(":", 1)[1].split("/")[0])
        server = _listener(port)
        server.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            assert checks(client)["redis"]["status"] == "problem"
            assert time.monotonic() - began < 2.0
        finally:
            server.send_signal(signal.SIGCONT)


def _listener(port: int) -> psutil.Process:
    found = [p for p in psutil.Process().children() if str(port) in " ".join(p.cmdline())]
    return found[0]
