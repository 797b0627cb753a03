"""Real runs in real processes: orders, deaths, and the same numbers whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from integrations.core.evaluation.store import METRICS
from storage import progress
from storage.artifacts import artifacts, sha256_of
from storage.entities import ExperimentEntity, Status
from storage.shared_files import shared_files
from storage.shared_log import read_log
from storage.stores.experiments import ExperimentStore
from tasks.queue import alive_workers, order_experiment, retry_experiment
from tests.support.bench import wait_until
from tests.support.environment import use
from tests.support.servers import wait_gone
from tests.support.station import LEASE, Station, running_worker

OBEY_SECONDS = 3.0
"""The goal is 1 s on a quiet machine; tests share theirs."""


GROWN = {"test_a_stopped_worker_hands_its_run_back_within_seconds"}
"""Tests that always run with PostgreSQL, a bucket and two workers in separate folders too; all of
them do with SIGNALBENCH_TEST_GROWN=1, which takes twice the time."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "station" in metafunc.fixturenames:
        benches: list[Any] = [pytest.param("one_host", id="one host")]
        if os.environ.get("SIGNALBENCH_TEST_GROWN") or metafunc.function.__name__ in GROWN:
            benches.append(pytest.param("many_hosts", id="many hosts", marks=pytest.mark.postgres))
        metafunc.parametrize("station", benches, indirect=True)


