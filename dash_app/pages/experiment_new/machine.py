"""The machine a run would train on, and whether the run fits it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace

import psutil

from dash_app.components import format_bytes, format_duration
from dash_app.pages.experiment_new.notices import REVIEW_STEP, Notice
from integrations.core.config import Workload
from storage.settings import settings
from tasks.queue import Forecast, alive_workers

DISK_RESERVE_BYTES = 500_000_000
LONG_ON_CPU_SECONDS = 1800


@dataclass(frozen=True)
class Machine:
    """Where a run would train.

    Attributes:
        host: Its name; "" when no worker is alive.
        device: "CPU" or "GPU".
        threads: CPU threads a run gets, 0 when unknown.
    """

    host: str = ""
    device: str = "CPU"
    threads: int = 0

    def for_work(self, work: Workload) -> Machine:
        """The same machine as a run sees it that may not use a GPU."""
        return self if work.uses_gpu else replace(self, device="CPU")

    @property
    def words(self) -> str:
        """The device as people say it: "CPU, 2 threads"."""
        if self.device != "CPU" or not self.threads:
            return self.device
        return f"CPU, {self.threads} thread{'s' if self.threads > 1 else ''}"


def training_machine() -> Machine:
    """Give the machine of the first worker that is alive."""
    alive = alive_workers()
    if not alive:
        return Machine()
    facts = alive[0].facts
    device = "GPU" if str(facts.get("device", "cpu")).startswith("cuda") else "CPU"
    return Machine(alive[0].host, device, int(facts.get("threads_per_run", 0)))


def about_machine(cost: Forecast, machine: Machine) -> list[Notice]:
    """Warn when nobody would train, or disk, memory or patience may not suffice."""
    found = [_worker(machine), _disk(cost), _memory(cost), _patience(cost, machine)]
    return [notice for notice in found if notice is not None]


def _worker(machine: Machine) -> Notice | None:
    if machine.host:
        return None
    text = "No worker is alive, so the run will wait. Restart Signalbench to get one."
    return Notice("warning", text, step=REVIEW_STEP)


def _disk(cost: Forecast) -> Notice | None:
    free = shutil.disk_usage(settings().data).free
    needed = 3 * cost.work.checkpoint_bytes + DISK_RESERVE_BYTES
    if free >= needed:
        return None
    text = (
        f"Only {format_bytes(free)} are free on the disk; this run may need "
        f"{format_bytes(needed)}. Delete old experiments, or keep fewer checkpoints."
    )
    return Notice("warning", text)


def _memory(cost: Forecast) -> Notice | None:
    available = psutil.virtual_memory().available
    if cost.work.memory_bytes <= available:
        return None
    text = (
        f"This run needs about {format_bytes(cost.work.memory_bytes)} of memory and "
        f"{format_bytes(available)} are free. Shorten the windows or lower the overlap."
    )
    return Notice("warning", text, "data.overlap")


def _patience(cost: Forecast, machine: Machine) -> Notice | None:
    if machine.device != "CPU" or cost.seconds < LONG_ON_CPU_SECONDS:
        return None
    text = (
        f"About {format_duration(cost.seconds)} on the CPU. A smaller preset shows sooner whether "
        "the data make sense."
    )
    return Notice("warning", text)
