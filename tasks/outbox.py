"""The sender: takes messages out of the outbox and brings them to their channels.

A message is claimed under a lease, sent, and only then marked as sent. Whoever dies in between
leaves it to the next worker, which sends it again under the same key: none is lost, and a receiver
knows a repetition.
"""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy.exc import SQLAlchemyError

from storage.entities import LeaseLostError
from storage.stores.chores import ChoreStore
from storage.stores.notifications import NotificationStore
from storage.stores.outbox import OutboxStore, Parcel
from tasks.channels import ChannelError, send

log = logging.getLogger("signalbench.outbox")

LOOK_SECONDS = 1.0
AWAY_SECONDS = 5.0
LEASE_SECONDS = 60.0
"""Longer than the slowest attempt: a mail has ten seconds for each step."""
REAP_SECONDS = 10.0
CLEAN_SECONDS = 6 * 3600.0
KEEP_DAYS = 90.0


class Sender:
    """Sends what is due, one message after the other."""

    def __init__(self, owner: str, lease_seconds: float = LEASE_SECONDS) -> None:
        self._owner = owner
        self._lease_seconds = lease_seconds
        self._store = OutboxStore()
        self._reaped = 0.0

    def serve(self, leave: threading.Event) -> None:
        """Send until told to leave; a database that is away is asked again later."""
        while not leave.is_set():
            try:
                busy = self.step()
            except SQLAlchemyError as error:
                log.warning("The outbox cannot be read: %s", error)
                leave.wait(AWAY_SECONDS)
                continue
            if not busy:
                leave.wait(LOOK_SECONDS)

    def step(self) -> bool:
        """Send one message if one is due; gives whether there was one."""
        if time.monotonic() - self._reaped >= min(REAP_SECONDS, self._lease_seconds):
            self._look_after()
        parcel = self._store.claim(self._owner, self._lease_seconds) if self._store.due() else None
        if parcel is None:
            return False
        try:
            self._deliver(parcel)
        except LeaseLostError as error:
            # It was sent again elsewhere, or its channel was deleted.
            log.info("A message left our hands while it was sent: %s", error)
        return True

    def _deliver(self, parcel: Parcel) -> None:
        try:
            remark = send(parcel)
        except ChannelError as error:
            log.warning("A message by %s did not arrive: %s", parcel.kind, error)
            self._store.not_sent(
                parcel.lease, str(error), for_good=error.for_good, wait_seconds=error.wait_seconds
            )
        except Exception as error:
            log.exception("Sending a message by %s failed", parcel.kind)
            sentence = f"Sending failed ({type(error).__name__}); the log of the bench says more."
            self._store.not_sent(parcel.lease, sentence)
        else:
            self._store.sent(parcel.lease, remark)

    def _look_after(self) -> None:
        self._reaped = time.monotonic()
        found = self._store.reap()
        if found:
            log.warning("Queued messages again whose worker fell silent: %s", found)
        if ChoreStore().take("outbox", CLEAN_SECONDS):
            self._store.forget_old(KEEP_DAYS)
            NotificationStore().forget_old(KEEP_DAYS)
