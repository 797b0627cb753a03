"""Rings the bell from a thread of its own, so that no caller ever waits for Redis."""

from __future__ import annotations

import logging
import queue
import threading
from functools import cache

log = logging.getLogger("signalbench.bell")


class Bell:
    """Publishes "look" messages; a lost one only means that a worker finds the row by polling."""

    def __init__(self) -> None:
        self._wanted: queue.SimpleQueue[str | threading.Event] = queue.SimpleQueue()
        threading.Thread(target=self._publish_all, name="bell", daemon=True).start()

    def ring(self, queue_name: str = "normal") -> None:
        """Ask for a message on a queue; returns at once and never raises."""
        self._wanted.put(queue_name)

    def flush(self, seconds: float) -> None:
        """Wait until what was asked for is published, or given up; for programs that end soon."""
        done = threading.Event()
        self._wanted.put(done)
        done.wait(seconds)

    def _publish_all(self) -> None:
        # Imported here: Celery takes a third of a second, and a page must not wait for it.
        from kombu.exceptions import OperationalError
        from redis import RedisError

        from tasks.broker import LOOK, make_celery

        celery = None
        while True:
            name = self._wanted.get()
            if isinstance(name, threading.Event):
                name.set()
                continue
            try:
                celery = celery or make_celery()
                celery.send_task(LOOK, queue=name, retry=False)
            except (OperationalError, RedisError, OSError) as error:
                log.warning("Redis gave no answer, workers will find the run by looking: %s", error)


@cache
def bell() -> Bell:
    """Give this process's bell."""
    return Bell()


LEAST_URGENT, LEAST_NORMAL = 7, 4


def queue_of(priority: int) -> str:
    """Give the queue for a priority (0–9); the order itself is the database's."""
    if priority >= LEAST_URGENT:
        return "high"
    return "normal" if priority >= LEAST_NORMAL else "low"
