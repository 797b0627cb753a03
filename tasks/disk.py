"""The room on the disk of the data folder: how full it is, who is told, what is kept in reserve."""

from __future__ import annotations

import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from storage.database import write_session
from storage.models import Setting, utc_now
from storage.settings import settings
from storage.stores.notifications import Notice, announce
from storage.stores.workers import WorkerStore

log = logging.getLogger("signalbench.disk")
BALLAST_BYTES = 20_000_000
"""Room that is set free when the disk is full: else not even a failure could be written down."""
BALLAST_AGAIN_BYTES = 10 * BALLAST_BYTES
LEAST_BYTES = 200_000_000
"""With less than that a disk is full, however small it is."""
SLACK_PERCENT = 2.0
"""So far the disk must empty below a threshold before crossing it again is told again."""
Level = Literal["ok", "warning", "full"]


@dataclass(frozen=True)
class DiskState:
    """How full a disk is.

    Attributes:
        total_bytes: What we may use of it, used bytes included.
        free_bytes: What is left for us.
        level: "warning" and "full" from the percentages in the settings on.
    """

    total_bytes: int
    free_bytes: int
    level: Level

    @property
    def percent(self) -> float:
        """Give the used share, 0 to 100, as ``df`` counts it."""
        return 100.0 * (1 - self.free_bytes / self.total_bytes) if self.total_bytes else 100.0


def disk_state() -> DiskState:
    """Look at the disk of the data folder.

    Raises:
        OSError: The folder cannot be read.
    """
    usage = shutil.disk_usage(settings().data)
    total = usage.used + usage.free
    percent = 100.0 * usage.used / total if total else 100.0
    return DiskState(total, usage.free, _level(percent, usage.free))


def has_room_for_runs() -> bool:
    """Tell whether this host may start a run."""
    try:
        return disk_state().level != "full"
    except OSError:
        log.exception("The data folder cannot be read")
        return False


def refusal() -> str:
    """Say why no run is started here; "" while there is room."""
    try:
        state = disk_state()
    except OSError:
        return "The data folder cannot be read, so no run is started. Check SIGNALBENCH_DATA."
    return _full_sentence(state.percent, state.free_bytes) if state.level == "full" else ""


def why_runs_wait() -> str:
    """Say that the disk keeps waiting runs from starting; "" while a worker has room."""
    facts = [worker.facts for worker in WorkerStore().alive() if worker.slots]
    if not facts or any(found.get("disk_level") != "full" for found in facts):
        return ""
    emptiest = min(facts, key=lambda found: float(found.get("disk_percent", 100.0)))
    free = int(emptiest.get("disk_free_bytes", 0))
    return _full_sentence(float(emptiest.get("disk_percent", 100.0)), free)


def disk_facts() -> dict[str, Any]:
    """Give what a worker says of its disk with each sign of life; {} when it cannot be read."""
    try:
        state = disk_state()
    except OSError:
        return {}
    return {
        "disk_percent": round(state.percent, 1),
        "disk_free_bytes": state.free_bytes,
        "disk_level": state.level,
    }


class DiskWatch:
    """Keeps the ballast and tells people once when the disk crosses a threshold.

    Args:
        host: Whose disk it is; each host has one of its own.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._key = f"disk:{host}"[:64]
        self._known: str | None = None

    def look(self) -> None:
        """Look once; cheap while nothing changes."""
        try:
            state = disk_state()
            keep_ballast(state)
        except OSError as error:
            log.warning("The disk cannot be looked at: %s", error)
            return
        level = _settled(self._known, state)
        if level != self._known:
            self._known = self._tell(state)

    def _tell(self, state: DiskState) -> str:
        """Write the crossing down in one transaction, so that one of many workers tells it."""
        with write_session() as session:
            row = session.get(Setting, self._key, with_for_update=True)
            before = str(row.value.get("level", "ok")) if row is not None else "ok"
            level = _settled(before, state)
            if level != before:
                session.merge(Setting(key=self._key, value={"level": level}, updated_at=utc_now()))
                if "full" in (before, level) or level == "warning":
                    announce(session, _notice(self._host, before, level, state))
            return level


def ballast_file() -> Path:
    """Give the place of the reserve."""
    return settings().data / ".ballast"


def keep_ballast(state: DiskState) -> None:
    """Give up the reserve on a full disk, and make it again when there is room.

    Raises:
        OSError: The folder cannot be written.
    """
    exists = ballast_file().exists()
    if exists and state.free_bytes < BALLAST_BYTES:
        release_ballast()
    elif not exists and state.free_bytes > BALLAST_AGAIN_BYTES:
        _make_ballast()


def release_ballast() -> None:
    """Delete the reserve, because something small must be written on a full disk."""
    try:
        ballast_file().unlink()
        log.warning("The disk is full; the reserve of %d bytes was set free", BALLAST_BYTES)
    except FileNotFoundError:
        return


def _make_ballast() -> None:
    temporary = ballast_file().with_name(f".ballast.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            # A file that was only made long would take no room.
            os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
        temporary.replace(ballast_file())
    finally:
        temporary.unlink(missing_ok=True)


def _level(percent: float, free_bytes: int) -> Level:
    if percent >= settings().disk_full_percent or free_bytes < LEAST_BYTES:
        return "full"
    return "warning" if percent >= settings().disk_warning_percent else "ok"


def _settled(before: str | None, state: DiskState) -> str:
    """Give the level, staying on the higher one while the disk hovers around a threshold."""
    thresholds = {
        "full": settings().disk_full_percent,
        "warning": settings().disk_warning_percent,
    }
    order = ("ok", "warning", "full")
    if before in thresholds and order.index(before) > order.index(state.level):
        hovering = state.percent > thresholds[before] - SLACK_PERCENT
        return before if hovering else state.level
    return state.level


def _notice(host: str, before: str, level: str, state: DiskState) -> Notice:
    free = f"{state.free_bytes / 1e9:.1f} GB free"
    if level == "full":
        sentence = _full_sentence(state.percent, state.free_bytes)
        return Notice("error", "storage", f"The disk of {host} is full", sentence)
    if level == "warning" and before == "ok":
        text = (
            f"{state.percent:.0f} % of the data folder's disk are used ({free}). Settings → "
            "Storage shows what takes the room and what can go."
        )
        return Notice("warning", "storage", f"The disk of {host} fills up", text)
    text = f"{state.percent:.0f} % are used ({free}). Waiting runs start again."
    return Notice("info", "storage", f"The disk of {host} has room again", text)


def _full_sentence(percent: float, free_bytes: int) -> str:
    return (
        f"The disk of the data folder is {percent:.0f} % full ({free_bytes / 1e9:.1f} GB free), so "
        "no run is started. Make room, e.g. under Settings → Storage; waiting runs then start by "
        "themselves."
    )
