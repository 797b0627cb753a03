"""Simulated data sets: ordering one, and making it in the job's own process."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from integrations.core.data.dataset import DatasetError, DatasetInfo
from integrations.core.data.defaults import suggest_window
from integrations.core.simulator.config import SimulatorConfig
from integrations.core.simulator.simulate import (
    make_dataset,
    problem_of,
    properties_of,
    title_of,
)
from storage.entities import DatasetStatus, JobEntity, NotFoundError
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.jobs import JobStore
from tasks.bell import bell
from tasks.dataset_files import publish_dataset
from tasks.experiments import QueueError
from tasks.import_jobs import ready_facts

log = logging.getLogger(__name__)
SOURCE = "simulator"
KIND = "simulate"
LOOK_SECONDS = 1.0
FREE_BYTES_KEPT = 256 << 20

Report = Callable[[float, str], None]


def order_simulation(config: SimulatorConfig, name: str = "") -> JobEntity:
    """Make an empty data set and the job that fills it, and wake a worker.

    Raises:
        QueueError: The configuration cannot be made, or the disk has no room for it.
    """
    sentence = problem_of(config) or _no_room(config)
    if sentence:
        raise QueueError(sentence)
    entity = DatasetStore().create(
        name or title_of(config),
        source=SOURCE,
        summary=str(properties_of(config)["summary"]),
        status=DatasetStatus.IMPORTING,
    )
    kept = config.model_dump(mode="json")
    DatasetStore().set_inspection(entity.id, {"simulator": kept})
    job = JobStore().create(KIND, {"config": kept}, dataset_id=entity.id)
    bell().ring("normal")
    return job


def simulate_dataset(job: JobEntity, report: Report) -> dict[str, Any]:
    """Make the data set of a job; ends early when somebody deletes it.

    Raises:
        DatasetError: It cannot be made; the sentence is on the data set too.
        NotFoundError: The data set was deleted.
        OSError: The disk is full or not writable.
    """
    entity = DatasetStore().get(job.dataset_id or 0)
    try:
        config = SimulatorConfig.model_validate(job.payload.get("config", {}))
        info = _make(config, entity.name, entity.id, report)
    except NotFoundError:
        raise
    except (DatasetError, ValidationError, OSError) as error:
        sentence = _sentence(error)
        DatasetStore().set_status(entity.id, DatasetStatus.FAILED, sentence)
        raise DatasetError(sentence) from error
    return {"recordings": len(info.recordings), "fingerprint": info.fingerprint}


def _make(config: SimulatorConfig, name: str, dataset_id: int, report: Report) -> DatasetInfo:
    """Make it beside its place, so that the place holds nothing or all of it."""
    target = settings().datasets_folder / str(dataset_id)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".simulate-", dir=target.parent))
    try:
        info = make_dataset(config, scratch, _Watched(dataset_id, config, report), name=name)
        DatasetStore().get(dataset_id)
        shutil.rmtree(target, ignore_errors=True)
        scratch.rename(target)
        publish_dataset(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    facts = replace(ready_facts(info, target, target.name), window_samples=suggest_window(info))
    DatasetStore().set_ready(dataset_id, facts)
    return info


class _Watched:
    """Passes progress on, and looks now and then whether the data set is still wanted."""

    def __init__(self, dataset_id: int, config: SimulatorConfig, report: Report) -> None:
        self._dataset_id = dataset_id
        self._n_signals = config.n_signals
        self._report = report
        self._next_look = 0.0

    def __call__(self, fraction: float, label: str) -> None:
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            DatasetStore().get(self._dataset_id)
        made = round(fraction * self._n_signals)
        self._report(fraction, f"{made} of {self._n_signals} signals made, now {label}")


def _no_room(config: SimulatorConfig) -> str:
    folder = settings().data
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free - FREE_BYTES_KEPT
    if config.size_bytes <= free:
        return ""
    return (
        f"The data folder has room for {max(free, 0) >> 20} MiB; this set takes "
        f"{config.size_bytes >> 20} MiB. Make room, or make fewer or shorter signals."
    )


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        log.exception("A simulation failed on the file system")
        return "The data set could not be written. Check the free space of the data folder."
    if isinstance(error, ValidationError):
        return "The settings of this simulation are not valid any more. Simulate it anew."
    return str(error)
