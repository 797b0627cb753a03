"""``python app.py simulate``: the same simulated data set as in the browser, from the terminal."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

from pydantic import ValidationError

from integrations.core.simulator.config import SimulatorConfig
from storage.entities import JobEntity, JobStatus, NotFoundError, StorageError
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.jobs import JobStore
from tasks.command_line import CommandError, nested, own_bench_if_needed
from tasks.queue import QueueError, order_simulation
from tasks.serve import Bench
from tasks.terminal import complain, say

LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class SimulateRequest:
    """The command's arguments; ``settings`` are KEY=VALUE with dotted keys."""

    kind: str
    name: str
    settings: list[str]


def simulate(request: SimulateRequest) -> int:
    """Make a simulated data set and tell about it; gives the exit code.

    Raises:
        PreflightError: The bench cannot start.
    """
    bench = None
    try:
        config = _config(request)
        bench = own_bench_if_needed()
        if bench is not None:
            bench.start()
        job = order_simulation(config, request.name)
        return _told(_followed(job, bench))
    except ValidationError as error:
        for item in error.errors():
            place = ".".join(map(str, item["loc"]))
            words = item["msg"].removeprefix("Value error, ")
            complain(f"{place}: {words}." if place else words)
    except (CommandError, QueueError, StorageError) as error:
        complain(str(error))
    finally:
        if bench is not None:
            bench.stop()
    return 1


def _config(request: SimulateRequest) -> SimulatorConfig:
    values = nested(request.settings)
    if request.kind:
        values.setdefault("content", {}).setdefault("kind", request.kind)
    return SimulatorConfig.model_validate(values)


def _followed(job: JobEntity, bench: Bench | None) -> JobEntity:
    """Wait for a job's end; Ctrl-C takes the unfinished data set away."""
    try:
        while job.status not in (JobStatus.DONE, JobStatus.FAILED):
            if bench is not None:
                bench.keep_alive()
            time.sleep(LOOK_SECONDS)
            job = JobStore().get(job.id)
    except KeyboardInterrupt:
        with contextlib.suppress(NotFoundError):
            DatasetStore().delete(job.dataset_id or 0)
        raise
    return job


def _told(job: JobEntity) -> int:
    if job.status is not JobStatus.DONE:
        complain(job.error)
        return 1
    entity = DatasetStore().get(job.dataset_id or 0)
    say(f"Data set {entity.id}: {entity.name}")
    say(f"Signals      {entity.n_recordings} of {entity.n_groups} machines")
    say(f"Classes      {', '.join(entity.classes)}")
    say(f"Fingerprint  {entity.fingerprint}")
    say(f"Files        {settings().datasets_folder / entity.folder}")
    return 0
