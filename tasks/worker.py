"""The worker: claims runs and jobs, supervises their processes, looks after lost ones.

``python -m tasks.worker`` serves until SIGTERM, or with ``--follow`` until its standard input ends.
The database is asked every few seconds anyway; Celery's messages only make it sooner.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from storage.log_setup import about, set_up_logging
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.job_runs import JobRunStore
from storage.stores.leases import Lease
from storage.stores.runs import RunStore
from storage.stores.workers import BEAT_SECONDS, WorkerStore
from tasks import disk, machine
from tasks.bell import LEAST_URGENT, bell, queue_of
from tasks.celery_app import app, woken
from tasks.gpus import gpus
from tasks.job_kinds import order_builtin_sets
from tasks.outbox import Sender
from tasks.parent import wait_for_end_of_input
from tasks.probing import probe_when_idle
from tasks.reaper import Reaper
from tasks.retention_policy import order_clean_up_when_due
from tasks.signs import Signs, forget_the_dead
from tasks.supervisor import Work, job_work, run_work, supervise

log = logging.getLogger("signalbench.worker")
POLL_SECONDS = 2.0
JOB_SLOTS = 2
URGENT_JOB_SLOTS = 1
"""Kept free for what somebody waits for at the screen, however many long jobs there are."""
RING_AGAIN_SECONDS = 10.0
LISTEN_AGAIN_SECONDS = 1.0
HOUSE_BEATS = 20
"""Every so many beats we look whether a clean-up is due."""
STOP_SECONDS = 7.0
LAST_MESSAGE_SECONDS = 2.0


class Slots:
    """A number of places for children of one sort; each is filled by claiming."""

    def __init__(
        self, count: int, claim: Callable[[], Lease | None], describe: Callable[[Lease], Work]
    ) -> None:
        self._count = count
        self._claim = claim
        self._describe = describe
        self._busy: set[threading.Thread] = set()
        self._lock = threading.Lock()

    @property
    def busy(self) -> bool:
        """True while a child runs."""
        return bool(self._busy)

    @property
    def count_busy(self) -> int:
        """How many children run."""
        return len(self._busy)

    def fill(self, leave: threading.Event) -> None:
        """Claim and start as much as there are places for."""
        while not leave.is_set() and len(self._busy) < self._count:
            lease = self._claim()
            if lease is None:
                return
            thread = threading.Thread(target=self._supervise, args=(lease, leave))
            with self._lock:
                self._busy.add(thread)
            thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the children's ends."""
        for thread in list(self._busy):
            thread.join(seconds)

    def _supervise(self, lease: Lease, leave: threading.Event) -> None:
        try:
            work = self._describe(lease)
            with about(**work.about):
                supervise(work, leave)
        except (OSError, SQLAlchemyError):
            # The lease runs out and the keeper gives the work back.
            log.exception("The process for %s could not be started", lease)
        finally:
            with self._lock:
                self._busy.discard(threading.current_thread())
            woken.set()


