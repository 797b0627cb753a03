"""How runs end when time, room, memory or a checkpoint runs out: always with a way on."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.core.testing import toy_signals
from integrations.core.training.checkpoint import read_checkpoint
from integrations.registry import family
from storage.database import write_session
from storage.entities import ExperimentEntity, Status
from storage.models import Experiment
from storage.settings import settings
from storage.stores.experiments import ExperimentStore
from storage.stores.runs import RunStore
from tasks import exit_codes, guard, runner
from tasks.queue import order_experiment, retry_experiment
from tests.chaos.disk import SmallDisk, small_disk
from tests.support.bench import REPOSITORY, wait_until
from tests.support.station import Station, running_worker

LEASE_SECONDS = 3
FULL_SECONDS = 2 * LEASE_SECONDS


@pytest.fixture
def disk(data_folder: Path, migrated_sqlite: Path) -> Iterator[SmallDisk]:
    with small_disk(data_folder) as found:
        if found is None:
            pytest.skip("no small disk can be mounted here")
        shutil.copyfile(migrated_sqlite, data_folder / "signalbench.db")
        yield found


@pytest.fixture
def station(
    sqlite: str, data_folder: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Station:
    return station_on(data_folder, redis_url, monkeypatch)


def station_on(data: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch, **more: str) -> Station:
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("SIGNALBENCH_LEASE_SECONDS", str(LEASE_SECONDS))
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    return Station(data)


def top_up(disk: SmallDisk) -> None:
    """Take again what was given back, e.g. the worker's reserve."""
    with (disk.folder / "more").open("ab") as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65536))
            file.flush()


def kinds(experiment_id: int) -> list[str]:
    return [event.kind for event in reversed(ExperimentStore().events(experiment_id))]


def epochs(experiment_id: int) -> list[int]:
    return [row.epoch for row in ExperimentStore().epochs(experiment_id)]


def test_a_full_disk_is_waited_out_longer_than_the_lease(
    disk: SmallDisk, data_folder: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = station_on(data_folder, redis_url, monkeypatch)
    run = station.new_run(100)
    with running_worker(station):
        station.await_epoch(run.id, 2)
        pid = station.runner_pid(run.id)
        disk.fill()
        until = time.monotonic() + FULL_SECONDS
        while time.monotonic() < until:
            top_up(disk)
            assert ExperimentStore().get(run.id).status is Status.RUNNING
            time.sleep(0.3)
        assert station.runner_pid(run.id) == pid
        reached = ExperimentStore().get(run.id).epochs_done
        disk.empty()
        (disk.folder / "more").unlink()
        station.await_epoch(run.id, reached + 2)
        order_experiment(run.id, "stop")
        ended = station.await_status(run.id, Status.STOPPED, Status.FAILED)
    assert ended.status is Status.STOPPED, ended.error
    assert ended.attempts == 1
    assert epochs(run.id) == list(range(1, ended.epochs_done + 1))
    # The worker gives its reserve away, which is room for a moment.
    assert 1 <= kinds(run.id).count("disk-full") <= 3
    assert kinds(run.id).count("disk-room") == kinds(run.id).count("disk-full")
    assert not list(data_folder.rglob("*.tmp"))
    for path in (data_folder / "runs").rglob("epoch-*.pt"):
        read_checkpoint(path, "cpu")
    with sqlite3.connect(data_folder / "signalbench.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_run_is_not_begun_without_room_for_its_checkpoints(
    disk: SmallDisk, data_folder: Path
) -> None:
    settings.cache_clear()
    data = toy_signals(data_folder / "toy")
    config = family("cnn1d").Config()
    runner._check_disk(config, data)
    with (data_folder / "large").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(data_folder).free - 60_000_000)
    with pytest.raises(OSError, match=r"Only \d\d MB .* wants \d+ MB\. It begins by itself"):
        runner._check_disk(config, data)


def test_a_run_paused_damaged_and_handed_back_within_epochs_ends_like_its_twin(
    station: Station,
) -> None:
    twin, run = (station.new_run(6, batch_size=2) for _ in range(2))
    order_experiment(run.id, "pause")
    with running_worker(station):
        straight = station.await_status(twin.id, Status.COMPLETED)
        order_experiment(run.id, "resume")
        station.await_epoch(run.id, 2)
        order_experiment(run.id, "pause")
        paused = station.await_status(run.id, Status.PAUSED)
        left = checkpoint_of(run.id)
        if "_" in left.name:
            assert f"in epoch {paused.epochs_done + 1} after batch" in last_event(run.id)
        for path in left.parent.iterdir():
            path.write_bytes(path.read_bytes()[:-100])
        order_experiment(run.id, "resume")
        station.await_epoch(run.id, paused.epochs_done + 1)
    # The worker left: epochs committed before were computed once more, and must be the same.
    handed_back = ExperimentStore().get(run.id)
    if handed_back.status is not Status.COMPLETED:
        assert handed_back.status is Status.PENDING, handed_back.error
        # On a busy machine the batch may not end in time; then the last epoch is where it goes on.
        assert "it goes on" in last_event(run.id)
    with running_worker(station):
        ended = station.await_status(run.id, Status.COMPLETED, Status.FAILED)
    assert ended.status is Status.COMPLETED, ended.error
    if paused.epochs_done > 1 and "_" in left.name:
        assert f"{left.name} is missing or damaged; going on from epoch-" in words(run)
    assert "is missing or damaged; starting from the beginning." in words(run)
    assert losses(run.id) == losses(twin.id)
    assert ended.metrics == straight.metrics
    assert digest(run.id, "model.safetensors") == digest(twin.id, "model.safetensors")


