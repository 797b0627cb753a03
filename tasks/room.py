"""Waiting while the disk is full: told once, and over by itself when there is room."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from typing import Literal

from integrations.core.contract import Control, Interrupted
from storage.settings import settings

ROOM_BYTES = 20_000_000
"""With that much free a write is tried again soon, else now and then: quotas do not show."""
SOON_SECONDS, NOW_AND_THEN_SECONDS, LOOK_SECONDS = 1.0, 5.0, 0.2
WAITING = "The disk is full; waiting for room. Delete old runs or data sets."
OVER = "There is room on the disk again; the run goes on."
What = Literal["files", "database"]


class Room:
    """What finds no room at present, and for how long training waited for it.

    Args:
        tell: Given level, kind and message of a line for the timeline.
    """

    def __init__(self, tell: Callable[[str, str, str], None]) -> None:
        self._tell = tell
        self._missing: set[What] = set()
        self._lock = threading.Lock()
        self._since = 0.0
        self._waited = 0.0

    @property
    def waited(self) -> float:
        """Seconds without training for want of room."""
        with self._lock:
            return self._waited + (time.monotonic() - self._since if self._missing else 0.0)

    def missing(self, what: What) -> bool:
        """Tell whether something finds no room."""
        return what in self._missing

    def lacks(self, what: What) -> None:
        """Note that something found no room; the first to do so tells it."""
        with self._lock:
            first = not self._missing
            self._missing.add(what)
            if first:
                self._since = time.monotonic()
        if first:
            self._tell("warning", "disk-full", WAITING)

    def found(self, what: What) -> None:
        """Note that something found room again."""
        with self._lock:
            if what not in self._missing:
                return
            self._missing.discard(what)
            last = not self._missing
            if last:
                self._waited += time.monotonic() - self._since
        if last:
            self._tell("info", "disk-room", OVER)

    def wait_for_files(self, order: Callable[[], Control]) -> None:
        """Wait until writing a file again may work.

        Args:
            order: Gives the newest order.

        Raises:
            Interrupted: An order to leave came meanwhile.
        """
        self.lacks("files")
        began = time.monotonic()
        while time.monotonic() - began < (SOON_SECONDS if _has_room() else NOW_AND_THEN_SECONDS):
            given = order()
            if given in (Control.PAUSE, Control.CANCEL):
                raise Interrupted(given)
            time.sleep(LOOK_SECONDS)


def _has_room() -> bool:
    return shutil.disk_usage(settings().data).free >= ROOM_BYTES
