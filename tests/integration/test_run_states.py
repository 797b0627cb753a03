"""Claims, beats, commits, orders and deaths in any order, against a model that is a dictionary.

SIGNALBENCH_TEST_EXAMPLES=2000 looks much further than the few examples of an ordinary test run.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Float, delete, func, literal, select

from storage.database import read_session, write_session
from storage.entities import (
    ENDED,
    ConflictError,
    DatasetStatus,
    LeaseLostError,
    NotFoundError,
    Status,
)
from storage.models import Dataset, EpochRow, Event, Experiment, MetricChunk
from storage.stores import leases
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.leases import Lease
from storage.stores.metrics import MetricStore
from storage.stores.runs import MAX_STALLED, Epoch, EpochGapError, Finished, RunStore
from storage.stores.transitions import TRANSITIONS

LEASE_SECONDS = 15.0
EPOCHS = 6
EXAMPLES = int(os.environ.get("SIGNALBENCH_TEST_EXAMPLES", "8"))
LEAVING = ("pause", "cancel")


@dataclass
class Clock:
    """The database's clock as the leases see it; the test moves it."""

    now: float = 1e9


@dataclass
class Model:
    """What a run should be."""

    priority: int
    status: Status = Status.PENDING
    control: str = ""
    token: int = 0
    lease_until: float = 0.0
    epochs: int = 0
    stalled: int = 0
    saved: bool = False
    ends: list[Status] = field(default_factory=list)

    def to(self, status: Status) -> None:
        assert status is self.status or status in TRANSITIONS[self.status]
        self.status = status
        if status in ENDED:
            self.control = ""
            self.ends.append(status)

    def leave(self) -> None:
        """Obey the standing order to pause or to cancel."""
        if self.control == "cancel":
            self.to(Status.CANCELLED)
        else:
            self.control = ""
            self.to(Status.PAUSED)

    def order(self, order: str) -> bool:
        """Take an order; False when it must be refused."""
        ways: dict[tuple[Status, str], Callable[[], bool]] = {
            (Status.RUNNING, "resume"): lambda: self.control == "pause" and self._word(""),
            (Status.RUNNING, "pause"): lambda: self._word("pause"),
            (Status.RUNNING, "stop"): lambda: self._word("stop"),
            (Status.RUNNING, "cancel"): lambda: self._word("cancel"),
            (Status.PENDING, "pause"): lambda: self._go(Status.PAUSED, ""),
            (Status.PENDING, "cancel"): lambda: self._go(Status.CANCELLED, ""),
            (Status.PENDING, "stop"): lambda: self.epochs > 0 and self._word("stop"),
            (Status.PAUSED, "resume"): lambda: self._go(Status.PENDING, ""),
            (Status.PAUSED, "cancel"): lambda: self._go(Status.CANCELLED, ""),
            (Status.PAUSED, "stop"): lambda: self.epochs > 0 and self._go(Status.PENDING, "stop"),
        }
        return ways.get((self.status, order), lambda: False)()

    def _word(self, control: str) -> bool:
        if self.control == "cancel":
            return False
        self.control = control
        return True

    def _go(self, status: Status, control: str) -> bool:
        self.control = control
        self.to(status)
        return True


