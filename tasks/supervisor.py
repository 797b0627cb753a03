"""Starts a child process for a claimed run or job and watches it to its end."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from storage.entities import LeaseLostError
from storage.run_log import RunLog
from storage.settings import REPOSITORY, settings
from storage.stores.job_runs import JobRunStore
from storage.stores.leases import Lease
from storage.stores.runs import RunStore
from tasks import exit_codes
from tasks.broadcast import beat_seconds
from tasks.gpus import VISIBLE, GpuPlace, gpu_for_run
from tasks.guard import Guard
from tasks.machine import threads_of_run, threads_per_run
from tasks.memory import MemoryWatch
from tasks.run_death import death_of_run
from tasks.sentences import death
from tasks.time_limit import duration

log = logging.getLogger("signalbench.supervisor")
WATCH_SECONDS = 0.1
STARTING_SECONDS = 60.0
"""So long we beat for a child: on a busy machine its imports alone can take longer than a lease."""
LEAVE_SECONDS = 4.0
"""Time a child has to hand its work back; then it is killed."""
RECORD_SECONDS = 60.0
"""How long to try to write a child's end into a database that is away."""
ENDINGS = (exit_codes.DONE, exit_codes.HANDED_BACK, exit_codes.LEASE_LOST)
LEFT_BEHIND = "Handed back because the worker was stopped; it goes on from its last checkpoint."
LAST_LINES, LAST_BYTES = 5, 2000


@dataclass(frozen=True)
class Work:
    """A claimed run or job and how its child is started."""

    lease: Lease
    module: str
    threads: int
    output: Path
    store: RunStore | JobRunStore
    gpu: GpuPlace | None = None

    @property
    def name(self) -> str:
        """Words for the log."""
        return f"{self.module.removeprefix('tasks.')} {self.lease.id}"

    @property
    def about(self) -> dict[str, int]:
        """What joins each log line about it."""
        subject = "experiment" if isinstance(self.store, RunStore) else "job"
        return {subject: self.lease.id, "token": self.lease.token}


def run_work(lease: Lease) -> Work:
    """Describe the child of an experiment."""
    folder = settings().runs_folder / str(lease.id)
    folder.mkdir(parents=True, exist_ok=True)
    threads = threads_of_run(lease.id)
    gpu = gpu_for_run(lease.id)
    return Work(lease, "tasks.runner", threads, folder / "output.txt", RunStore(), gpu)


def job_work(lease: Lease) -> Work:
    """Describe the child of a job."""
    folder = settings().data / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / f"{lease.id}.txt"
    return Work(lease, "tasks.job_runner", threads_per_run(), output, JobRunStore())


def supervise(work: Work, leave: threading.Event) -> None:
    """Run a child to its end, and see to it that its end is in the database.

    Args:
        work: What to start.
        leave: Set when this worker stops; the child then hands its work back.
    """
    try:
        child = _start(work)
    finally:
        if work.gpu is not None:
            # The child keeps the GPU from here on, also when we die before it.
            work.gpu.release()
    log.info("Started %s as process %d", work.name, child.pid)
    guard = Guard(child, work.lease) if isinstance(work.store, RunStore) else None
    try:
        how = _watch(child, work, leave, guard)
    finally:
        end_group(child)
    if guard is not None:
        _remember_memory(work, guard.memory)
    if how is not None:
        _record(work, lambda: work.store.fail(work.lease, how))
    elif child.returncode not in ENDINGS:
        log.warning("%s died with code %d, see %s", work.name, child.returncode, work.output)
        _record_death(work, child.returncode, guard, leaving=leave.is_set())


