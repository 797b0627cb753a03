"""Turns counted work into seconds: from runs on this machine, a probe of it, or a reference."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, log10
from statistics import median
from typing import NamedTuple

from integrations.core.config import Workload

REFERENCE_RATES = {
    "classical": 1.5e9,
    "cnn1d": 1.7e10,
    "ensemble": 1.0e9,
    "pinn": 4.0e10,
    "resnet1d": 4.0e10,
    "spectrogram": 3.0e10,
    "transformer": 2.0e10,
}
"""Work units per second on one core of an AVX-512 server, measured by the families benchmark."""
FALLBACK_RATE = 1.0e10
START_SECONDS = 4.0
"""Starting the process that trains and loading its libraries, where that was not measured."""
START_SPREAD = 1.4
REFERENCE_SPREAD, PROBE_SPREAD, FEW_RUNS_SPREAD, MANY_RUNS_SPREAD = 3.0, 1.8, 1.5, 1.15
"""What counted work of other settings says less well, beside the spread that was measured."""
SPREAD_PER_DECADE = 1.25
"""Further uncertainty for each power of ten between the work asked for and that of the runs."""
MANY_RUNS, NEAREST_RUNS = 5, 10
LEAST_SHARE = 0.2
"""Of a run's time at least this share is work; the rest is starting."""


class Estimate(NamedTuple):
    """How long a run will take, in seconds, and how that was found out, in words."""

    low: float
    mid: float
    high: float
    basis: str


class PastRun(NamedTuple):
    """A finished run on the machine: the work it did and the seconds it took, all in all."""

    work_units: float
    seconds: float


class Speed(NamedTuple):
    """What a probe of the machine measured for a family.

    Attributes:
        low: Slowest repeat, in work units per second; ``mid`` is the median, ``high`` the fastest.
        start_seconds: From the start of the process to the first step of the work.
        repeats: How often it was measured.
    """

    low: float
    mid: float
    high: float
    start_seconds: float
    repeats: int


def estimate_seconds(
    family: str,
    workload: Workload,
    runs: Sequence[PastRun] = (),
    probe: Speed | None = None,
) -> Estimate:
    """Estimate a run's wall time, with a range to expect.

    Args:
        family: Name of the family.
        workload: What its config counted for the data set.
        runs: Finished runs of this family on this machine.
        probe: The family's speed as measured by a probe of this machine.
    """
    start = probe.start_seconds if probe else START_SECONDS
    work = max(workload.work_units, 1.0)
    past = [run for run in runs if run.work_units > 0 and run.seconds > 0]
    if past:
        return _from_runs(work, past, start)
    if probe is not None and probe.low > 0:
        basis = f"a probe measured on this machine, {probe.repeats} repeats"
        seconds = [work / rate for rate in (probe.high, probe.mid, probe.low)]
        return _with_start(seconds, PROBE_SPREAD, start, basis)
    rate = REFERENCE_RATES.get(family, FALLBACK_RATE)
    basis = "a reference machine; no run on this one yet"
    return _with_start([work / rate] * 3, REFERENCE_SPREAD, start, basis)


def _from_runs(work: float, runs: Sequence[PastRun], start: float) -> Estimate:
    """Take the speed of the runs that are nearest in size; small ones say little of large ones."""
    nearest = sorted(runs, key=lambda run: abs(log(run.work_units / work)))[:NEAREST_RUNS]
    rates = sorted(
        run.work_units / max(run.seconds - start, LEAST_SHARE * run.seconds) for run in nearest
    )
    many = len(rates) >= MANY_RUNS
    usual = rates[1:-1] if many else rates
    decades = abs(log10(median(run.work_units for run in nearest) / work))
    spread = (MANY_RUNS_SPREAD if many else FEW_RUNS_SPREAD) * SPREAD_PER_DECADE**decades
    count = len(nearest)
    basis = f"{count} earlier run{'s' if count > 1 else ''} on this machine"
    seconds = [work / rate for rate in (usual[-1], median(rates), usual[0])]
    return _with_start(seconds, spread, start, basis)


def _with_start(seconds: Sequence[float], spread: float, start: float, basis: str) -> Estimate:
    low, mid, high = seconds
    slow = start * START_SPREAD + high * spread
    return Estimate(start / START_SPREAD + low / spread, start + mid, slow, basis)
