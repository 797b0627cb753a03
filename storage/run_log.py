"""The log of a run as a file, so that it outlives Redis and the worker."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import orjson

from storage.settings import settings


def log_file(experiment_id: int) -> Path:
    """Give the place of a run's log, one JSON object a line: {id, time, level, message}."""
    return settings().runs_folder / str(experiment_id) / "log.jsonl"


class RunLog:
    """Appends lines to a run's log; ids go on where an earlier attempt ended.

    Lines that find no room are kept, and written before the next one that finds some.
    """

    def __init__(self, experiment_id: int) -> None:
        self._path = log_file(experiment_id)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._last = last_id(experiment_id)
        self._unwritten = b"" if _ends_whole(self._path) else b"\n"

    def append(self, level: str, message: str) -> dict[str, Any]:
        """Write one line and give it with its id; a full disk delays it."""
        self._last += 1
        line = {"id": self._last, "time": time.time(), "level": level, "message": message}
        self._unwritten += orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        if _appended(self._path, self._unwritten):
            self._unwritten = b""
        return line


def read(experiment_id: int, since: int = 0) -> list[dict[str, Any]]:
    """Give the lines with an id greater than ``since``; a torn last line is left out."""
    return read_file(log_file(experiment_id), since)


def read_file(path: Path, since: int = 0) -> list[dict[str, Any]]:
    """Give the lines of a log that lies elsewhere, as ``read`` does."""
    try:
        raw = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    lines = []
    for text in raw:
        try:
            line = orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        if line["id"] > since:
            lines.append(line)
    return lines


def last_id(experiment_id: int) -> int:
    """Give the id of the newest line, 0 when there is none."""
    lines = read(experiment_id)
    return lines[-1]["id"] if lines else 0


def _appended(path: Path, lines: bytes) -> bool:
    """Append all or nothing; False when there was no room."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError:
        return False
    try:
        size = os.fstat(file).st_size
        try:
            whole = os.write(file, lines) == len(lines)
        except OSError:
            whole = False
        if not whole:
            os.ftruncate(file, size)
        return whole
    finally:
        os.close(file)


def _ends_whole(path: Path) -> bool:
    """Tell whether the last line is complete; a kill can leave a piece of one."""
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
    except FileNotFoundError:
        return True
