"""Sends live progress to Redis from a thread, so that training never waits for it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

import redis

from storage import progress
from storage.settings import settings

log = logging.getLogger("signalbench.broadcast")
PUBLISH_SECONDS = 0.2


class Broadcast:
    """The live view of one task: a snapshot that is replaced, epochs and log lines that grow.

    Redis may be away: what was sent meanwhile is dropped, the database has it all.
    """

    def __init__(self, task_id: str) -> None:
        self._task_id = task_id
        self._actions: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._snapshot: dict[str, Any] = {}
        self._dirty = False
        self._complained = False
        self._ended = threading.Event()
        threading.Thread(target=self._send_all, name="broadcast", daemon=True).start()

    def begin(self, rows: list[dict[str, float]], lines: list[dict[str, Any]]) -> None:
        """Make the live lists what was committed and logged before."""
        self._actions.put(lambda: progress.reset(self._task_id, rows))
        self._actions.put(lambda: progress.reset_log(self._task_id, lines))

    def update(self, **values: Any) -> None:
        """Change parts of the snapshot; sent within a fifth of a second."""
        with self._lock:
            self._snapshot.update(values)
            self._dirty = True

    def epoch(self, row: Mapping[str, Any]) -> None:
        """Append an epoch's row, together with the present snapshot."""
        with self._lock:
            snapshot, self._dirty = dict(self._snapshot), False
        self._actions.put(lambda: progress.write_epoch(self._task_id, dict(row), snapshot))

    def line(self, level: str, message: str) -> None:
        """Append a log line."""
        self._actions.put(lambda: progress.write_log(self._task_id, level, message))

    def close(self, seconds: float = 2.0) -> None:
        """Send what is left and end; gives up when Redis does not take it in time."""
        self._actions.put(None)
        self._ended.wait(seconds)

    def _send_all(self) -> None:
        while True:
            try:
                action = self._actions.get(timeout=PUBLISH_SECONDS)
            except queue.Empty:
                self._send_snapshot()
                continue
            if action is None:
                self._send_snapshot()
                self._ended.set()
                return
            self._attempt(action)

    def _send_snapshot(self) -> None:
        with self._lock:
            snapshot, dirty, self._dirty = dict(self._snapshot), self._dirty, False
        if dirty:
            self._attempt(lambda: progress.write_snapshot(self._task_id, snapshot))

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
            self._complained = False
        except (redis.RedisError, OSError) as error:
            if not self._complained:
                log.warning("Redis takes no live progress: %s", error)
            self._complained = True


def task_id_of_job(job_id: int) -> str:
    """Give the task id under which a job's live progress is found."""
    return f"job-{job_id}"


def beat_seconds() -> float:
    """Time between two signs of life: a fifth of the lease."""
    return settings().lease_seconds / 5
