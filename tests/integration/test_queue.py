"""The queue: its order, what is said about it, and the share of a host each run gets."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis
from sqlalchemy import update

import app
from storage import progress
from storage.database import write_session
from storage.entities import ConflictError, DatasetStatus, NotFoundError, Status
from storage.models import Experiment, Job
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.job_runs import JobRunStore
from storage.stores.jobs import JobStore
from storage.stores.queue_rows import QueueStore
from storage.stores.run_orders import possible_orders
from storage.stores.runs import RunStore
from storage.stores.workers import WorkerStore
from tasks import machine
from tasks.queue import look_at_queue, missed_beats_seconds, place_of
from tests.support.web import serving

pytestmark = pytest.mark.usefixtures("any_database")
LEASE_SECONDS = 60.0


@pytest.fixture
def dataset_id() -> int:
    return DatasetStore().create("toy", source="upload", status=DatasetStatus.READY).id


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with serving() as bench, httpx.Client(base_url=bench.url, timeout=30) as http:
        yield http


def new_run(dataset_id: int, *, priority: int = 5, seconds: float | None = 100.0) -> int:
    forecast = {"low": 1.0, "mid": seconds, "high": 1000.0, "basis": "a test"} if seconds else None
    new = NewExperiment("run", "cnn1d", dataset_id, {}, priority=priority, forecast=forecast)
    return ExperimentStore().create(new).id


def claim_all() -> list[int]:
    claimed = []
    while lease := RunStore().claim_next("w", "h", LEASE_SECONDS):
        claimed.append(lease.id)
    return claimed


def test_a_run_put_first_starts_first_however_high_the_others_are(dataset_id: int) -> None:
    high, normal, low = (new_run(dataset_id, priority=p) for p in (9, 5, 1))
    QueueStore().move(normal, "first")
    QueueStore().move(low, "first")
    assert [line.run.id for line in look_at_queue().waiting] == [low, normal, high]
    assert claim_all() == [low, normal, high]


def test_sooner_and_later_change_the_priority_by_one_within_its_bounds(dataset_id: int) -> None:
    run = new_run(dataset_id, priority=9)
    assert QueueStore().move(run, "sooner").priority == 9
    assert QueueStore().move(run, "later").priority == 8
    with pytest.raises(ConflictError, match="no move"):
        QueueStore().move(run, "last")
    with pytest.raises(NotFoundError):
        QueueStore().move(run + 99, "first")
    claim_all()
    with pytest.raises(ConflictError, match="running, so it does not wait"):
        QueueStore().move(run, "first")


def test_waiting_runs_say_when_they_start_and_why_they_do_not(dataset_id: int) -> None:
    first, second, third = (new_run(dataset_id, seconds=s) for s in (100.0, 50.0, 10.0))
    assert look_at_queue().trouble.startswith("No worker is alive")
    assert {line.starts_in_seconds for line in look_at_queue().waiting} == {None}
    WorkerStore().beat("h:1", "h", 2, {})
    assert [line.starts_in_seconds for line in look_at_queue().waiting] == [0.0, 0.0, 50.0]
    assert RunStore().claim_next("h:1", "h", LEASE_SECONDS) is not None
    look = look_at_queue()
    assert [(line.run.id, line.worker) for line in look.running] == [(first, "h:1")]
    assert look.workers[0].busy == 1
    assert [line.position for line in look.waiting] == [1, 2]
    assert [line.starts_in_seconds for line in look.waiting] == [0.0, pytest.approx(50.0, abs=1)]
    assert place_of(third)[0] == look.waiting[1]
    assert place_of(first)[0] is None
    assert second == look.waiting[0].run.id


def test_missing_beats_are_noticed_by_the_databases_clock(dataset_id: int) -> None:
    run = new_run(dataset_id)
    lease = RunStore().claim_next("w", "h", settings().lease_seconds)
    assert lease is not None
    assert missed_beats_seconds(run) is None
    with write_session() as session:
        late = Experiment.lease_until - 7.0
        session.execute(update(Experiment).where(Experiment.id == run).values(lease_until=late))
    assert missed_beats_seconds(run) == pytest.approx(7.0, abs=1.0)
    assert look_at_queue().running[0].silent_seconds == pytest.approx(7.0, abs=1.0)


def test_jobs_somebody_waits_for_come_before_long_ones() -> None:
    kinds = ("simulate", "import", "report")
    made = {kind: JobStore().create(kind, {}).id for kind in kinds}
    urgent = JobRunStore().claim_next("w", LEASE_SECONDS, 7)
    assert urgent is not None
    assert urgent.id == made["report"]
    assert JobRunStore().claim_next("w", LEASE_SECONDS, 7) is None
    rest = [JobRunStore().claim_next("w", LEASE_SECONDS) for _ in range(2)]
    assert [lease.id for lease in rest if lease] == [made["import"], made["simulate"]]
    assert [line.job.kind for line in look_at_queue().jobs] == ["report", "import", "simulate"]
    with write_session() as session:
        assert session.get_one(Job, made["simulate"]).priority == 2


@pytest.mark.parametrize(
    ("status", "control", "epochs", "orders"),
    [
        (Status.PENDING, "", 0, {"pause", "cancel"}),
        (Status.PENDING, "", 3, {"pause", "stop", "cancel"}),
        (Status.RUNNING, "", 0, {"pause", "stop", "cancel"}),
        (Status.RUNNING, "pause", 3, {"resume", "stop", "cancel"}),
        (Status.RUNNING, "cancel", 3, set()),
        (Status.PAUSED, "", 3, {"resume", "stop", "cancel"}),
        (Status.FAILED, "", 3, {"retry"}),
        (Status.STOPPED, "", 3, {"retry"}),
        (Status.COMPLETED, "", 3, set()),
    ],
)
def test_the_menu_offers_what_the_state_allows(
    status: Status, control: str, epochs: int, orders: set[str]
) -> None:
    assert set(possible_orders(status, control, epochs)) == orders


def test_cpu_threads_are_divided_among_all_workers_of_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "usable_cpus", lambda: 8)
    assert machine.threads_per_run() == 8
    WorkerStore().beat("a", machine.host_name(), 1, {})
    WorkerStore().beat("b", machine.host_name(), 3, {})
    WorkerStore().beat("c", "elsewhere", 4, {})
    assert machine.threads_per_run() == 2


def test_a_run_keeps_the_machine_of_its_first_attempt(dataset_id: int) -> None:
    run = new_run(dataset_id)
    assert machine.first_machine(run, "device", "cuda") == "cuda"
    assert machine.first_machine(run, "device", "cpu") == "cuda"
    threads = machine.threads_of_run(run)
    path = settings().runs_folder / str(run) / "machine.json"
    assert json.loads(path.read_text()) == {"device": "cuda", "threads": threads}
    path.write_text('{"thr')
    assert machine.threads_of_run(run) == threads


def test_rest_reads_the_queue_moves_cancels_and_keeps(
    client: httpx.Client, dataset_id: int
) -> None:
    first, second = new_run(dataset_id), new_run(dataset_id)
    assert client.post(f"/api/experiments/{second}/move/first").json()["priority"] == 9
    queue = client.get("/api/queue").json()
    assert [row["experiment_id"] for row in queue["waiting"]] == [second, first]
    assert queue["waiting"][0]["starts_in_seconds"] is None
    assert client.post(f"/api/experiments/{first}/cancel").json()["status"] == "cancelled"
    assert client.post(f"/api/experiments/{first}/cancel").status_code == 409
    assert client.post(f"/api/experiments/{first}/move/first").status_code == 409
    assert client.post(f"/api/experiments/{first}/move/up").status_code == 422
    changed = {"kept": True, "time_limit_seconds": 600, "priority": 3}
    answer = client.patch(f"/api/experiments/{second}", json=changed).json()
    assert {key: answer[key] for key in changed} == changed
    back = client.patch(f"/api/experiments/{second}", json={"time_limit_seconds": None}).json()
    assert (back["time_limit_seconds"], back["kept"]) == (None, True)
    assert client.patch(f"/api/experiments/{second}", json={"time_limit_seconds": 3}).is_error


def test_a_silent_redis_is_waited_for_once_and_not_by_every_page(
    monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{mute.getsockname()[1]}/0")
        settings.cache_clear()
        took = []
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(redis.RedisError):
                progress.read("nobody")
            took.append(time.monotonic() - began)
        assert progress.READ_SECONDS <= took[0] < progress.READ_SECONDS + 5
        assert max(took[1:]) < 0.5
        assert look_at_queue().running == []
    monkeypatch.setenv("REDIS_URL", redis_url)
    settings.cache_clear()
    assert progress.read("nobody").snapshot == {}


def test_the_command_line_steers_runs_and_says_how_it_went(
    dataset_id: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run = new_run(dataset_id)
    steps: list[tuple[list[str], int, str]] = [
        (["pause", str(run)], 0, "paused"),
        (["pause", str(run)], 3, "is paused, so pause has no effect"),
        (["resume", str(run)], 0, "pending"),
        (["cancel", str(run)], 0, "cancelled"),
        (["retry", str(run), "999"], 4, "There is no experiment 999"),
        (["runs", "--status", "pending"], 0, "number 1 in the queue"),
    ]
    for arguments, code, words in steps:
        assert app.main(arguments) == code, arguments
        said = capsys.readouterr()
        assert words in said.out + said.err
    assert app.main(["runs", "--json"]) == 0
    listed: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (listed["total"], listed["items"][0]["position"]) == (1, 1)