def _record_death(work: Work, code: int, guard: Guard | None, *, leaving: bool) -> None:
    store = work.store
    if isinstance(store, JobRunStore):
        back = store.hand_back if leaving else lambda lease: store.crashed(lease, death(code))
        _record(work, lambda: back(work.lease))
    elif leaving:
        # It was too busy to leave by itself; the next worker need not wait for its lease.
        _record(work, lambda: store.hand_back(work.lease, LEFT_BEHIND))
    else:
        how, advice = death_of_run(work.lease.id, code, guard.memory if guard else None)
        _write_last_lines(work)
        _record(work, lambda: store.crashed(work.lease, how, advice))


def _write_last_lines(work: Work) -> None:
    """Put the last words of a dead process into its run's log."""
    try:
        with work.output.open("rb") as file:
            file.seek(max(0, work.output.stat().st_size - LAST_BYTES))
            lines = file.read().decode(errors="replace").splitlines()[-LAST_LINES:]
    except OSError as error:
        log.warning("The output of %s cannot be read: %s", work.name, error)
        return
    if lines:
        RunLog(work.lease.id).append("error", "Its last words: " + "\n".join(lines))


def _remember_memory(work: Work, memory: MemoryWatch) -> None:
    try:
        RunStore().used_memory(work.lease.id, memory.peak_bytes)
    except SQLAlchemyError as error:
        log.warning("The memory of %s is not remembered: %s", work.name, error)


def _start(work: Work) -> subprocess.Popen[bytes]:
    with work.output.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", work.module, str(work.lease.id), str(work.lease.token)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd=REPOSITORY,
            env=environment(work.threads, work.gpu),
            pass_fds=(work.gpu.descriptor,) if work.gpu else (),
            start_new_session=True,
        )


def _watch(
    child: subprocess.Popen[bytes], work: Work, leave: threading.Event, guard: Guard | None
) -> str | None:
    """Wait for the end; a sentence means that a job's time limit was reached, runs mind theirs."""
    limit = settings().time_limit_seconds
    began = time.monotonic()
    next_beat = began + beat_seconds()
    while child.poll() is None:
        if leave.wait(WATCH_SECONDS):
            _ask_to_leave(child)
            return None
        now = time.monotonic()
        if next_beat <= now < began + STARTING_SECONDS:
            next_beat = now + beat_seconds()
            if guard is None or not guard.child_beats():
                _beat_for(work)
        if guard is not None:
            guard.look()
        elif now > began + limit:
            return (
                f"It was ended after {duration(limit)}, the longest time allowed. Raise "
                "SIGNALBENCH_TIME_LIMIT_SECONDS, then order it again."
            )
    return None


def _beat_for(work: Work) -> None:
    try:
        work.store.beat(work.lease, settings().lease_seconds)
    except LeaseLostError:
        log.debug("%s has ended or belongs to another worker", work.name)
    except SQLAlchemyError as error:
        log.warning("The database did not take a beat: %s", error)


def _ask_to_leave(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None  # noqa: S101 - PIPE was asked for
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(LEAVE_SECONDS)


def end_group(child: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the child's session: a dead runner may have children of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()


def _record(work: Work, write: Callable[[], None]) -> None:
    deadline = time.monotonic() + RECORD_SECONDS
    while True:
        try:
            write()
            return
        except LeaseLostError:
            return
        except SQLAlchemyError as error:
            log.warning("The end of %s could not be written: %s", work.name, error)
            if time.monotonic() > deadline:
                return
            time.sleep(1.0)


def environment(threads: int, gpu: GpuPlace | None = None) -> dict[str, str]:
    """Give a child's environment: ours, with a number of threads for every library.

    Args:
        threads: CPU threads of the child.
        gpu: The GPU it may use; without one it trains on the CPU.
    """
    counts = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    # Waiting OpenMP threads otherwise spin: beside any other busy program on two cores a training
    # step then took 20 to 60 times as long (measured); asleep they cost it next to nothing.
    patience = {"OMP_WAIT_POLICY": "PASSIVE"}
    return {
        **os.environ,
        **dict.fromkeys(counts, str(threads)),
        **patience,
        VISIBLE: gpu.name if gpu else "",
        "PYTHONUNBUFFERED": "1",
    }
