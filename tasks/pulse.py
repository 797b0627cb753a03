"""A run's heartbeat: keeps the lease, learns of orders, and ends the process when it must.

Ending at once is safe at any moment: checkpoints are written atomically and epochs committed in
one transaction, so a process that vanishes loses at most the epoch it was in.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from storage.entities import LeaseLostError
from storage.settings import settings
from storage.stores.leases import Lease
from storage.stores.runs import RunStore
from tasks import exit_codes
from tasks.broadcast import Broadcast, beat_seconds
from tasks.machine import Usage
from tasks.parent import wait_for_end_of_input

log = logging.getLogger("signalbench.pulse")
TICK_SECONDS = 0.4
USAGE_SECONDS = 1.0
OBEY_SECONDS = 3.0
"""Time a fit has to leave by itself after a pause or cancel order."""
HANG_SECONDS = 1800.0
LAST_WORD_SECONDS = 0.5
LEAVING = ("pause", "cancel")


class Pulse:
    """Beats in a thread from before the heavy imports until the run has ended."""

    def __init__(self, lease: Lease, broadcast: Broadcast, seconds_before: float) -> None:
        self.lease = lease
        self.control = ""
        self.fraction = 0.0
        self.in_fit = False
        self._broadcast = broadcast
        self._runs = RunStore()
        self._seconds_before = seconds_before
        self._began = time.monotonic()
        self._last_beat = _boot_time()
        self._sign = time.monotonic()
        self._ordered_at = 0.0
        self._done = threading.Event()
        self._ending = threading.Lock()

    def start(self) -> None:
        """Begin to beat, and to leave when the worker does."""
        for target in (self._beat_on, self._follow_worker):
            threading.Thread(target=target, name=target.__name__, daemon=True).start()
        signal.signal(signal.SIGTERM, self._on_signal)

    def stop(self) -> None:
        """Beat no more, because the run's last word is about to be committed."""
        with self._ending:
            self._done.set()

    def sign_of_life(self) -> None:
        """Note that the fit is not hanging."""
        self._sign = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time spent on the run, earlier attempts included."""
        return self._seconds_before + time.monotonic() - self._began

    def _beat_on(self) -> None:
        usage, next_beat, next_usage = Usage(), 0.0, 0.0
        while not self._done.wait(TICK_SECONDS):
            now = time.monotonic()
            try:
                self._learn_order()
                if now >= next_beat:
                    next_beat = now + beat_seconds()
                    self._beat()
            except LeaseLostError:
                self._leave(exit_codes.LEASE_LOST)
            except SQLAlchemyError as error:
                log.warning("The database did not take a beat: %s", error)
            if now >= next_usage:
                next_usage = now + USAGE_SECONDS
                self._broadcast.update(system=usage.now())
            self._judge()

    def _learn_order(self) -> None:
        order = self._runs.control(self.lease)
        if order != self.control:
            self.control, self._ordered_at = order, time.monotonic()

    def _beat(self) -> None:
        began = _boot_time()
        self._runs.beat(self.lease, settings().lease_seconds, round(self.fraction, 4))
        self._last_beat = began

    def _judge(self) -> None:
        """End the process when it is no longer wanted, or no longer worth anything."""
        now = time.monotonic()
        if _boot_time() > self._last_beat + settings().lease_seconds:
            self._leave(exit_codes.LEASE_LOST)
        if self.control in LEAVING:
            patience = OBEY_SECONDS if self.in_fit else 0.0
            if now - self._ordered_at >= patience:
                self._attempt(lambda: self._runs.obeyed(self.lease, self.control, self.seconds))
                self._say_last("paused" if self.control == "pause" else "cancelled")
                self._leave(exit_codes.DONE)
        if self.in_fit and now - self._sign > HANG_SECONDS:
            self._leave(exit_codes.HUNG)

    def _follow_worker(self) -> None:
        """Leave when the worker closes our standard input, in order or by dying."""
        wait_for_end_of_input()
        self._hand_back()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=self._hand_back, daemon=True).start()

    def _hand_back(self) -> None:
        if self._done.is_set():
            return
        why = "Handed back because the worker was stopped; it goes on from its last checkpoint."
        self._attempt(lambda: self._runs.hand_back(self.lease, why))
        self._say_last("pending")
        self._leave(exit_codes.HANDED_BACK)

    def _say_last(self, status: str) -> None:
        self._broadcast.update(status=status, message=f"{status.capitalize()}.", eta_seconds=None)
        self._broadcast.close(LAST_WORD_SECONDS)

    def _attempt(self, write: Callable[[], None]) -> None:
        try:
            write()
        except (LeaseLostError, SQLAlchemyError) as error:
            log.warning("Leaving without a word in the database: %s", error)

    def _leave(self, code: int) -> None:
        with self._ending:
            if not self._done.is_set():
                sys.stderr.flush()
                os._exit(code)


def _boot_time() -> float:
    # The monotonic clock stands still while a laptop sleeps; a lease does not.
    return time.clock_gettime(time.CLOCK_BOOTTIME)
