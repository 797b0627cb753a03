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

    Redis may be away or lose everything: when it is back the lists are written anew.
    """

    def __init__(self, task_id: str) -> None:
        self._task_id = task_id
        self._actions: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._snapshot: dict[str, Any] = {}
        self._dirty = False
        self._rows: list[dict[str, Any]] = []
        self._lines: list[dict[str, Any]] = []
        self._lists_are_stale = False
        self._ended = threading.Event()
        threading.Thread(target=self._send_all, name="broadcast", daemon=True).start()

    def begin(self, rows: list[dict[str, Any]], lines: list[dict[str, Any]]) -> None:
        """Make the live lists what was committed and logged before."""
        self._rows, self._lines = list(rows), list(lines)
        self._actions.put(self._write_lists)

    def update(self, **values: Any) -> None:
        """Change parts of the snapshot; sent within a fifth of a second."""
        with self._lock:
            self._snapshot.update(values)
            self._dirty = True

    def epoch(self, row: Mapping[str, Any]) -> None:
        """Append an epoch's row, together with the present snapshot."""
        with self._lock:
            snapshot, self._dirty = dict(self._snapshot), False
        self._actions.put(lambda: self._send_epoch(dict(row), snapshot))

    def line(self, line: dict[str, Any]) -> None:
        """Append a line of the run's log."""
        self._actions.put(lambda: self._send_line(line))

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
        if dirty or self._lists_are_stale:
            self._attempt(lambda: progress.write_snapshot(self._task_id, snapshot))

    def _send_epoch(self, row: dict[str, Any], snapshot: dict[str, Any]) -> None:
        self._rows.append(row)
        if self._lists_are_stale:
            return
        if progress.write_epoch(self._task_id, row, snapshot) != len(self._rows):
            self._write_lists()

    def _send_line(self, line: dict[str, Any]) -> None:
        self._lines.append(line)
        if not self._lists_are_stale:
            progress.append_log(self._task_id, line)

    def _write_lists(self) -> None:
        progress.reset(self._task_id, self._rows)
        progress.reset_log(self._task_id, self._lines)

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
            if self._lists_are_stale:
                self._write_lists()
                self._lists_are_stale = False
        except (redis.RedisError, OSError) as error:
            if not self._lists_are_stale:
                log.warning("Redis takes no live progress: %s", error)
            self._lists_are_stale = True


def task_id_of_job(job_id: int) -> str:
    """Give the task id under which a job's live progress is found."""
    return f"job-{job_id}"


def beat_seconds() -> float:
    """Time between two signs of life: a fifth of the lease."""
    return settings().lease_seconds / 5
