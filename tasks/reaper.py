"""Gives back the work whose owner fell silent, but not that of owners who could not speak."""

from __future__ import annotations

import logging
import time

from storage.settings import settings
from storage.stores.job_runs import JobRunStore
from storage.stores.runs import RunStore
from tasks.celery_app import woken

log = logging.getLogger("signalbench.worker")


class Reaper:
    """Looks for leases that ran out.

    While the database takes nothing, e.g. on a full disk, nobody can beat; when it is back the
    owners get the time of a lease before they count as lost.
    """

    def __init__(self) -> None:
        self._patient_until = 0.0

    def be_patient(self) -> None:
        """Note that the database did not take a write."""
        self._patient_until = time.monotonic() + settings().lease_seconds

    def look(self) -> None:
        """Give back what nobody holds any more."""
        if time.monotonic() < self._patient_until:
            return
        for name, found in (("run", RunStore().reap()), ("job", JobRunStore().reap())):
            if found:
                log.warning("Gave back each %s whose worker fell silent: %s", name, found)
                woken.set()
