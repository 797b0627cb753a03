"""Starts the probes of this machine's speed while nothing waits and nothing runs."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from integrations.registry import families
from storage.settings import REPOSITORY, settings
from storage.stores.job_runs import JobRunStore
from storage.stores.runs import RunStore
from tasks.forecast import probed_speeds
from tasks.gpus import take_gpu
from tasks.machine import host_name, threads_per_run
from tasks.supervisor import end_group, environment

log = logging.getLogger("signalbench.worker")
IDLE_SECONDS = 5.0
WATCH_SECONDS = 0.2
MOST_TRIES = 2


def probe_when_idle(busy: Callable[[], bool], leave: threading.Event) -> None:
    """Measure every family that was not measured on this host, one after the other, and return.

    A run or job that comes ends the probe at once; it is made again later.

    Args:
        busy: Tells whether this worker runs anything.
        leave: Set when the worker stops.
    """
    tries: Counter[str] = Counter()
    while not leave.wait(IDLE_SECONDS):
        try:
            wanted = [name for name in _unmeasured() if tries[name] < MOST_TRIES]
            if not wanted:
                return
            if not busy() and not _waiting() and not _probe(wanted[0], busy, leave):
                tries[wanted[0]] += 1
        except (SQLAlchemyError, OSError) as error:
            log.warning("The machine's speed cannot be measured now: %s", error)


def _unmeasured() -> list[str]:
    asked = settings().probe
    chosen = [name for name in families() if asked == "all" or name in asked.split(",")]
    measured = probed_speeds(host_name())
    return [name for name in chosen if name not in measured]


def _waiting() -> bool:
    return bool(RunStore().waiting() or JobRunStore().waiting())


def _probe(name: str, busy: Callable[[], bool], leave: threading.Event) -> bool:
    """Run one probe to its end; False when it failed, True when it was done or had to give way."""
    output = settings().data / "jobs" / "probe.txt"
    output.parent.mkdir(parents=True, exist_ok=True)
    gpu = take_gpu()
    with output.open("wb") as file:
        child = subprocess.Popen(
            [sys.executable, "-m", "tasks.probe", name],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            cwd=REPOSITORY,
            env=environment(threads_per_run(), gpu),
            pass_fds=(gpu.descriptor,) if gpu else (),
            start_new_session=True,
        )
    if gpu is not None:
        gpu.release()
    try:
        while child.poll() is None:
            if leave.wait(WATCH_SECONDS) or busy():
                return True
    finally:
        end_group(child)
    if child.returncode:
        log.warning("The speed of %s was not measured, see %s", name, output)
    return child.returncode == 0
