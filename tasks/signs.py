"""What a worker says of itself with each sign of life, beside what its machine is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psutil

from storage import progress
from storage.shared_files import shared_files
from storage.stores.workers import BEAT_SECONDS, WorkerEntity, WorkerStore
from tasks import machine


class Signs:
    """Watches Redis from a thread of its own, because a silent link answers late or never."""

    def __init__(self, busy: Callable[[], int]) -> None:
        """Begin to watch.

        Args:
            busy: Gives the runs that are being trained by this worker.
        """
        self._busy = busy
        self._began = time.monotonic()
        self._process = psutil.Process()
        self._redis_answers: bool | None = None
        threading.Thread(target=self._watch_redis, name="redis-watch", daemon=True).start()

    def now(self) -> dict[str, Any]:
        """Give alive_seconds, busy, rss_bytes and, whether Redis and the store answer."""
        return {
            "alive_seconds": round(time.monotonic() - self._began, 1),
            "busy": self._busy(),
            "rss_bytes": self._process.memory_info().rss,
            "redis": self._redis_answers,
            "files": shared_files().answers(),
        }

    def _watch_redis(self) -> None:
        while True:
            self._redis_answers = progress.ping()
            time.sleep(BEAT_SECONDS)


def forget_the_dead() -> None:
    """Take workers of this machine off the list whose process is gone: we do their work now."""

    def is_gone(worker: WorkerEntity) -> bool:
        return not psutil.pid_exists(int(worker.facts.get("pid", 0)))

    WorkerStore().forget_replaced(machine.host_name(), is_gone)
