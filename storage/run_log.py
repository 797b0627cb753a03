"""The log of a run as a file, so that it outlives Redis and the worker."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import orjson

from storage.settings import settings


def log_file(experiment_id: int) -> Path:
    """Give the place of a run's log, one JSON object a line: {id, time, level, message}."""
    return settings().runs_folder / str(experiment_id) / "log.jsonl"


class RunLog:
    """Appends lines to a run's log; ids go on where an earlier attempt ended."""

    def __init__(self, experiment_id: int) -> None:
        self._path = log_file(experiment_id)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._last = last_id(experiment_id)

    def append(self, level: str, message: str) -> dict[str, Any]:
        """Write one line and give it with its id.

        Raises:
            OSError: The disk is full.
        """
        self._last += 1
        line = {"id": self._last, "time": time.time(), "level": level, "message": message}
        with self._path.open("ab") as file:
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        return line


def read(experiment_id: int, since: int = 0) -> list[dict[str, Any]]:
    """Give the lines with an id greater than ``since``; a torn last line is left out."""
    try:
        raw = log_file(experiment_id).read_bytes().splitlines()
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
