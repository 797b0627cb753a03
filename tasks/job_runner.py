"""The child process of one job: ``python -m tasks.job_runner ID TOKEN`` does it and ends."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading

from sqlalchemy.exc import SQLAlchemyError

from storage.entities import JobEntity, LeaseLostError
from storage.log_setup import set_up_logging
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.job_runs import JobRunStore
from storage.stores.jobs import JobStore
from storage.stores.leases import Lease
from tasks import exit_codes
from tasks.broadcast import Broadcast, beat_seconds, task_id_of_job
from tasks.job_kinds import JobFailed, run_job
from tasks.machine import worker_name
from tasks.parent import wait_for_end_of_input

log = logging.getLogger("signalbench.job")


def main() -> int:
    """Do the job named on the command line."""
    parser = argparse.ArgumentParser(prog="tasks.job_runner")
    parser.add_argument("id", type=int)
    parser.add_argument("token", type=int)
    given = parser.parse_args()
    worker = worker_name(os.getppid())
    set_up_logging("job", job=given.id, token=given.token, worker=worker)
    lease = Lease(given.id, given.token)
    done = threading.Event()
    for target in (_beat, _follow_worker):
        threading.Thread(target=target, args=(lease, done), daemon=True).start()
    return _execute(lease, done)


def _execute(lease: Lease, done: threading.Event) -> int:
    job = JobStore().get(lease.id)
    broadcast = Broadcast(task_id_of_job(job.id))
    broadcast.update(status="running", progress=0.0, message="")
    shared_files().wait_long(lambda sentence: broadcast.update(message=sentence))
    try:
        sentence, result = _attempt(job, broadcast)
        done.set()
        if sentence:
            JobRunStore().fail(lease, sentence)
        else:
            JobRunStore().done(lease, result)
    except LeaseLostError as error:
        log.warning("%s", error)
        return exit_codes.LEASE_LOST
    broadcast.update(status="failed" if sentence else "done", message=sentence, progress=1.0)
    broadcast.close()
    return exit_codes.DONE


def _attempt(job: JobEntity, broadcast: Broadcast) -> tuple[str, dict[str, object]]:
    """Do the work; gives the sentence of a failure ("" for none) and the result."""
    try:
        return "", run_job(
            job, lambda fraction, message: broadcast.update(progress=fraction, message=message)
        )
    except JobFailed as error:
        return str(error), {}
    except LeaseLostError:
        raise
    except Exception as error:  # the border of a task: everything ends in a sentence
        log.exception("Job %d failed", job.id)
        return (
            f"Something unexpected happened ({type(error).__name__}). Try again; the details are "
            f"in jobs/{job.id}.txt of the data folder.",
            {},
        )


def _beat(lease: Lease, done: threading.Event) -> None:
    store = JobRunStore()
    while not done.wait(beat_seconds()):
        try:
            store.beat(lease, settings().lease_seconds)
        except LeaseLostError:
            if not done.is_set():
                os._exit(exit_codes.LEASE_LOST)
        except SQLAlchemyError as error:
            log.warning("The database did not take a beat: %s", error)


def _follow_worker(lease: Lease, done: threading.Event) -> None:
    wait_for_end_of_input()
    if done.is_set():
        return
    try:
        JobRunStore().hand_back(lease)
    except (LeaseLostError, SQLAlchemyError) as error:
        log.warning("Leaving without a word in the database: %s", error)
    os._exit(exit_codes.HANDED_BACK)


if __name__ == "__main__":
    sys.exit(main())
