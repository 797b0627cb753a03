"""The storm: runs are fed to the bench while faults drawn from a seed strike it."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from storage.settings import settings
from tests.chaos import faults
from tests.chaos.faults import Ward
from tests.chaos.runs import Kind, State, make_twins, states, submit

LOOK_SECONDS = 0.05
STATES_SECONDS = 0.3
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How long and how hard.

    Attributes:
        runs: Fewest runs; more are added as long as faults are left, so that none strikes an
            idle bench.
        open_runs: Runs kept waiting or running while faults are left.
        pause_seconds: Shortest and longest time between two faults.
        settle_seconds: Time after the last fault in which all runs must have ended.
    """

    faults: int
    runs: int
    kinds: tuple[Kind, ...]
    open_runs: int
    pause_seconds: tuple[float, float]
    settle_seconds: float
    seed: int


@dataclass
class Outcome:
    """What happened.

    Attributes:
        twins: Undisturbed runs by the label of their kind.
        runs: Kind label of every run that was acknowledged or is there, by id.
        acknowledged: How many of them the web had answered for.
        struck: What was done, in order.
        unended: Runs that had not ended in time.
    """

    twins: dict[str, int]
    runs: dict[int, str] = field(default_factory=dict)
    acknowledged: int = 0
    struck: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    unended: list[int] = field(default_factory=list)
    seconds: float = 0.0


class Storm:
    """Runs a plan against a ward."""

    def __init__(self, ward: Ward, plan: Plan, say: Say) -> None:
        self._ward = ward
        self._plan = plan
        self._say = say
        self._known = faults.available(ward)
        self._left = faults.plan(ward, plan.faults)
        self._asked: dict[str, str] = {}
        self._states: list[State] = []
        self._next_states = 0.0
        self.outcome = Outcome(make_twins(ward.patient, list(plan.kinds)))

    def rage(self) -> Outcome:
        """Strike until no fault is left, then wait until every run has ended."""
        began = time.monotonic()
        next_fault = began + self._pause()
        while self._left:
            self._tend()
            self._feed()
            if time.monotonic() >= next_fault and self._someone_runs():
                self._strike()
                next_fault = time.monotonic() + self._pause()
            time.sleep(LOOK_SECONDS)
        deadline = time.monotonic() + self._plan.settle_seconds
        while self._open() or self.outcome.acknowledged < self._plan.runs or self._ward.mends:
            if time.monotonic() > deadline:
                break
            self._tend()
            self._feed()
            time.sleep(LOOK_SECONDS)
        self.outcome.unended = [state.id for state in self._open()]
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def _tend(self) -> None:
        """What an operator does: start what ended, mend what was broken for a while."""
        self._ward.mend_due()
        self._ward.patient.start()
        if time.monotonic() > self._next_states:
            self._next_states = time.monotonic() + STATES_SECONDS
            self._states = states() or self._states
            asked = {s.id: self._asked[s.name] for s in self._states if s.name in self._asked}
            self.outcome.runs |= asked

    def _feed(self) -> None:
        wanted = self.outcome.acknowledged < self._plan.runs or bool(self._left)
        if not wanted or len(self._open()) >= self._plan.open_runs:
            return
        kind = self._plan.kinds[len(self._asked) % len(self._plan.kinds)]
        name = f"run {len(self._asked) + 1}"
        # Unanswered, it may be stored or not, now or a moment later: so it never is asked twice.
        self._asked[name] = kind.label
        with contextlib.suppress(OSError):
            self.outcome.runs[submit(self._ward.patient, kind, name)] = kind.label
            self.outcome.acknowledged += 1
            self._next_states = 0.0

    def _open(self) -> list[State]:
        known = {state.id: state for state in self._states}
        mine = [known[number] for number in self.outcome.runs if number in known]
        return [state for state in mine if not state.status.ended]

    def _someone_runs(self) -> bool:
        return any(state.status == "running" for state in self._open())

    def _strike(self) -> None:
        name = self._left[0]
        what = self._known[name][0](self._ward)
        self._left.append(self._left.pop(0))
        if not what:
            return
        self._left.pop()
        self.outcome.struck.append(what)
        self.outcome.counts[name] = self.outcome.counts.get(name, 0) + 1
        self._say(f"{len(self.outcome.struck):4d}  {what}")

    def _pause(self) -> float:
        return self._ward.dice.uniform(*self._plan.pause_seconds)


def make_ward(ward: Ward) -> Ward:
    """Give the ward with what depends on the settings of this bench."""
    ward.stop_seconds = max(ward.stop_seconds, faults.stop_seconds_for(settings().lease_seconds))
    return ward


def dice(seed: int) -> random.Random:
    """Give the generator of a storm."""
    return random.Random(seed)
