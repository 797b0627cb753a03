"""Watches a run's child from outside: its memory, and whether it still obeys."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import time

from sqlalchemy.exc import SQLAlchemyError

from storage.entities import LeaseLostError
from storage.stores.leases import Lease
from storage.stores.runs import RunStore
from tasks.memory import MemoryWatch

log = logging.getLogger("signalbench.supervisor")
LOOK_SECONDS = 1.0
OBEY_SECONDS = 10.0
"""A child that did not obey a pause or cancel order by then is hung; it is killed."""
LOST_SECONDS = 30.0
"""The same for one whose run belongs to somebody else, or has ended."""


class Guard:
    """Looks at the child of one run; killing it is safe at any moment."""

    def __init__(self, child: subprocess.Popen[bytes], lease: Lease) -> None:
        self.memory = MemoryWatch(child.pid)
        self._child = child
        self._lease = lease
        self._runs = RunStore()
        self._next = 0.0
        self._seconds_before = self._seconds()
        self._unheard = ""
        self._since = 0.0

    def look(self) -> None:
        """Look once a second; cheap in between."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LOOK_SECONDS
        self.memory.sample()
        order = self._order()
        if order is None:
            return
        if order != self._unheard:
            self._unheard, self._since = order, now
        patience = {"": float("inf"), "lost": LOST_SECONDS}.get(order, OBEY_SECONDS)
        if now - self._since > patience:
            log.warning("Process %d is hung (%s); killing it", self._child.pid, order)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)

    def child_beats(self) -> bool:
        """Tell whether the child holds its lease itself by now."""
        return self._seconds() > self._seconds_before

    def _seconds(self) -> float:
        try:
            return self._runs.claimed(self._lease).seconds
        except (LeaseLostError, SQLAlchemyError):
            return 0.0

    def _order(self) -> str | None:
        """Give the order to leave, "lost" without a claim, "" for none, None when nobody knows."""
        try:
            order = self._runs.control(self._lease)
        except LeaseLostError:
            return "lost"
        except SQLAlchemyError as error:
            log.debug("The database does not say the order: %s", error)
            return None
        return order if order in ("pause", "cancel") else ""
