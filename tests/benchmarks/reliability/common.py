"""What all measurements share: a bench in a scratch folder, long runs, rows of the table."""

from __future__ import annotations

import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from storage.entities import Status
from storage.stores.experiments import ExperimentStore
from tests.chaos.patient import Patient, patient
from tests.chaos.runs import Kind, State, states, submit, trace_of
from tests.support.bench import wait_until

RUN_SECONDS = 240.0
FAST_LOOK_SECONDS = 0.01
ENDLESS_EPOCHS, ENDLESS_OVERLAP = 2000, 0.9


@dataclass(frozen=True)
class Row:
    """One line of the table of docs/reliability.md."""

    what: str
    bar: str
    figure: str
    held: bool

    def __str__(self) -> str:
        return f"| {self.what} | {self.bar} | {self.figure} | {'yes' if self.held else '**no**'} |"


@contextmanager
def bench(*, helpers: int = 0, variables: Mapping[str, str] | None = None) -> Iterator[Patient]:
    """Run the real bench in a scratch folder of its own; nothing is left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="reliability-"))
    try:
        with patient(folder, variables, helpers=helpers) as subject:
            subject.start()
            subject.wait_until_ready()
            yield subject
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def endless(seed: int = 0) -> Kind:
    """Give a run that lasts longer than any measurement; cancel it."""
    return Kind("cnn1d", seed, ENDLESS_EPOCHS, ENDLESS_OVERLAP)


def start_runs(subject: Patient, kind: Kind, count: int, prefix: str = "run") -> list[int]:
    """Submit runs and wait until each has begun a batch."""
    numbers = [submit(subject, kind, f"{prefix} {i + 1}") for i in range(count)]
    for number in numbers:
        await_batch(subject, number, 0.0)
    return numbers


def await_batch(subject: Patient, number: int, after: float, token: int = 0) -> float:
    """Wait for a batch begun after a moment under a token above ``token``; gives its moment."""

    def found() -> float | None:
        return next(
            (moment for moment, owner, _ in trace_of(subject, number)
             if moment > after and owner > token),
            None,
        )  # fmt: skip

    return float(wait_until(found, RUN_SECONDS, f"a batch of run {number}"))


def token_of(number: int) -> int:
    """Give the newest fencing token of a run that has computed a batch; 0 for none."""
    return next((state.token for state in states() if state.id == number), 0)


def state_of(number: int) -> State | None:
    """Give where a run stands; None while the database is away."""
    return next((state for state in states() if state.id == number), None)


def await_state(number: int, *wanted: Status, seconds: float = RUN_SECONDS) -> float:
    """Look every 10 ms until a run has one of the statuses; gives the moment."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        state = state_of(number)
        if state is not None and state.status in wanted:
            return time.time()
        time.sleep(FAST_LOOK_SECONDS)
    raise AssertionError(f"run {number} did not become {wanted} within {seconds:.0f} s")


def await_ended(numbers: Sequence[int], seconds: float = RUN_SECONDS) -> list[str]:
    """Wait for the ends of runs; gives a sentence for each that did not complete."""
    for number in numbers:
        wait_until(lambda number=number: _ended(number), seconds, f"the end of run {number}")  # type: ignore[misc]
    ended = [ExperimentStore().get(number) for number in numbers]
    return [f"run {e.id} is {e.status}: {e.error}" for e in ended if e.status != Status.COMPLETED]


def _ended(number: int) -> bool:
    state = state_of(number)
    return state is not None and state.status.ended


def order(subject: Patient, number: int, word: str) -> float:
    """Give an order over REST; gives the moment it was sent."""
    sent = time.time()
    subject.http.post(f"/api/experiments/{number}/{word}")
    return sent


def cancel(subject: Patient, numbers: Sequence[int]) -> None:
    """Cancel what still runs and wait for it."""
    for number in numbers:
        state = state_of(number)
        if state is not None and not state.status.ended:
            order(subject, number, "cancel")
            await_state(number, *(s for s in Status if s.ended), seconds=60)


def runner_of(subject: Patient, number: int) -> psutil.Process | None:
    """Give the process that owns a run now: the one started last."""
    found = [p for p in subject.processes("runner") if str(number) in p.cmdline()[-2:-1]]
    return max(found, key=lambda p: p.create_time()) if found else None


def spread(values: Sequence[float], unit: str = "s") -> str:
    """Give median, 95th percentile, maximum and count in words."""
    if not values:
        return "nothing measured"
    return (
        f"median {statistics.median(values):.2f} {unit}, p95 {p95(values):.2f} {unit}, "
        f"max {max(values):.2f} {unit}, n = {len(values)}"
    )


def p95(values: Sequence[float]) -> float:
    """Give the 95th percentile: the value that 95 of 100 do not exceed."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def timed(action: Callable[[], object]) -> float:
    """Give the seconds an action takes."""
    began = time.monotonic()
    action()
    return time.monotonic() - began