class Runs(RuleBasedStateMachine):
    """Two workers, people who order, and a clock that jumps."""

    runs = Bundle("runs")
    claims = Bundle("claims")
    clock: Clock

    @initialize()
    def begin(self) -> None:
        self.store = RunStore()
        self.models: dict[int, Model] = {}
        with write_session() as session:
            session.execute(delete(Experiment))
            session.execute(delete(Dataset))
        dataset = DatasetStore().create("toy", source="upload", status=DatasetStatus.READY)
        self.dataset_id = dataset.id

    @rule(target=runs, priority=st.sampled_from([1, 5, 9]))
    def create(self, priority: int) -> int:
        new = NewExperiment("run", "cnn1d", self.dataset_id, {}, priority=priority)
        run = ExperimentStore().create(new).id
        self.models[run] = Model(priority)
        return run

    @rule(target=claims, worker=st.sampled_from(["a", "b"]))
    def claim(self, worker: str) -> Any:
        waiting = [run for run, model in self.models.items() if model.status is Status.PENDING]
        lease = self.store.claim_next(worker, f"host-{worker}", LEASE_SECONDS)
        if not waiting:
            assert lease is None
            return multiple()
        first = min(waiting, key=lambda run: (-self.models[run].priority, run))
        model = self.models[first]
        model.to(Status.RUNNING)
        model.token += 1
        model.lease_until = self.clock.now + LEASE_SECONDS
        assert lease == Lease(first, model.token)
        return lease

    @rule(seconds=st.sampled_from([1.0, 5.0, 14.0, 16.0, 100.0, -7.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(lease=claims)
    def beat(self, lease: Lease) -> None:
        model = self._write(lease, lambda: self.store.beat(lease, LEASE_SECONDS))
        if model is not None:
            model.lease_until = self.clock.now + LEASE_SECONDS

    @rule(lease=claims, step=st.sampled_from([1, 1, 1, 1, 0, -1, 2]))
    def commit(self, lease: Lease, step: int) -> None:
        model = self.models.get(lease.id, Model(0))
        number = model.epochs + step
        if number < 1:
            return
        epoch = Epoch(number, EPOCHS, {"loss": 1.0 / number}, 1.0, f"c{number}", "sha")
        if step == 2 and self._holds(lease):
            with pytest.raises(EpochGapError):
                self.store.commit_epoch(lease, epoch)
            return
        if self._write(lease, lambda: self.store.commit_epoch(lease, epoch)) and step == 1:
            model.epochs, model.stalled = number, 0

    @rule(lease=claims, status=st.sampled_from([Status.COMPLETED, Status.STOPPED]))
    def finish(self, lease: Lease, status: Status) -> None:
        finished = Finished(status, {"accuracy": 0.5}, "by group", "d", False, 10, 3.0)
        model = self._write(lease, lambda: self.store.finish(lease, finished))
        if model is not None:
            model.saved = True
            model.to(status)

    @rule(lease=claims)
    def fail(self, lease: Lease) -> None:
        model = self._write(lease, lambda: self.store.fail(lease, "It had no data."))
        if model is not None:
            model.to(Status.FAILED)

    @rule(lease=claims)
    def obey(self, lease: Lease) -> None:
        """A runner knows only the orders it has heard; we let it hear the newest."""
        control = self.models.get(lease.id, Model(0)).control
        if control in LEAVING or not self._holds(lease):
            model = self._write(lease, lambda: self.store.obeyed(lease, control or "pause", 2.0))
            if model is not None:
                model.leave()

    @rule(lease=claims)
    def hand_back(self, lease: Lease) -> None:
        model = self._write(lease, lambda: self.store.hand_back(lease, "The worker leaves."))
        if model is not None:
            self._give_back(model)

    @rule(lease=claims)
    def crash(self, lease: Lease) -> None:
        model = self._write(lease, lambda: self.store.crashed(lease, "It died."))
        if model is None:
            return
        model.stalled += 1
        if model.control not in LEAVING and model.stalled >= MAX_STALLED:
            model.to(Status.FAILED)
        else:
            self._give_back(model)

    @rule()
    def reap(self) -> None:
        over = [
            run
            for run, model in self.models.items()
            if model.status is Status.RUNNING and model.lease_until < self.clock.now
        ]
        assert sorted(self.store.reap()) == sorted(over)
        for run in over:
            self.models[run].token += 1
            self._give_back(self.models[run])

    @rule(run=runs, order=st.sampled_from(["pause", "resume", "stop", "cancel"]))
    def order(self, run: int, order: str) -> None:
        model = self.models.get(run)
        if model is None:
            with pytest.raises(NotFoundError):
                self.store.order(run, order)
        elif model.order(order):
            self.store.order(run, order)
        else:
            with pytest.raises(ConflictError):
                self.store.order(run, order)

    @rule(run=runs)
    def retry(self, run: int) -> None:
        model = self.models.get(run)
        if model is None:
            with pytest.raises(NotFoundError):
                self.store.retry(run)
        elif model.status in (Status.FAILED, Status.CANCELLED, Status.STOPPED):
            self.store.retry(run)
            model.control, model.stalled = "", 0
            model.to(Status.PENDING)
        else:
            with pytest.raises(ConflictError):
                self.store.retry(run)

    @rule(run=runs)
    def forget(self, run: int) -> None:
        model = self.models.get(run)
        if model is None:
            return
        if model.status in ENDED:
            ExperimentStore().delete(run)
            del self.models[run]
        else:
            with pytest.raises(ConflictError):
                ExperimentStore().delete(run)

    @invariant()
    def the_database_is_as_the_model(self) -> None:
        if not hasattr(self, "models"):
            return
        with read_session() as session:
            rows = session.scalars(select(Experiment).where(Experiment.deleted_at.is_(None))).all()
            found = {
                row.id: (row.status, row.control, row.token, row.epochs_done, row.stalled)
                for row in rows
            }
            owned = {row.id for row in rows if row.lease_owner}
        expected = {
            run: (m.status, m.control, m.token, m.epochs, m.stalled)
            for run, m in self.models.items()
        }
        assert found == expected
        assert owned == {r for r, m in self.models.items() if m.status is Status.RUNNING}

    def teardown(self) -> None:
        """At the end every history is whole: epochs once, events numbered, each end once."""
        for run, model in getattr(self, "models", {}).items():
            steps = MetricStore().history(run, "loss").steps.tolist()
            assert steps == list(range(1, model.epochs + 1))
            self._check_rows(run, model)
            assert (ExperimentStore().get(run).accuracy is not None) is model.saved

    def _check_rows(self, run: int, model: Model) -> None:
        with read_session() as session:
            events = session.execute(
                select(Event.seq, Event.kind).where(Event.experiment_id == run).order_by(Event.seq)
            ).all()
            rows = session.scalar(select(func.count()).where(EpochRow.experiment_id == run))
            chunks = session.scalar(select(func.count()).where(MetricChunk.experiment_id == run))
        assert [seq for seq, _ in events] == list(range(1, len(events) + 1))
        ends = [kind for _, kind in events if kind in {status.value for status in ENDED}]
        assert ends == model.ends
        assert bool(chunks) is (model.status in ENDED and model.epochs > 0)
        assert rows == model.epochs

    def _holds(self, lease: Lease) -> bool:
        model = self.models.get(lease.id)
        return model is not None and model.status is Status.RUNNING and model.token == lease.token

    def _write(self, lease: Lease, write: Callable[[], Any]) -> Model | None:
        """Write under a claim; whoever does not hold it (any more) must be refused."""
        if self._holds(lease):
            write()
            return self.models[lease.id]
        with pytest.raises(LeaseLostError):
            write()
        return None

    def _give_back(self, model: Model) -> None:
        if model.control in LEAVING:
            model.leave()
        else:
            model.to(Status.PENDING)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(leases, "database_now", lambda: literal(clock.now, Float(53)))
    return clock


def test_runs_are_what_the_model_says_whatever_happens(any_database: str, clock: Clock) -> None:
    class RunsHere(Runs):
        pass

    RunsHere.clock = clock
    run_state_machine_as_test(
        RunsHere,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            # Finding the shortest way to a mistake takes minutes; the one found is printed.
            phases=[Phase.generate],
        ),
    )