class Worker:
    """One worker process."""

    def __init__(self) -> None:
        self.name = machine.worker_name(os.getpid())
        self._leave = threading.Event()
        seconds, host = settings().lease_seconds, machine.host_name()
        self._slots = [
            Slots(
                settings().workers,
                lambda: (
                    RunStore().claim_next(self.name, host, seconds)
                    if disk.has_room_for_runs() and shared_files().answers()
                    else None
                ),
                run_work,
            ),
            Slots(JOB_SLOTS, lambda: JobRunStore().claim_next(self.name, seconds), job_work),
            Slots(
                URGENT_JOB_SLOTS,
                lambda: JobRunStore().claim_next(self.name, seconds, LEAST_URGENT),
                job_work,
            ),
        ]

    def serve(self) -> None:
        """Work until told to leave; children hand their work back before this returns."""
        _guarded(order_builtin_sets)
        _guarded(forget_the_dead)
        threads = [
            threading.Thread(target=target, name=target.__name__, daemon=True)
            for target in (self._send, self._claim_on, self._keep, self._probe, _listen)
        ]
        for thread in threads:
            thread.start()
        self._leave.wait()
        for slots in self._slots:
            slots.join(STOP_SECONDS)
        # A message cut off on its way is sent again, which some receivers show twice.
        threads[0].join(LAST_MESSAGE_SECONDS)
        _guarded(lambda: WorkerStore().forget(self.name))

    def leave(self) -> None:
        """Make ``serve`` return."""
        self._leave.set()
        woken.set()

    def _claim_on(self) -> None:
        while not self._leave.is_set():
            woken.clear()
            for slots in self._slots:
                _guarded(lambda slots=slots: slots.fill(self._leave))  # type: ignore[misc]
            woken.wait(POLL_SECONDS)

    def _probe(self) -> None:
        """Measure this machine's speed while it has nothing else to do."""
        probe_when_idle(lambda: any(slots.busy for slots in self._slots), self._leave)

    def _send(self) -> None:
        """Bring notifications to the channels people configured."""
        Sender(self.name).serve(self._leave)

    def _keep(self) -> None:
        """Say that we live, give back what dead workers held, ring again for what waits."""
        facts, host = machine.facts() | {"gpus": len(gpus())}, machine.host_name()
        disk_watch = disk.DiskWatch(host)
        reaper = Reaper()
        signs = Signs(lambda: self._slots[0].count_busy)
        beats = 0

        def beat() -> None:
            share = {"threads_per_run": machine.threads_per_run()}
            told = facts | share | disk.disk_facts() | signs.now()
            WorkerStore().beat(self.name, host, settings().workers, told)

        while True:
            if not _guarded(beat):
                reaper.be_patient()
            _guarded(disk_watch.look)
            _guarded(reaper.look)
            if beats % max(1, round(RING_AGAIN_SECONDS / BEAT_SECONDS)) == 0:
                _guarded(_ring_for_waiting)
            if beats % HOUSE_BEATS == 1:
                _guarded(order_clean_up_when_due)
            beats += 1
            if self._leave.wait(BEAT_SECONDS):
                return


def _ring_for_waiting() -> None:
    """Ring on the queue of the most urgent work that waits."""
    priorities = [*RunStore().waiting_priorities(), *JobRunStore().waiting_priorities()]
    if priorities:
        bell().ring(queue_of(max(priorities)))


def _listen() -> None:
    """Take messages from Redis; Celery reconnects by itself, for as long as it takes."""
    from celery.worker import WorkController

    while True:
        WorkController(
            app=app, pool_cls="threads", concurrency=1, without_gossip=True, without_mingle=True,
            without_heartbeat=True, loglevel="WARNING", hostname=f"bell@{machine.host_name()}",
        ).start()  # fmt: skip
        # A message that is no JSON ends Celery's loop for good (measured); it is taken by now.
        log.warning("The listener for messages ended; it begins again.")
        time.sleep(LISTEN_AGAIN_SECONDS)


def _guarded(action: Callable[[], None]) -> bool:
    """Do something now that is tried again later anyway; False when the database is away."""
    try:
        action()
    except SQLAlchemyError as error:
        log.warning("The database is away: %s", error)
        return False
    return True


def _follow_parent(worker: Worker) -> None:
    wait_for_end_of_input()
    worker.leave()


def serve_until_told(*, follow: bool) -> int:
    """Serve until SIGTERM or SIGINT.

    Args:
        follow: Leave also when standard input ends, because our parent is gone.
    """
    worker = Worker()
    set_up_logging("worker", worker=worker.name)
    for number in (signal.SIGTERM, signal.SIGINT):
        # From a thread: a handler that sets the event its own thread waits for could deadlock.
        signal.signal(number, lambda *_: threading.Thread(target=worker.leave).start())
    if follow:
        threading.Thread(target=_follow_parent, args=(worker,), daemon=True).start()
    worker.serve()
    # Celery's threads may still wait for Redis; nothing of ours is left to be done.
    logging.shutdown()
    os._exit(0)


def main() -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="tasks.worker")
    parser.add_argument("--follow", action="store_true", help="leave when standard input ends")
    return serve_until_told(follow=parser.parse_args().follow)


if __name__ == "__main__":
    sys.exit(main())