@pytest.fixture
def station(redis_url: str, request: pytest.FixtureRequest) -> Station:
    made: Station = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def one_host(
    sqlite: str, redis_url: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Station:
    use({"REDIS_URL": redis_url, **LEASE}, monkeypatch)
    return Station(data_folder)


@pytest.fixture
def worker(station: Station) -> Iterator[subprocess.Popen[bytes]]:
    with ExitStack() as stack:
        started = [stack.enter_context(running_worker(station)) for _ in station.places]
        # A run's threads depend on how many workers share the CPUs when it is first claimed.
        wait_until(lambda: len(alive_workers()) == len(started), 60, "all workers")
        yield started[0]


def losses(experiment: ExperimentEntity) -> list[tuple[int, object, object]]:
    rows = ExperimentStore().epochs(experiment.id)
    return [(row.epoch, row.values["train_loss"], row.values["val_loss"]) for row in rows]


def stored(experiment: ExperimentEntity, name: str) -> Path:
    found = next(a for a in ExperimentStore().artifacts(experiment.id) if a.name == name)
    path = artifacts().path(found.path)
    assert sha256_of(path) == found.sha256
    return path


def test_a_killed_runner_goes_on_and_ends_with_the_same_numbers(
    station: Station, worker: subprocess.Popen[bytes]
) -> None:
    straight = station.await_status(station.new_run(12).id, Status.COMPLETED)
    killed = station.new_run(12)
    for epoch in (2, 6):
        station.await_epoch(killed.id, epoch)
        pid = station.runner_pid(killed.id)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            wait_gone([pid], 10)
    ended = station.await_status(killed.id, Status.COMPLETED, Status.FAILED)
    assert ended.status is Status.COMPLETED, ended.error
    assert ended.attempts >= 2
    assert [epoch for epoch, _, _ in losses(ended)] == list(range(1, 13))
    assert losses(ended) == losses(straight)
    assert {**ended.metrics} == {**straight.metrics}
    for name in (METRICS, "predictions.csv", "model.safetensors"):
        assert stored(ended, name).read_bytes() == stored(straight, name).read_bytes()
    kinds = [event.kind for event in ExperimentStore().events(killed.id)]
    assert kinds.count("completed") == 1
    assert "crashed" in kinds


def test_orders_are_obeyed_and_a_paused_run_resumes(
    station: Station, worker: subprocess.Popen[bytes]
) -> None:
    run = station.new_run(400)
    station.await_epoch(run.id, 2)
    pid = station.runner_pid(run.id)
    began = time.monotonic()
    order_experiment(run.id, "pause")
    paused = station.await_status(run.id, Status.PAUSED, seconds=20)
    assert time.monotonic() - began < OBEY_SECONDS
    assert pid is not None
    wait_gone([pid], 10)
    order_experiment(run.id, "resume")
    station.await_epoch(run.id, paused.epochs_done + 1)
    began = time.monotonic()
    order_experiment(run.id, "stop")
    stopped = station.await_status(run.id, Status.STOPPED, seconds=30)
    assert stopped.accuracy is not None
    assert [row.epoch for row in ExperimentStore().epochs(run.id)] == list(
        range(1, stopped.epochs_done + 1)
    )
    again = station.await_epoch(retry_experiment(run.id).id, stopped.epochs_done + 1)
    assert again.status is Status.RUNNING
    began = time.monotonic()
    order_experiment(run.id, "cancel")
    station.await_status(run.id, Status.CANCELLED, seconds=20)
    assert time.monotonic() - began < OBEY_SECONDS


def test_the_live_view_and_the_log_say_what_the_database_says(
    station: Station, worker: subprocess.Popen[bytes]
) -> None:
    run = station.await_status(station.new_run(3).id, Status.COMPLETED)
    live = wait_until(
        lambda: _live_of(run.task_id, "completed"), 10, "the last word in the live view"
    )
    assert [row["epoch"] for row in live.epochs] == [1, 2, 3]
    assert live.snapshot["progress"] == 1.0
    assert live.snapshot["system"]["memory_bytes"] > 0
    lines = progress.read_log(run.task_id)
    kept = read_log(run.id, run.task_id)
    assert [line["message"] for line in lines] == [line["message"] for line in kept]
    assert "Test accuracy" in stored(run, "log.txt").read_text(encoding="utf-8")
    assert "train" in stored(run, "config.yaml").read_text(encoding="utf-8")


def _live_of(task_id: str, status: str) -> progress.Live | None:
    live = progress.read(task_id)
    return live if live.snapshot.get("status") == status else None


def test_a_run_survives_the_death_of_its_worker(station: Station) -> None:
    run = station.new_run(60)
    with running_worker(station) as first:
        station.await_epoch(run.id, 2)
        pid = station.runner_pid(run.id)
        first.kill()
        assert pid is not None
        wait_gone([pid], 10)
    with running_worker(station):
        ended = station.await_status(run.id, Status.COMPLETED, Status.FAILED)
    assert ended.status is Status.COMPLETED, ended.error
    assert [epoch for epoch, _, _ in losses(ended)] == list(range(1, 61))


def test_a_stopped_worker_hands_its_run_back_within_seconds(station: Station) -> None:
    run = station.new_run(400)
    with running_worker(station) as process:
        station.await_epoch(run.id, 1)
        began = time.monotonic()
        process.terminate()
        process.wait(20)
        assert time.monotonic() - began < 10
    found = ExperimentStore().get(run.id)
    assert found.status is Status.PENDING
    assert found.epochs_done >= 1
    assert alive_workers() == []
    assert ExperimentStore().events(run.id)[0].kind == "handed-back"


def test_without_redis_a_run_is_found_and_finished(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage.settings import settings

    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    run = station.new_run(2)
    with running_worker(station):
        ended = station.await_status(run.id, Status.COMPLETED, Status.FAILED)
    assert ended.status is Status.COMPLETED, ended.error


def test_a_run_whose_data_are_gone_fails_with_a_sentence(
    station: Station, worker: subprocess.Popen[bytes]
) -> None:
    run = station.new_run(2)
    samples = station.data / "datasets" / "toy" / "samples.f32"
    samples.unlink()
    shared_files().remove([samples])
    failed = station.await_status(run.id, Status.FAILED)
    assert "missing" in failed.error
    assert "Import" in failed.error


def test_a_process_that_always_dies_is_given_up(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = station.new_run(2)
    # An import that ends the process: what a broken installation of torch does.
    broken = station.data / "broken"
    (broken / "torch").mkdir(parents=True)
    (broken / "torch" / "__init__.py").write_text("import os\nos.abort()\n")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    with running_worker(station):
        failed = station.await_status(run.id, Status.FAILED)
    assert "3 times" in failed.error
    assert failed.attempts == 3
