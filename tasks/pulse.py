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

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from integrations.core.contract import Control
from storage.database import out_of_room
from storage.entities import LeaseLostError
from storage.settings import settings
from storage.stores.leases import Lease
from storage.stores.runs import RunStore
from tasks import exit_codes
from tasks.broadcast import Broadcast, beat_seconds
from tasks.machine import Usage
from tasks.parent import wait_for_end_of_input
from tasks.room import Room
from tasks.time_limit import TimeLimit

log = logging.getLogger("signalbench.pulse")
TICK_SECONDS = 0.4
USAGE_SECONDS = 1.0
OBEY_SECONDS = 3.0
"""Time a fit has to leave by itself after a pause or cancel order."""
HAND_BACK_SECONDS = 2.8
"""The same when the worker leaves, which kills us after a little more."""
HANG_SECONDS = 1800.0
LAST_WORD_SECONDS = 0.5
AGAIN_SECONDS = 0.5
LEAVING = ("pause", "cancel")
HANDED_BACK = "Handed back because the worker was stopped; it goes on {where}."


class Pulse:
    """Beats in a thread from before the heavy imports until the run has ended."""

    def __init__(self, lease: Lease, broadcast: Broadcast, limit: TimeLimit) -> None:
        self.lease = lease
        self.limit = limit
        self.control = ""
        self.leaving = False
        self.fraction = 0.0
        self.in_fit = False
        self.room = Room(self._tell)
        self._broadcast = broadcast
        self._runs = RunStore()
        self._notes: list[tuple[str, str, str]] = []
        self._noting = threading.Lock()
        self._began = time.monotonic()
        self._last_beat = _boot_time()
        self._beaten = False
        self._sign = time.monotonic()
        self._ordered_at = 0.0
        self._out_of_time = False
        self._done = threading.Event()
        self._ending = threading.RLock()

    def start(self) -> None:
        """Begin to beat, and to leave when the worker does."""
        for target in (self._beat_on, self._follow_worker):
            threading.Thread(target=target, name=target.__name__, daemon=True).start()
        signal.signal(signal.SIGTERM, self._on_signal)

    def sign_of_life(self) -> None:
        """Note that the fit is not hanging."""
        self._sign = time.monotonic()

    @property
    def seconds(self) -> float:
        """Training time of the run, earlier attempts included."""
        return self.limit.spent + time.monotonic() - self._began - self.room.waited

    @property
    def out_of_time(self) -> bool:
        """True once the run was told to stop because its time limit is near."""
        return self._out_of_time

    def order(self) -> Control:
        """Give the newest order; returns only to the owner of the run.

        A process that was stopped or suspended beyond its lease ends here before it computes
        another batch, unless nobody took the run over meanwhile.
        """
        self.sign_of_life()
        while (self._lapsed() or not self._beaten) and not self.leaving:
            self._renew()
        if self.control == "cancel":
            return Control.CANCEL
        if self.control == "pause" or self.leaving:
            return Control.PAUSE
        return Control.STOP if self.control == "stop" or self._out_of_time else Control.RUN

    def wait_for_room(self, error: OSError) -> None:
        """Wait until writing a file again may work, ready for orders.

        Raises:
            Interrupted: An order to leave came meanwhile.
        """
        log.warning("There is no room for a file: %s", error)
        self.room.wait_for_files(self.order)

    def note(self, level: str, kind: str, message: str) -> None:
        """Add a line to the timeline; while the database is away it waits for a later beat.

        Raises:
            LeaseLostError: Another worker owns the run.
        """
        with self._noting:
            self._notes.append((level, kind, message))
        try:
            self._write_notes()
        except SQLAlchemyError as error:
            self._trouble(error)

    def last_word(self, write: Callable[[], None], patience: float = float("inf")) -> None:
        """Commit how the run ended; the heart beats until that is in the database.

        Args:
            write: The last transaction.
            patience: Seconds after which the process leaves without it; the keeper then gives
                the run back, or obeys its order.

        Raises:
            LeaseLostError: Another worker owns the run.
        """
        deadline = time.monotonic() + patience
        while True:
            try:
                if self.room.missing("database"):
                    self._beat()
                self._write_notes()
                with self._ending:
                    write()
                    self._done.set()
                return
            except OperationalError as error:
                self._trouble(error)
            if time.monotonic() > deadline:
                self._leave(exit_codes.LEASE_LOST)
            time.sleep(AGAIN_SECONDS)

    def _beat_on(self) -> None:
        usage, next_beat, next_usage = Usage(), 0.0, 0.0
        while not self._done.wait(TICK_SECONDS):
            now = time.monotonic()
            try:
                if now >= next_beat:
                    next_beat = now + beat_seconds()
                    self._talk(beat=True)
                else:
                    self._talk(beat=False)
                if now >= next_usage:
                    next_usage = now + USAGE_SECONDS
                    self._broadcast.update(system=usage.now())
                self._judge()
            except LeaseLostError:
                self._leave(exit_codes.LEASE_LOST)

    def _talk(self, *, beat: bool) -> None:
        """Hear the standing order, and say that we live."""
        try:
            self._learn_order()
            if beat:
                self._beat()
                self._write_notes()
        except SQLAlchemyError as error:
            self._trouble(error)

    def _learn_order(self) -> None:
        order = self._runs.control(self.lease)
        if order != self.control:
            self.control, self._ordered_at = order, time.monotonic()

    def _beat(self) -> None:
        began = _boot_time()
        progress, seconds = round(self.fraction, 4), round(self.seconds, 2)
        self._runs.beat(self.lease, settings().lease_seconds, progress, seconds)
        self._last_beat, self._beaten = began, True
        self.room.found("database")

    def _write_notes(self) -> None:
        with self._noting:
            while self._notes:
                self._runs.note(self.lease, *self._notes[0])
                del self._notes[0]

    def _trouble(self, error: SQLAlchemyError) -> None:
        log.warning("The database did not take a write: %s", error)
        if out_of_room(error):
            self.room.lacks("database")

    def _lapsed(self) -> bool:
        return _boot_time() > self._last_beat + settings().lease_seconds

    def _renew(self) -> None:
        """Beat once more: the token tells whether the run is still ours.

        A full disk is waited out, as then nobody else can take the run either.
        """
        try:
            self._beat()
        except LeaseLostError:
            self._leave(exit_codes.LEASE_LOST)
        except SQLAlchemyError as error:
            self._trouble(error)
            if self._lapsed() and not out_of_room(error):
                self._leave(exit_codes.LEASE_LOST)
            self.sign_of_life()
            time.sleep(AGAIN_SECONDS)

    def _judge(self) -> None:
        """End the process when it is no longer wanted, or no longer worth anything."""
        now = time.monotonic()
        if self._lapsed() and not self.room.missing("database"):
            self._leave(exit_codes.LEASE_LOST)
        if self.control in LEAVING:
            patience = OBEY_SECONDS if self.in_fit else 0.0
            if now - self._ordered_at >= patience:
                word = "paused" if self.control == "pause" else "cancelled"
                self._end(
                    lambda: self._runs.obeyed(self.lease, self.control, self.seconds),
                    word,
                    exit_codes.DONE,
                )
        self._mind_time()
        if self.in_fit and now - self._sign > HANG_SECONDS:
            self._leave(exit_codes.HUNG)

    def _mind_time(self) -> None:
        seconds = self.seconds
        if seconds > self.limit.stops_at and self.in_fit and not self._out_of_time:
            self._out_of_time = True
            if self.control not in (*LEAVING, "stop"):
                self._tell("warning", "time-limit", self.limit.near)
        if seconds > self.limit.ends_at:
            self._end(
                lambda: self._runs.fail(self.lease, self.limit.ended),
                "failed",
                exit_codes.DONE,
                self.limit.ended,
            )

    def _follow_worker(self) -> None:
        """Leave when the worker closes our standard input, in order or by dying."""
        wait_for_end_of_input()
        self._hand_back()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=self._hand_back, daemon=True).start()

    def _hand_back(self) -> None:
        """Let the fit leave at its next batch, or go on from its last epoch some other time."""
        self.leaving = True
        if self.in_fit:
            self._done.wait(HAND_BACK_SECONDS)
        why = HANDED_BACK.format(where="from its last checkpoint")
        self._end(
            lambda: self._runs.hand_back(self.lease, why, self.seconds),
            "pending",
            exit_codes.HANDED_BACK,
        )

    def _end(self, write: Callable[[], None], status: str, code: int, message: str = "") -> None:
        """End the process with a last word, if the run itself has not had it."""
        with self._ending:
            if self._done.is_set():
                return
            try:
                write()
            except (LeaseLostError, SQLAlchemyError) as error:
                log.warning("Leaving without a word in the database: %s", error)
            self._broadcast.update(
                status=status, message=message or f"{status.capitalize()}.", eta_seconds=None
            )
            self._broadcast.close(LAST_WORD_SECONDS)
            self._leave(code)

    def _tell(self, level: str, kind: str, message: str) -> None:
        self._broadcast.update(message=message)
        if kind in ("disk-full", "disk-room"):
            self._broadcast.update(waiting=message if kind == "disk-full" else "")
        self.note(level, kind, message)

    def _leave(self, code: int) -> None:
        with self._ending:
            if not self._done.is_set():
                sys.stderr.flush()
                os._exit(code)


def _boot_time() -> float:
    # The monotonic clock stands still while a laptop sleeps; a lease does not.
    return time.clock_gettime(time.CLOCK_BOOTTIME)
