"""A database, a Redis and a real worker process on a data folder, without the web."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from integrations.core.testing import toy_signals
from storage.entities import DatasetStatus, ExperimentEntity, Status
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from tasks.dataset_files import publish_dataset
from tasks.import_jobs import ready_facts
from tasks.queue import NewRun, create_experiment
from tests.support.bench import REPOSITORY, wait_until
from tests.support.servers import processes_of

RUN_SECONDS = 240
LEASE = {"SIGNALBENCH_LEASE_SECONDS": "8"}


@dataclass
class Station:
    """What a test needs to make runs and watch them.

    Attributes:
        data: Data folder of this process.
        hosts: Data folders of the workers, taken in turn; ours alone where there is one host.
    """

    data: Path
    worker: subprocess.Popen[bytes] | None = None
    dataset_id: int = field(default=0)
    hosts: tuple[Path, ...] = ()
    _started: int = 0

    def __post_init__(self) -> None:
        folder = settings().datasets_folder / "toy"
        toy = toy_signals(folder)
        entity = DatasetStore().create("toy", source="upload", status=DatasetStatus.IMPORTING)
        publish_dataset(folder)
        DatasetStore().set_ready(entity.id, ready_facts(toy.info, folder, "toy"))
        self.dataset_id = entity.id

    def new_run(self, epochs: int = 40, seed: int = 0, **training: object) -> ExperimentEntity:
        """Create a small CNN run."""
        config = {"training": {"epochs": epochs, "patience": 0, **training}, "seed": seed}
        return create_experiment(NewRun("cnn1d", self.dataset_id, config=config))

    def await_epoch(self, experiment_id: int, epoch: int) -> ExperimentEntity:
        """Wait until a run has committed an epoch."""
        store = ExperimentStore()
        wait_until(
            lambda: store.get(experiment_id).epochs_done >= epoch, RUN_SECONDS, f"epoch {epoch}"
        )
        return store.get(experiment_id)

    def await_status(
        self, experiment_id: int, *statuses: Status, seconds: float = RUN_SECONDS
    ) -> ExperimentEntity:
        """Wait until a run is in one of the statuses."""
        store = ExperimentStore()
        wait_until(
            lambda: store.get(experiment_id).status in statuses,
            seconds,
            f"{statuses} of {store.get(experiment_id)}",
        )
        return store.get(experiment_id)

    def runner_pid(self, experiment_id: int) -> int | None:
        """Give the process id of a run's child, if there is one."""
        for data in self.places:
            for pid in processes_of(data):
                arguments = _arguments(pid)
                if "tasks.runner" in arguments and str(experiment_id) in arguments:
                    return pid
        return None

    def next_host(self) -> Path:
        """Give the data folder of the worker that is started next."""
        self._started += 1
        return self.places[(self._started - 1) % len(self.places)]

    @property
    def places(self) -> tuple[Path, ...]:
        """Data folders of the hosts that have workers."""
        return self.hosts or (self.data,)


@contextmanager
def running_worker(station: Station) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker until the block ends; nothing of it is left afterwards."""
    data = station.next_host()
    data.mkdir(parents=True, exist_ok=True)
    with (data / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tasks.worker", "--follow"],
            cwd=REPOSITORY,
            env={**os.environ, "SIGNALBENCH_DATA": str(data)},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
    station.worker = process
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)
        assert process.stdin is not None
        process.stdin.close()


def _arguments(pid: int) -> Sequence[str]:
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []
