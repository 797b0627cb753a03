"""What a run will cost on this machine: time, memory, checkpoint size, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from integrations.core.config import FamilyConfig, Workload
from integrations.core.data.dataset import DatasetInfo
from integrations.core.estimate import PastRun, Speed, estimate_seconds
from storage.settings import VERSION
from storage.stores.finished_runs import FinishedRuns
from storage.stores.jobs import JobStore
from tasks.health import alive_workers
from tasks.machine import host_name

PROBE = "probe"
MOST_PROBES = 200


@dataclass(frozen=True)
class Forecast:
    """The expected cost of a run.

    Attributes:
        seconds: Middle estimate; ``low`` to ``high`` is the range to expect.
        basis: Where the speed comes from, in words, e.g. "3 earlier runs on this machine".
    """

    seconds: float
    low: float
    high: float
    basis: str
    work: Workload

    @property
    def kept(self) -> dict[str, Any]:
        """What is stored with the experiment, to be held against what it took."""
        rounded = {"low": self.low, "mid": self.seconds, "high": self.high}
        return {key: round(value, 2) for key, value in rounded.items()} | {"basis": self.basis}


def forecast(family: str, config: FamilyConfig, info: DatasetInfo, host: str = "") -> Forecast:
    """Estimate a run from the work it asks for and the speed measured on a host.

    Args:
        family: Name of the family.
        config: The validated settings.
        info: The data set.
        host: Where it will run; "" is the host of a living worker, else this machine.
    """
    work = config.workload(info)
    host = host or likely_host()
    runs = [
        PastRun(run.work_units * run.share, run.seconds)
        for run in FinishedRuns().costs(family, host)
    ]
    estimate = estimate_seconds(family, work, runs, probed_speeds(host).get(family))
    return Forecast(estimate.mid, estimate.low, estimate.high, estimate.basis, work)


def likely_host() -> str:
    """Give the host a new run will most likely be trained on."""
    alive = alive_workers()
    return alive[0].host if alive else host_name()


def probed_speeds(host: str) -> dict[str, Speed]:
    """Give what probes of a host measured, by family, for the present version of the program."""
    speeds: dict[str, Speed] = {}
    for job in JobStore().finished(PROBE, MOST_PROBES):
        asked, found = job.payload, job.result
        if asked.get("host") == host and asked.get("version") == VERSION:
            speed = Speed(*(found[name] for name in Speed._fields))
            speeds.setdefault(str(asked["family"]), speed)
    return speeds
