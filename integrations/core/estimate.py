"""Turns counted work into seconds, from runs on this machine or from a reference machine."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from integrations.core.config import Workload

REFERENCE_RATES = {"classical": 2.0e9, "cnn1d": 1.7e10}
"""Work units per second on one core of an AVX-512 server, measured by the families benchmark."""
FALLBACK_RATE = 1.0e10
START_SECONDS = 4.0
"""Starting the process that trains and loading its libraries."""
REFERENCE_SPREAD, FEW_RUNS_SPREAD, MANY_RUNS_SPREAD = 3.0, 2.0, 1.4
MANY_RUNS = 5


class Estimate(NamedTuple):
    """How long a run will take, in seconds, and how that was found out, in words."""

    low: float
    mid: float
    high: float
    basis: str


def estimate_seconds(
    family: str, workload: Workload, measured_rates: Sequence[float] = ()
) -> Estimate:
    """Estimate a run's wall time.

    Args:
        family: Name of the family.
        workload: What its config counted for the data set.
        measured_rates: Work units per second of finished runs of this family on this machine,
            newest last (``Workload.work_units`` over the seconds of the run).
    """
    rates = [rate for rate in measured_rates if rate > 0][-20:]
    if not rates:
        rate = REFERENCE_RATES.get(family, FALLBACK_RATE)
        spread, basis = REFERENCE_SPREAD, "a reference machine; no run on this one yet"
    else:
        rate = median(rates)
        spread = MANY_RUNS_SPREAD if len(rates) >= MANY_RUNS else FEW_RUNS_SPREAD
        basis = f"{len(rates)} earlier run{'s' if len(rates) > 1 else ''} on this machine"
    seconds = workload.work_units / rate
    low, mid, high = (START_SECONDS + seconds * factor for factor in (1 / spread, 1.0, spread))
    return Estimate(low, mid, high, basis)
