"""What is done to the bench: each fault breaks something and may leave something to be mended."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis

from storage import progress
from storage.entities import Status
from storage.settings import settings
from tests.chaos.disk import SmallDisk
from tests.chaos.patient import Patient
from tests.chaos.postgres import Postgres
from tests.chaos.runs import State, states

MOST_STALLED = 1
"""A run that dies three times without an epoch is given up by design; we stop before."""
STOPPED_BEYOND_LEASE_SECONDS = 2.0
UNANSWERED_SECONDS = 20.0
AMID_BATCHES = 0.7
"""Share of the runners struck while they train; starting takes longer than training here."""


@dataclass
class Ward:
    """The bench and what else can be broken, with what is still to be mended.

    Attributes:
        stop_seconds: How long a process is held by SIGSTOP.
        full_seconds: How long the disk stays full.
        mends: (when, by time.monotonic; what to do), in no order.
    """

    patient: Patient
    dice: random.Random
    stop_seconds: float
    full_seconds: float
    disk: SmallDisk | None = None
    postgres: Postgres | None = None
    mends: list[tuple[float, Callable[[], bool]]] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """True while the disk is full."""
        return self.disk is not None and self.disk.is_full()

    def later(self, seconds: float, mend: Callable[[], bool]) -> None:
        """Mend something after a while; it is tried again until it gives True."""
        self.mends.append((time.monotonic() + seconds, mend))

    def mend_due(self) -> None:
        """Do what is due now."""
        now = time.monotonic()
        due = [mend for mend in self.mends if mend[0] <= now]
        for moment, mend in due:
            if mend():
                self.mends.remove((moment, mend))

    def victim(self, role: str) -> psutil.Process | None:
        """Give a random process of a role."""
        found = self.patient.processes(role)
        return self.dice.choice(found) if found else None


Fault = Callable[[Ward], str]
"""Breaks something and says what; "" when there was nothing to break."""


def kill(role: str) -> Fault:
    """Give the fault that ends a process by SIGKILL."""

    def strike(ward: Ward) -> str:
        process = _runner(ward) if role == "runner" else ward.victim(role)
        if process is None:
            return ""
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
        return f"kill -9 {role} {process.pid}"

    return strike


def hold(role: str) -> Fault:
    """Give the fault that stops a process beyond its lease and lets it go on."""

    def strike(ward: Ward) -> str:
        process = _runner(ward) if role == "runner" else ward.victim(role)
        if process is None:
            return ""
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()
            ward.later(ward.stop_seconds, lambda: _let_go(process))
        return f"SIGSTOP {role} {process.pid} for {ward.stop_seconds:.0f} s"

    return strike


def kill_everything(ward: Ward) -> str:
    """End all processes at once; the storm starts the one command again."""
    return f"kill -9 everything ({ward.patient.kill_everything()} processes)"


def drop_redis_connections(ward: Ward) -> str:
    """Close every client's connection on the server's side."""
    try:
        client = progress.connect(settings().redis_url)
        dropped = client.client_kill_filter(_type="normal", skipme=True)
        client.close()
    except (redis.RedisError, OSError):
        return ""
    return f"CLIENT KILL of {dropped} Redis connections"


def restart_postgres(ward: Ward) -> str:
    """Stop the database server, sometimes at once, and start it again after a moment."""
    assert ward.postgres is not None
    server = ward.postgres
    if not server.is_running():
        return ""
    immediate = ward.dice.random() < 0.5
    server.stop(immediate=immediate)
    ward.later(ward.dice.uniform(0.5, 3.0), server.start)
    return f"PostgreSQL stopped ({'immediate' if immediate else 'fast'}) and started"


def fill_disk(ward: Ward) -> str:
    """Take the last byte of the data folder's disk and give it back later."""
    assert ward.disk is not None
    if ward.disk.is_full():
        return ""
    ward.disk.fill()
    ward.later(ward.full_seconds, ward.disk.empty)
    return f"disk full for {ward.full_seconds:.0f} s"


def pause_and_resume(ward: Ward) -> str:
    """Order a pause as a user does, and a resume once it is paused."""
    running = [s for s in states() if s.status is Status.RUNNING and not s.control]
    if not running:
        return ""
    run = ward.dice.choice(running)
    answered = _post(ward, run, "pause")
    # An order without an answer may still be carried out a moment later.
    ward.later(1.0 if answered else UNANSWERED_SECONDS, lambda: _resume(ward, run.id))
    return f"pause and resume of run {run.id}"


def available(ward: Ward) -> dict[str, tuple[Fault, int]]:
    """Give the faults that can be done here, with their weights."""
    found: dict[str, tuple[Fault, int]] = {
        "kill runner": (kill("runner"), 5),
        "kill worker": (kill("worker"), 4),
        "kill web": (kill("web"), 2),
        "kill Redis": (kill("redis"), 2),
        "kill the one command": (kill("parent"), 1),
        "kill everything": (kill_everything, 2),
        "stop runner": (hold("runner"), 3),
        "stop worker": (hold("worker"), 2),
        "drop Redis connections": (drop_redis_connections, 2),
        "pause and resume": (pause_and_resume, 2),
    }
    if ward.postgres is not None:
        found["restart PostgreSQL"] = (restart_postgres, 3)
    if ward.disk is not None:
        found["fill the disk"] = (fill_disk, 1)
    return found


def plan(ward: Ward, count: int) -> list[str]:
    """Draw so many faults: each kind once, the rest by weight, in random order."""
    known = available(ward)
    names = list(known)
    drawn = names[:count]
    weights = [known[name][1] for name in names]
    drawn += ward.dice.choices(names, weights, k=count - len(drawn))
    ward.dice.shuffle(drawn)
    return drawn


def _runner(ward: Ward) -> psutil.Process | None:
    """Give a runner whose run may die once more without being given up."""
    fragile = {str(state.id) for state in states() if state.stalled > MOST_STALLED}
    found = [p for p in ward.patient.processes("runner") if not fragile & set(_words(p))]
    if ward.dice.random() < AMID_BATCHES:
        found = [p for p in found if list(ward.patient.trace.glob(f"*/*-{p.pid}"))]
    return ward.dice.choice(found) if found else None


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _let_go(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.resume()
    return True


def _post(ward: Ward, run: State, order: str) -> bool:
    try:
        ward.patient.http.post(f"/api/experiments/{run.id}/{order}")
    except OSError:
        return False
    return True


def _resume(ward: Ward, number: int) -> bool:
    """Resume a run if it is paused by now; True when nothing is left to do."""
    run = next((state for state in states() if state.id == number), None)
    if run is None:
        return False
    if run.status is Status.PAUSED:
        return _post(ward, run, "resume")
    return run.control != "pause"


def stop_seconds_for(lease_seconds: float) -> float:
    """Give how long to hold a process so that its lease is surely over."""
    return lease_seconds + STOPPED_BEYOND_LEASE_SECONDS


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def free_bytes(folder: Path) -> int:
    """Give the bytes left for ordinary users."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