def test_a_run_at_its_time_limit_stops_with_a_result(station: Station) -> None:
    run = station.new_run(2000)
    with write_session() as session:
        row = session.get_one(Experiment, run.id)
        row.time_limit_seconds, row.seconds = 100, 90.0
    with running_worker(station):
        ended = station.await_status(run.id, Status.STOPPED, Status.FAILED)
    assert ended.status is Status.STOPPED, ended.error
    assert ended.accuracy is not None
    assert ended.seconds > 90
    assert "The time limit of 1.67 min is near" in words(run)
    assert last_event(run.id).startswith("Stopped at its time limit of 1.67 min")
    assert ExperimentStore().get(run.id).memory_bytes > 50_000_000


def test_a_process_out_of_memory_says_what_to_change(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = station.new_run(2, batch_size=64)
    broken = station.data / "broken"
    (broken / "torch").mkdir(parents=True)
    (broken / "torch" / "__init__.py").write_text("raise MemoryError\n")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    with running_worker(station):
        failed = station.await_status(run.id, Status.FAILED)
    assert re.search(r"Memory ran out: it took \d+\.\d GB of the \d+\.\d GB", failed.error)
    assert "Try a batch of 32 instead of 64." in failed.error


def test_altered_data_fail_a_run_and_the_right_ones_let_it_go_on(station: Station) -> None:
    run = station.new_run(2)
    samples = station.data / "datasets" / "toy" / "samples.f32"
    right = samples.read_bytes()
    samples.write_bytes(right[:-4] + b"\x00\x00\x80?")
    with running_worker(station):
        failed = station.await_status(run.id, Status.FAILED)
        assert failed.error.endswith(".")
        samples.write_bytes(right)
        retry_experiment(run.id)
        ended = station.await_status(run.id, Status.COMPLETED, Status.FAILED)
    assert ended.status is Status.COMPLETED, ended.error


HEART = """
import sys
from storage.stores.leases import Lease
from tasks.broadcast import Broadcast
from tasks.pulse import Pulse
from tasks.time_limit import TimeLimit
lease, limit = Lease(int(sys.argv[1]), int(sys.argv[2])), TimeLimit(float(sys.argv[3]))
pulse = Pulse(lease, Broadcast("heart"), limit)
pulse.in_fit = True
pulse.start()
while True:
    print("batch", pulse.order().name, flush=True)
"""


def heart(batches: Path, limit_seconds: float = 7200) -> subprocess.Popen[bytes]:
    """Claim the only run and start a process that beats for it and computes its batches."""
    lease = RunStore().claim_next("heart", "here", LEASE_SECONDS)
    assert lease is not None
    with batches.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-c", HEART, str(lease.id), str(lease.token), str(limit_seconds)],
            cwd=REPOSITORY, env={**os.environ}, stdin=subprocess.PIPE, stdout=output,
        )  # fmt: skip


def test_a_fit_that_does_not_stop_at_its_time_limit_is_ended(station: Station) -> None:
    run = station.new_run(2)
    ending = heart(station.data / "batches", limit_seconds=1.5)
    assert ending.wait(60) == exit_codes.DONE
    assert ending.stdin is not None
    ending.stdin.close()
    failed = ExperimentStore().get(run.id)
    assert failed.status is Status.FAILED
    assert failed.error.startswith("It was ended at its time limit of 1.5 s. Retry evaluates")
    assert "batch STOP\n" in (station.data / "batches").read_text()


def test_a_process_asleep_beyond_its_lease_computes_no_batch_after_a_take_over(
    station: Station,
) -> None:
    run = station.new_run(2)
    computed = station.data / "batches"
    sleeper = heart(computed)
    wait_until(lambda: computed.stat().st_size > 1000, 60, "some batches")
    os.kill(sleeper.pid, signal.SIGSTOP)
    wait_until(lambda: RunStore().reap() == [run.id], 60, "the end of the lease")
    assert RunStore().claim_next("thief", "elsewhere", 600) is not None
    before = computed.stat().st_size
    os.kill(sleeper.pid, signal.SIGCONT)
    assert sleeper.wait(20) == exit_codes.LEASE_LOST
    assert sleeper.stdin is not None
    sleeper.stdin.close()
    assert computed.stat().st_size - before <= len("batch RUN\n")


def test_a_child_that_hears_no_order_is_killed(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "OBEY_SECONDS", 0.2)
    monkeypatch.setattr(guard, "LOOK_SECONDS", 0.1)
    run = station.new_run(2)
    lease = RunStore().claim_next("worker", "here", 600)
    assert lease is not None
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    watching = guard.Guard(child, lease)

    def ended() -> bool:
        watching.look()
        return child.poll() is not None

    watching.look()
    assert child.poll() is None
    order_experiment(run.id, "pause")
    wait_until(ended, 20, "the end of the child")
    RunStore().crashed(lease, "It was hung.")
    assert ExperimentStore().get(run.id).status is Status.PAUSED


def checkpoint_of(experiment_id: int) -> Path:
    with write_session() as session:
        found = session.get_one(Experiment, experiment_id).checkpoint
    return settings().runs_folder / found


def last_event(experiment_id: int) -> str:
    return ExperimentStore().events(experiment_id)[0].message


def words(run: ExperimentEntity) -> str:
    return " ".join(event.message for event in ExperimentStore().events(run.id))


def losses(experiment_id: int) -> list[tuple[float, float]]:
    rows = ExperimentStore().epochs(experiment_id)
    return [(row.values["train_loss"], row.values["val_loss"]) for row in rows]


def digest(experiment_id: int, name: str) -> str:
    stored = ExperimentStore().artifacts(experiment_id)
    return next(artifact.sha256 for artifact in stored if artifact.name == name)
