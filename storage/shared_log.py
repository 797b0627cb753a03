"""The log of a run that another host writes: its newest lines from Redis, else the shared file."""

from __future__ import annotations

import logging
import time
from typing import Any

import redis

from storage import progress, run_log
from storage.entities import StorageError
from storage.settings import settings
from storage.shared_files import shared_files

log = logging.getLogger("signalbench.files")
LOOK_SECONDS = 5.0
_looked: dict[int, float] = {}


def read_log(experiment_id: int, task_id: str, since: int = 0) -> list[dict[str, Any]]:
    """Give the lines with an id greater than ``since``, wherever the run is or was.

    Args:
        experiment_id: The run.
        task_id: Of its live view.
        since: Number of the last line that is known.
    """
    if not shared_files().remote:
        return run_log.read(experiment_id, since) or _live(task_id, since)
    return _live(task_id, since) or _shared(experiment_id, since)


def _live(task_id: str, since: int) -> list[dict[str, Any]]:
    try:
        return progress.read_log(task_id, since)
    except (redis.RedisError, OSError) as error:
        log.info("Redis does not give log lines: %s", error)
        return []


def _shared(experiment_id: int, since: int) -> list[dict[str, Any]]:
    """Read our copy; the store is asked for a newer one at most once in some seconds."""
    source = run_log.log_file(experiment_id)
    kept = settings().data / "cache" / "logs" / f"{experiment_id}.jsonl"
    now = time.monotonic()
    if now >= _looked.get(experiment_id, 0.0) or not kept.exists():
        _looked[experiment_id] = now + LOOK_SECONDS
        try:
            shared_files().refresh(source, kept)
        except StorageError as error:
            log.warning("The log of experiment %d is not at hand: %s", experiment_id, error)
    return run_log.read_file(kept, since)
