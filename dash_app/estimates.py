"""What a run will cost on this machine: time, memory, checkpoint size, and how that is known."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from integrations.core.config import FamilyConfig, Workload
from integrations.core.data.dataset import DatasetInfo
from integrations.core.estimate import estimate_seconds
from storage.stores.experiments import ExperimentStore


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


def forecast(family: str, config: FamilyConfig, info: DatasetInfo, host: str = "") -> Forecast:
    """Estimate a run from the work it asks for and the speed measured on a host.

    Args:
        family: Name of the family.
        config: The validated settings.
        info: The data set.
        host: Where it will run; "" is this machine.
    """
    work = config.workload(info)
    newest_first = ExperimentStore().measured_rates(family, host or socket.gethostname())
    estimate = estimate_seconds(family, work, newest_first[::-1])
    return Forecast(estimate.mid, estimate.low, estimate.high, estimate.basis, work)
