"""Two workers and a web in separate folders, with one PostgreSQL, one Redis and one bucket."""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from collections.abc import Iterator

import pytest

from dash_app.pages.experiment_results import loading
from integrations.core.evaluation.store import METRICS
from storage.artifacts import artifacts, sha256_of
from storage.entities import ExperimentEntity, JobStatus, Status
from storage.shared_files import shared_files
from storage.shared_log import read_log
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore
from tasks.queue import enqueue_job
from tests.support.bench import Bench, wait_until
from tests.support.servers import S3, processes_of, wait_gone
from tests.support.station import LEASE, Station, running_worker
from tests.support.web import serving

pytestmark = pytest.mark.postgres
EPOCHS = 8
LEASE_SECONDS = float(LEASE["SIGNALBENCH_LEASE_SECONDS"])
OUTAGE_SECONDS = 10.0


@pytest.fixture
def station(many_hosts: Station) -> Station:
    return many_hosts


@pytest.fixture
def client(station: Station) -> Iterator[Bench]:
    with serving() as bench:
        yield bench


def losses(experiment: ExperimentEntity) -> list[tuple[int, object, object]]:
    rows = ExperimentStore().epochs(experiment.id)
    return [(row.epoch, row.values["train_loss"], row.values["val_loss"]) for row in rows]


def content(experiment: ExperimentEntity, name: str) -> bytes:
    found = next(a for a in ExperimentStore().artifacts(experiment.id) if a.name == name)
    path = artifacts().path(found.path)
    assert sha256_of(path) == found.sha256
    return path.read_bytes()


def test_a_lost_hosts_run_ends_on_another_with_the_same_numbers_and_is_read_on_a_third(
    station: Station, client: Bench
) -> None:
    first, second = station.hosts
    with running_worker(station) as worker:
        twin = station.await_status(station.new_run(EPOCHS).id, Status.COMPLETED)
        lost = station.new_run(EPOCHS)
        station.await_epoch(lost.id, 3)
        lines = {line["message"] for line in read_log(lost.id, lost.task_id)}
        pids = processes_of(first)
        for pid in (*pids, worker.pid):
            os.kill(pid, signal.SIGKILL)
        wait_gone(pids, 10)
    began = time.monotonic()
    with running_worker(station):
        wait_until(lambda: station.runner_pid(lost.id), LEASE_SECONDS + 30, "the run elsewhere")
        elsewhere = time.monotonic() - began
        ended = station.await_status(lost.id, Status.COMPLETED, Status.FAILED)
        job = JobStore().create("report", {}, experiment_id=lost.id)
        enqueue_job(job.id)
        wait_until(lambda: JobStore().get(job.id).finished_at, 120, "the report")
    assert ended.status is Status.COMPLETED, ended.error
    assert elsewhere < LEASE_SECONDS + 30
    assert losses(ended) == losses(twin)
    assert [epoch for epoch, _, _ in losses(ended)] == list(range(1, EPOCHS + 1))
    for name in (METRICS, "predictions.csv", "model.safetensors"):
        assert content(ended, name) == content(twin, name)
    assert (second / "runs" / str(lost.id) / "log.jsonl").exists()
    assert not (station.data / "runs").exists()
    assert JobStore().get(job.id).status is JobStatus.DONE
    _the_web_shows(ended, client)
    whole = read_log(lost.id, lost.task_id)
    assert lines <= {line["message"] for line in whole}
    assert [line["id"] for line in whole] == list(range(1, len(whole) + 1))
    assert not shared_files().listed(station.data / "runs" / str(lost.id) / "attempt-2")


def _the_web_shows(ended: ExperimentEntity, client: Bench) -> None:
    assert loading.evaluation_of(ended).headline["accuracy"].value == ended.accuracy
    assert loading.result_of(ended).history
    assert loading.data_of(ended).signal(0).size
    assert _download(client, ended, "report.pdf").startswith(b"%PDF")
    model = _download(client, ended, "artifacts/model.safetensors")
    assert model == content(ended, "model.safetensors")


def _download(client: Bench, run: ExperimentEntity, name: str) -> bytes:
    address = f"{client.url}/api/experiments/{run.id}/{name}"
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310
        return bytes(answer.read())


def test_a_run_waits_for_a_store_that_is_away_and_goes_on(station: Station, s3: S3) -> None:
    with running_worker(station):
        run = station.new_run(EPOCHS)
        before = station.await_epoch(run.id, 2).epochs_done
        s3.stop()
        stopped = time.monotonic()
        try:
            wait_until(lambda: _waits(run.id), 30, "a word about the outage")
            held = ExperimentStore().get(run.id)
            wait_until(lambda: time.monotonic() > stopped + OUTAGE_SECONDS, 30, "the outage's end")
            assert ExperimentStore().get(run.id).epochs_done == held.epochs_done >= before
        finally:
            s3.start()
        ended = station.await_status(run.id, Status.COMPLETED, Status.FAILED)
    assert ended.status is Status.COMPLETED, ended.error
    assert ended.attempts == 1
    assert [epoch for epoch, _, _ in losses(ended)] == list(range(1, EPOCHS + 1))
    assert content(ended, METRICS)


def _waits(run: int) -> bool:
    return any("file store" in event.message for event in ExperimentStore().events(run))
