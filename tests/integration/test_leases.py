"""Claims, fencing and exactly-once commits, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from storage.database import write_session
from storage.entities import ConflictError, DatasetStatus, JobStatus, LeaseLostError, Status
from storage.models import Experiment
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.job_runs import MAX_ATTEMPTS, JobRunStore
from storage.stores.jobs import JobStore
from storage.stores.leases import Lease
from storage.stores.metrics import MetricStore
from storage.stores.runs import MAX_STALLED, Epoch, EpochGapError, Finished, RunStore
from storage.stores.workers import WorkerStore

pytestmark = pytest.mark.usefixtures("any_database")
LEASE_SECONDS = 60.0


@pytest.fixture
def runs() -> RunStore:
    return RunStore()


@pytest.fixture
def dataset_id() -> int:
    dataset = DatasetStore().create("toy", source="upload", status=DatasetStatus.READY)
    return dataset.id


def new_run(dataset_id: int, name: str = "run", priority: int = 5) -> int:
    new = NewExperiment(name, "cnn1d", dataset_id, {"training": {"epochs": 3}}, priority=priority)
    return ExperimentStore().create(new).id


def claim(runs: RunStore, owner: str = "a") -> Lease:
    lease = runs.claim_next(owner, "host", LEASE_SECONDS)
    assert lease is not None
    return lease


def let_lease_expire(experiment_id: int) -> None:
    with write_session() as session:
        session.execute(
            update(Experiment).where(Experiment.id == experiment_id).values(lease_until=1.0)
        )


def epoch(number: int, total: int = 3) -> Epoch:
    return Epoch(number, total, {"val_loss": 1.0 / number}, float(number), f"c{number}", "sha")


def result(status: Status = Status.COMPLETED) -> Finished:
    return Finished(status, {"accuracy": 0.9, "macro_f1": 0.8}, "by group", "d", False, 10, 3.0)


def test_workers_that_claim_at_once_get_different_runs(runs: RunStore, dataset_id: int) -> None:
    wanted = {new_run(dataset_id) for _ in range(12)}
    with ThreadPoolExecutor(6) as pool:
        leases = list(pool.map(lambda n: runs.claim_next(f"w{n}", "h", LEASE_SECONDS), range(18)))
    claimed = [lease.id for lease in leases if lease is not None]
    assert sorted(claimed) == sorted(wanted)


def test_the_highest_priority_is_claimed_first_then_the_oldest(
    runs: RunStore, dataset_id: int
) -> None:
    low, first, second, high = (new_run(dataset_id, priority=p) for p in (1, 5, 5, 9))
    assert [claim(runs).id for _ in range(4)] == [high, first, second, low]


def test_a_claim_shows_in_the_experiment(runs: RunStore, dataset_id: int) -> None:
    lease = claim_new(runs, dataset_id)
    found = ExperimentStore().get(lease.id)
    assert (found.status, found.token, found.attempts) == (Status.RUNNING, lease.token, 1)
    assert found.host == "host"
    assert found.started_at is not None


def claim_new(runs: RunStore, dataset_id: int) -> Lease:
    new_run(dataset_id)
    return claim(runs)


def test_an_old_token_can_write_nothing_after_a_take_over(runs: RunStore, dataset_id: int) -> None:
    old = claim_new(runs, dataset_id)
    runs.commit_epoch(old, epoch(1))
    let_lease_expire(old.id)
    assert runs.reap() == [old.id]
    new = claim(runs, "b")
    assert new.token > old.token
    attempts = [
        lambda: runs.beat(old, LEASE_SECONDS),
        lambda: runs.control(old),
        lambda: runs.commit_epoch(old, epoch(2)),
        lambda: runs.finish(old, result()),
        lambda: runs.fail(old, "no"),
        lambda: runs.hand_back(old, "no"),
        lambda: runs.crashed(old, "no"),
        lambda: runs.obeyed(old, "cancel", 1.0),
        lambda: runs.note(old, "info", "x", "no"),
    ]
    for attempt in attempts:
        with pytest.raises(LeaseLostError):
            attempt()
    runs.commit_epoch(new, epoch(2))
    assert [row.epoch for row in ExperimentStore().epochs(new.id)] == [1, 2]


def test_even_before_the_next_claim_the_reaped_owner_is_locked_out(
    runs: RunStore, dataset_id: int
) -> None:
    old = claim_new(runs, dataset_id)
    let_lease_expire(old.id)
    runs.reap()
    with pytest.raises(LeaseLostError):
        runs.commit_epoch(old, epoch(1))


def test_a_living_lease_is_not_reaped(runs: RunStore, dataset_id: int) -> None:
    lease = claim_new(runs, dataset_id)
    assert runs.reap() == []
    let_lease_expire(lease.id)
    runs.beat(lease, LEASE_SECONDS, progress=0.25)
    assert runs.reap() == []
    assert ExperimentStore().get(lease.id).progress == 0.25


def test_an_epoch_is_committed_exactly_once(runs: RunStore, dataset_id: int) -> None:
    lease = claim_new(runs, dataset_id)
    assert runs.commit_epoch(lease, epoch(1)) is True
    assert runs.commit_epoch(lease, epoch(1)) is False
    with pytest.raises(EpochGapError):
        runs.commit_epoch(lease, epoch(3))
    found = ExperimentStore().get(lease.id)
    assert (found.epochs_done, found.epochs_total) == (1, 3)
    assert [row.epoch for row in ExperimentStore().epochs(lease.id)] == [1]
    assert runs.claimed(lease).checkpoint == "c1"


def test_a_run_finishes_once_and_seals_its_history(runs: RunStore, dataset_id: int) -> None:
    lease = claim_new(runs, dataset_id)
    for number in (1, 2, 3):
        runs.commit_epoch(lease, epoch(number))
    runs.finish(lease, result())
    with pytest.raises(LeaseLostError):
        runs.finish(lease, result())
    found = ExperimentStore().get(lease.id)
    assert (found.status, found.accuracy, found.macro_f1) == (Status.COMPLETED, 0.9, 0.8)
    assert found.finished_at is not None
    history = MetricStore().history(lease.id, "val_loss")
    assert history.steps.tolist() == [1, 2, 3]
    assert history.low.tolist() == pytest.approx([1.0, 1 / 2, 1 / 3])


def test_crashes_without_progress_fail_a_run_with_a_sentence(
    runs: RunStore, dataset_id: int
) -> None:
    new_run(dataset_id)
    for _ in range(MAX_STALLED):
        lease = claim(runs)
        runs.crashed(lease, "It died.")
    found = ExperimentStore().get(lease.id)
    assert found.status is Status.FAILED
    assert "It died." in found.error


def test_progress_forgives_earlier_crashes(runs: RunStore, dataset_id: int) -> None:
    new_run(dataset_id)
    for number in range(1, MAX_STALLED + 2):
        lease = claim(runs)
        runs.commit_epoch(lease, epoch(number, total=9))
        runs.crashed(lease, "It died.")
    assert ExperimentStore().get(lease.id).status is Status.PENDING


def test_lost_machines_do_not_count_as_the_runs_failure(runs: RunStore, dataset_id: int) -> None:
    experiment_id = new_run(dataset_id)
    for _ in range(MAX_STALLED + 2):
        claim(runs)
        let_lease_expire(experiment_id)
        assert runs.reap() == [experiment_id]
    assert ExperimentStore().get(experiment_id).status is Status.PENDING


@pytest.mark.parametrize(("order", "status"), [("pause", "paused"), ("cancel", "cancelled")])
def test_an_order_to_a_run_whose_worker_died_is_obeyed_by_the_reaper(
    runs: RunStore, dataset_id: int, order: str, status: str
) -> None:
    lease = claim_new(runs, dataset_id)
    runs.order(lease.id, order)
    let_lease_expire(lease.id)
    runs.reap()
    assert ExperimentStore().get(lease.id).status == status


def test_orders_to_a_pending_run_take_effect_at_once(runs: RunStore, dataset_id: int) -> None:
    experiment_id = new_run(dataset_id)
    assert runs.order(experiment_id, "pause").status is Status.PAUSED
    assert runs.claim_next("a", "h", LEASE_SECONDS) is None
    assert runs.order(experiment_id, "resume").status is Status.PENDING
    assert runs.order(experiment_id, "cancel").status is Status.CANCELLED
    assert runs.claim_next("a", "h", LEASE_SECONDS) is None


def test_an_order_to_a_running_run_waits_in_its_control_word(
    runs: RunStore, dataset_id: int
) -> None:
    lease = claim_new(runs, dataset_id)
    assert runs.order(lease.id, "pause").control == "pause"
    assert runs.control(lease) == "pause"
    assert runs.order(lease.id, "resume").control == ""
    runs.order(lease.id, "stop")
    assert runs.control(lease) == "stop"
    runs.order(lease.id, "cancel")
    with pytest.raises(ConflictError, match="being cancelled"):
        runs.order(lease.id, "pause")


def test_a_paused_run_frees_its_worker_and_resumes_from_its_checkpoint(
    runs: RunStore, dataset_id: int
) -> None:
    lease = claim_new(runs, dataset_id)
    runs.commit_epoch(lease, epoch(1))
    runs.order(lease.id, "pause")
    runs.obeyed(lease, "pause", 4.0)
    assert ExperimentStore().get(lease.id).status is Status.PAUSED
    with pytest.raises(LeaseLostError):
        runs.beat(lease, LEASE_SECONDS)
    runs.order(lease.id, "resume")
    again = runs.claimed(claim(runs, "b"))
    assert (again.checkpoint, again.epochs_done, again.seconds) == ("c1", 1, 4.0)


@pytest.mark.parametrize("order", ["pause", "resume", "stop", "cancel"])
def test_an_ended_run_takes_no_order(runs: RunStore, dataset_id: int, order: str) -> None:
    lease = claim_new(runs, dataset_id)
    runs.finish(lease, result())
    with pytest.raises(ConflictError, match="has ended"):
        runs.order(lease.id, order)


def test_a_failed_run_is_retried_from_its_checkpoint(runs: RunStore, dataset_id: int) -> None:
    lease = claim_new(runs, dataset_id)
    runs.commit_epoch(lease, epoch(1))
    runs.fail(lease, "The disk is full.")
    found = runs.retry(lease.id)
    assert (found.status, found.error, found.finished_at) == (Status.PENDING, "", None)
    again = claim(runs)
    assert runs.claimed(again).checkpoint == "c1"
    runs.commit_epoch(again, epoch(2))
    runs.finish(again, result())
    assert MetricStore().history(lease.id, "val_loss").steps.tolist() == [1, 2]
    with pytest.raises(ConflictError, match="Clone it"):
        runs.retry(lease.id)


def test_events_of_many_threads_are_numbered_without_gaps(runs: RunStore, dataset_id: int) -> None:
    lease = claim_new(runs, dataset_id)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: runs.note(lease, "info", "note", f"line {n}"), range(24)))
    numbers = [event.seq for event in ExperimentStore().events(lease.id)]
    assert sorted(numbers) == list(range(1, 27))


def test_a_job_is_done_once_and_given_up_after_some_tries() -> None:
    store = JobRunStore()
    job = JobStore().create("report", {})
    lease = store.claim_next("a", LEASE_SECONDS)
    assert lease is not None
    assert store.claim_next("b", LEASE_SECONDS) is None
    store.done(lease, {"name": "report.pdf"})
    assert JobStore().get(job.id).status is JobStatus.DONE
    with pytest.raises(LeaseLostError):
        store.done(lease, {})
    bad = JobStore().create("report", {})
    for _ in range(MAX_ATTEMPTS):
        lease = store.claim_next("a", LEASE_SECONDS)
        assert lease is not None
        store.crashed(lease, "It died.")
    assert JobStore().get(bad.id).status is JobStatus.FAILED
    assert store.claim_next("a", LEASE_SECONDS) is None


def test_workers_are_alive_until_they_leave() -> None:
    store = WorkerStore()
    store.beat("a:1", "a", 2, {"cpus": 4})
    store.beat("a:1", "a", 3, {"cpus": 4})
    alive = store.alive()
    assert [(w.name, w.slots, w.facts) for w in alive] == [("a:1", 3, {"cpus": 4})]
    assert alive[0].age_seconds < 5
    store.forget("a:1")
    assert store.alive() == []


def test_a_cancelled_pause_is_sealed_and_told_like_any_other_end(
    runs: RunStore, dataset_id: int
) -> None:
    lease = claim_new(runs, dataset_id)
    runs.commit_epoch(lease, epoch(1))
    runs.order(lease.id, "pause")
    runs.obeyed(lease, "pause", 1.0)
    assert runs.order(lease.id, "cancel").status is Status.CANCELLED
    assert ExperimentStore().events(lease.id)[0].kind == "cancelled"
    assert MetricStore().series(lease.id) == ["val_loss"]


@pytest.mark.parametrize(("order", "status"), [("pause", "paused"), ("cancel", "cancelled")])
def test_an_order_outlives_the_worker_that_leaves_before_obeying(
    runs: RunStore, dataset_id: int, order: str, status: str
) -> None:
    lease = claim_new(runs, dataset_id)
    runs.order(lease.id, order)
    runs.hand_back(lease, "The worker leaves.")
    assert ExperimentStore().get(lease.id).status == status
