"""The files of an open run that go with it from host to host: its checkpoints and its log."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import orjson
import redis

from storage import progress
from storage.entities import StorageError
from storage.run_log import log_file, read
from storage.settings import settings
from storage.shared_files import shared_files

log = logging.getLogger("signalbench.runner")
LOG_SECONDS = 5.0
"""A log that grows is published no more often than this; Redis has the newest lines meanwhile."""
CHECKPOINTS = "checkpoints"


class SharedRun:
    """What one attempt shares; every call does nothing where hosts share no store."""

    def __init__(self, experiment_id: int, task_id: str, attempt: Path) -> None:
        """Set up.

        Args:
            experiment_id: The run.
            task_id: Of its live view.
            attempt: Working folder of this attempt.
        """
        self._id = experiment_id
        self._task_id = task_id
        self._attempt = attempt
        self._folder = attempt / CHECKPOINTS
        self._published: dict[Path, tuple[int, int]] = {}
        self._older_dropped = False
        self._next_log = 0.0

    def take_over(self, checkpoint: str) -> None:
        """Bring what an earlier attempt on another host left: its checkpoints and its log.

        Args:
            checkpoint: The committed one, relative to the runs folder; "" for none.

        Raises:
            SharedFilesError: The store is away for longer than we wait.
            OSError: The disk is full.
        """
        if not shared_files().remote:
            return
        if checkpoint:
            shared_files().ensure((settings().runs_folder / checkpoint).parent)
        _take_over_log(log_file(self._id))
        self._add_lines_from_redis()

    def publish_checkpoint(self) -> None:
        """Publish what is new in the folder of checkpoints, before the database points to it.

        Raises:
            SharedFilesError: The store is away for longer than we wait.
            OSError: A file cannot be read.
        """
        if not shared_files().remote:
            return
        for path in sorted(self._folder.glob("*")):
            if path.suffix == ".tmp" or path.name.startswith("."):
                continue
            state = (path.stat().st_size, path.stat().st_mtime_ns)
            if self._published.get(path) != state:
                shared_files().publish(path)
                self._published[path] = state

    def committed(self) -> None:
        """Drop what nothing points to any more, and share the log now and then."""
        if not shared_files().remote:
            return
        gone = [path for path in self._published if not path.exists()]
        shared_files().remove(gone)
        for path in gone:
            del self._published[path]
        if not self._older_dropped:
            self._older_dropped = True
            forget_attempts(self._id, attempt_number(self._attempt.name) - 1)
        if time.monotonic() >= self._next_log:
            self.publish_log()

    def publish_log(self) -> None:
        """Share the log as it is; nothing waits for it."""
        shared_files().offer(log_file(self._id))
        self._next_log = time.monotonic() + LOG_SECONDS

    def ended(self) -> None:
        """Drop the shared checkpoints of a run that is complete; its artifacts are stored."""
        forget_attempts(self._id, attempt_number(self._attempt.name))

    def _add_lines_from_redis(self) -> None:
        """Go on after the newest line anybody saw, though its writer died before sharing it."""
        path, known = log_file(self._id), read(self._id)
        last = known[-1]["id"] if known else 0
        try:
            lines = progress.read_log(self._task_id, last)
        except (redis.RedisError, OSError) as error:
            log.warning("Redis does not give the newest log lines: %s", error)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            for line in lines:
                file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def forget_attempts(experiment_id: int, newest: int | None = None) -> None:
    """Drop the shared working files of a run's attempts.

    Args:
        experiment_id: The run.
        newest: The last attempt to drop, since later ones may be somebody else's; None for all.
    """
    if not shared_files().remote:
        return
    base = settings().runs_folder.resolve() / str(experiment_id)
    try:
        names = {path.relative_to(base).parts[0] for path in shared_files().listed(base)}
    except StorageError as error:
        log.warning("Earlier checkpoints stay in the store: %s", error)
        return
    numbers = {name: attempt_number(name) for name in names}
    old = [name for name, n in numbers.items() if n >= 0 and (newest is None or n <= newest)]
    shared_files().forget(*(base / name for name in old))


def attempt_number(folder: str) -> int:
    """Give the fencing token in the name of an attempt's folder, -1 for another name."""
    word, _, number = folder.partition("-")
    return int(number) if word == "attempt" and number.isdecimal() else -1


def _take_over_log(path: Path) -> None:
    """Take the shared log unless ours only goes on where it ends."""
    shared = path.with_name(f".shared-{path.name}")
    shared_files().copy(path, shared)
    if not shared.exists():
        return
    ours = path.read_bytes() if path.exists() else b""
    if ours.startswith(shared.read_bytes()):
        shared.unlink()
    else:
        shared.replace(path)
