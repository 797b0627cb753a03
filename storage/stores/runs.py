"""The execution of experiments: claim, beat, commit epochs, end; every write under the token."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from storage.artifacts import NewArtifact
from storage.database import read_session, write_session
from storage.entities import (
    ConflictError,
    ExperimentEntity,
    NotFoundError,
    Status,
    StorageError,
)
from storage.models import Artifact, EpochRow, Experiment, utc_now
from storage.stores import metrics
from storage.stores.chosen_metrics import write_metrics
from storage.stores.experiments import ExperimentStore, add_event
from storage.stores.leases import Lease, LeaseTable, lost
from storage.stores.run_orders import effect_of
from storage.stores.transitions import move

MAX_STALLED = 3
"""Crashes without a new epoch in between, after which a run is given up."""

IN_ORDER = (Experiment.priority.desc(), Experiment.queue_rank.desc(), Experiment.id)
"""Which waiting run is claimed next."""

_RUNS = LeaseTable(Experiment, Status.PENDING, Status.RUNNING, IN_ORDER)


class EpochGapError(StorageError):
    """An epoch was reported before the one that comes first."""


@dataclass(frozen=True)
class ClaimedRun:
    """A run this worker owns now.

    Attributes:
        checkpoint: Committed checkpoint, relative to the runs folder; "" for a fresh start.
        seconds: Time already spent on it in earlier attempts.
        time_limit_seconds: Longest time of all attempts together; None for the installation's.
    """

    lease: Lease
    task_id: str
    name: str
    checkpoint: str
    checkpoint_sha256: str
    epochs_done: int
    seconds: float
    time_limit_seconds: int | None = None
    priority: int = 5


@dataclass(frozen=True)
class Place:
    """Where a run was left between two epochs.

    Attributes:
        checkpoint: File to go on from, relative to the runs folder; "" for the last epoch's.
        where: In words, e.g. "in epoch 3 after batch 7 of 40".
    """

    checkpoint: str = ""
    checkpoint_sha256: str = ""
    where: str = ""


@dataclass(frozen=True)
class Epoch:
    """One finished epoch as it is committed; ``checkpoint`` is relative to the runs folder."""

    number: int
    total: int
    values: dict[str, float]
    seconds: float
    checkpoint: str = ""
    checkpoint_sha256: str = ""


@dataclass(frozen=True)
class Finished:
    """Everything a run leaves behind when it completes or is stopped.

    Attributes:
        why: Sentence of a run that stopped for another reason than an order.
    """

    status: Status
    metrics: dict[str, float]
    split_name: str
    split_digest: str
    leaky: bool
    n_parameters: int
    seconds: float
    artifacts: list[NewArtifact] = field(default_factory=list)
    why: str = ""


class RunStore:
    """Moves runs through their states; one transaction per move."""

    def claim_next(self, owner: str, host: str, lease_seconds: float) -> Lease | None:
        """Claim the pending run with the highest priority, the oldest first."""
        with write_session() as session:
            row = _RUNS.claim(session, owner, lease_seconds)
            if row is None:
                return None
            row.host = host
            row.started_at = row.started_at or utc_now()
            resumes = bool(row.epochs_done and row.checkpoint)
            again = f", going on after epoch {row.epochs_done}" if resumes else ""
            add_event(session, row.id, "info", "started", f"Started on {host}{again}.")
            return Lease(row.id, row.token)

    def claimed(self, lease: Lease) -> ClaimedRun:
        """Give what a runner needs to know of the run it was started for.

        Raises:
            LeaseLostError: It no longer owns it.
        """
        with read_session() as session:
            row = _owned_row(session, lease)
            return ClaimedRun(
                lease, row.task_id, row.name, row.checkpoint, row.checkpoint_sha256,
                row.epochs_done, row.seconds, row.time_limit_seconds, row.priority,
            )  # fmt: skip

    def beat(
        self,
        lease: Lease,
        lease_seconds: float,
        progress: float | None = None,
        seconds: float | None = None,
    ) -> None:
        """Hold on to a run for some more seconds.

        Args:
            lease: The claim.
            lease_seconds: How long it holds without another beat.
            progress: Share of the run that is done.
            seconds: Time spent on the run in all attempts.

        Raises:
            LeaseLostError: Another worker owns it, or it has ended.
        """
        given = {"progress": progress, "seconds": seconds}
        values = {name: value for name, value in given.items() if value is not None}
        with write_session() as session:
            _RUNS.beat(session, lease, lease_seconds, **values)

    def control(self, lease: Lease) -> str:
        """Give the standing order of a run; cheap, takes no lock.

        Raises:
            LeaseLostError: Another worker owns it, or it has ended.
        """
        with read_session() as session:
            return _owned_row(session, lease).control

    def commit_epoch(self, lease: Lease, epoch: Epoch) -> bool:
        """Write an epoch and the checkpoint that goes with it, exactly once.

        Returns:
            False when the epoch had been committed before (it was computed again after a crash).

        Raises:
            LeaseLostError: Another worker owns the run.
            EpochGapError: The epoch before this one is missing.
        """
        with write_session() as session:
            row = _RUNS.held(session, lease)
            if epoch.number > row.epochs_done + 1:
                raise EpochGapError(f"Epoch {epoch.number} came before {row.epochs_done + 1}.")
            new = epoch.number == row.epochs_done + 1
            if new:
                session.add(EpochRow(experiment_id=row.id, epoch=epoch.number, values=epoch.values))
                row.epochs_done = epoch.number
                row.stalled = 0
            if epoch.checkpoint:
                row.checkpoint = epoch.checkpoint
                row.checkpoint_sha256 = epoch.checkpoint_sha256
            row.epochs_total = epoch.total
            row.progress = row.epochs_done / max(1, epoch.total)
            row.seconds = epoch.seconds
            return new

    def note(self, lease: Lease, level: str, kind: str, message: str) -> None:
        """Add a line to the timeline of a run.

        Raises:
            LeaseLostError: Another worker owns it.
        """
        with write_session() as session:
            row = _RUNS.held(session, lease)
            add_event(session, row.id, level, kind, message)

    def finish(self, lease: Lease, finished: Finished) -> None:
        """End a run with its results, once.

        Raises:
            LeaseLostError: Another worker owns it, or it has ended.
        """
        with write_session() as session:
            row = _RUNS.held(session, lease)
            row.accuracy = finished.metrics.get("accuracy")
            row.macro_f1 = finished.metrics.get("macro_f1")
            row.metrics = dict(finished.metrics)
            row.split_name, row.split_digest = finished.split_name, finished.split_digest
            row.leaky = finished.leaky
            row.n_parameters = finished.n_parameters
            row.seconds = finished.seconds
            row.progress = 1.0
            _replace_results(session, row.id, finished)
            word = "Stopped; the best model so far was kept and evaluated."
            if finished.status is Status.COMPLETED:
                word = "Completed."
            said = finished.why or word
            _end(session, row, finished.status, "success", said, _told(finished, said))

    def fail(self, lease: Lease, sentence: str) -> None:
        """End a run that cannot go on; its checkpoint stays for a retry.

        Raises:
            LeaseLostError: Another worker owns it, or it has ended.
        """
        with write_session() as session:
            row = _RUNS.held(session, lease)
            row.error = sentence
            _end(session, row, Status.FAILED, "error", sentence)

    def obeyed(
        self, lease: Lease, control: str, seconds: float, place: Place | None = None
    ) -> None:
        """Leave a run because of a pause or cancel order.

        Args:
            lease: The claim.
            control: "pause" or "cancel".
            seconds: Time spent on the run in all attempts.
            place: Where it was left, if not at the end of an epoch.

        Raises:
            LeaseLostError: Another worker owns it, or it has ended.
        """
        with write_session() as session:
            row = _RUNS.held(session, lease)
            row.seconds = seconds
            _remember(row, place)
            _leave(session, row, control, place.where if place else "")

    def hand_back(
        self, lease: Lease, why: str, seconds: float | None = None, place: Place | None = None
    ) -> None:
        """Give a run back so that any worker goes on from its checkpoint.

        Args:
            lease: The claim.
            why: The event's sentence.
            seconds: Time spent on the run in all attempts.
            place: Where it was left, if not at the end of an epoch.

        Raises:
            LeaseLostError: Another worker owns it, or it has ended.
        """
        with write_session() as session:
            row = _RUNS.held(session, lease)
            row.seconds = row.seconds if seconds is None else seconds
            _remember(row, place)
            if row.control in ("pause", "cancel"):
                # Ordered in the same moment: what people asked for comes before what we do.
                _leave(session, row, row.control, place.where if place else "")
            else:
                move(session, row, Status.PENDING, "info", "handed-back", why)

    def used_memory(self, experiment_id: int, memory_bytes: int) -> None:
        """Remember the most memory an attempt took; needs no claim, as a maximum is always true."""
        with write_session() as session:
            session.execute(
                update(Experiment)
                .where(Experiment.id == experiment_id, Experiment.memory_bytes < memory_bytes)
                .values(memory_bytes=memory_bytes)
            )

    def crashed(self, lease: Lease, how: str, advice: str = "") -> None:
        """Give a run back whose runner died; too many deaths without an epoch fail it.

        Args:
            lease: The claim.
            how: Sentence about this death.
            advice: Sentence about what to change, for a run that is given up.

        Raises:
            LeaseLostError: It had given the run back, or another worker owns it.
        """
        with write_session() as session:
            row = _RUNS.held(session, lease)
            row.stalled += 1
            if row.control in ("pause", "cancel"):
                _leave(session, row, row.control)
            elif row.stalled >= MAX_STALLED:
                row.error = f"It died {row.stalled} times without finishing an epoch. {how}"
                if advice:
                    row.error += f" {advice}"
                _end(session, row, Status.FAILED, "error", row.error)
            else:
                text = f"{how} Going on from the last checkpoint."
                move(session, row, Status.PENDING, "warning", "crashed", text)

    def reap(self) -> list[int]:
        """Give back the runs whose worker fell silent; a lost machine is not the run's fault."""
        with write_session() as session:
            rows = _RUNS.expired(session)
            for row in rows:
                if row.control in ("pause", "cancel"):
                    _leave(session, row, row.control)
                    continue
                text = "The worker fell silent. Going on from the last checkpoint."
                move(session, row, Status.PENDING, "warning", "worker-lost", text)
            return [row.id for row in rows]

    def waiting(self) -> list[int]:
        """Give the ids of pending runs in the order they will be claimed."""
        with read_session() as session:
            return _RUNS.waiting(session)

    def waiting_priorities(self) -> list[int]:
        """Give the highest priority that waits, if any does."""
        with read_session() as session:
            return _RUNS.waiting_priorities(session)

    def order(self, experiment_id: int, order: str) -> ExperimentEntity:
        """Pause, resume, stop or cancel a run.

        Raises:
            NotFoundError: There is no such run.
            ConflictError: The order does not fit its state.
        """
        with write_session() as session:
            row = locked_run(session, experiment_id)
            status = Status(row.status)
            effect = effect_of(order, row.name, status, row.control, row.epochs_done)
            row.control = effect.control
            if effect.status.ended:
                _end(session, row, effect.status, "warning", effect.event)
            else:
                move(session, row, effect.status, "info", f"order-{order}", effect.event)
        return ExperimentStore().get(experiment_id)

    def retry(self, experiment_id: int) -> ExperimentEntity:
        """Start a failed, cancelled or stopped run again, from its checkpoint where it has one.

        Raises:
            NotFoundError: There is no such run.
            ConflictError: It has not ended, or it is complete.
        """
        with write_session() as session:
            row = locked_run(session, experiment_id)
            status = Status(row.status)
            if status not in (Status.FAILED, Status.CANCELLED, Status.STOPPED):
                hint = "Clone it to run it anew." if status.ended else "Stop or cancel it first."
                raise ConflictError(f"“{row.name}” is {status}, so it is not retried. {hint}")
            metrics.unseal(session, row.id)
            row.control, row.error, row.stalled = "", "", 0
            row.trimmed_at = row.purged_at = None
            where = f"from epoch {row.epochs_done}" if row.checkpoint else "from the beginning"
            move(session, row, Status.PENDING, "info", "retried", f"Retried {where}.")
        return ExperimentStore().get(experiment_id)


def _owned_row(session: Session, lease: Lease) -> Experiment:
    row = session.get(Experiment, lease.id)
    if row is None or row.token != lease.token or row.status != Status.RUNNING:
        raise lost(lease)
    return row


def locked_run(session: Session, experiment_id: int) -> Experiment:
    """Give a run, locked for this transaction.

    Raises:
        NotFoundError: There is none, or it was deleted.
    """
    row = session.scalar(
        select(Experiment)
        .where(Experiment.id == experiment_id, Experiment.deleted_at.is_(None))
        .with_for_update()
    )
    if row is None:
        raise NotFoundError(f"There is no experiment {experiment_id}. It may be deleted.")
    return row


def _remember(row: Experiment, place: Place | None) -> None:
    if place is not None and place.checkpoint:
        row.checkpoint, row.checkpoint_sha256 = place.checkpoint, place.checkpoint_sha256


def _leave(session: Session, row: Experiment, control: str, place: str = "") -> None:
    if control == "cancel":
        _end(session, row, Status.CANCELLED, "warning", "Cancelled.")
        return
    row.control = ""
    where = place or (f"after epoch {row.epochs_done}" if row.epochs_done else "")
    move(session, row, Status.PAUSED, "info", "paused", f"Paused {where}".strip() + ".")


def _end(
    session: Session, row: Experiment, status: Status, level: str, message: str, told: str = ""
) -> None:
    row.control = ""
    metrics.seal(session, row.id)
    move(session, row, status, level, status.value, message, told)


def _told(finished: Finished, said: str) -> str:
    """Give the headline to whoever is not looking; the bare word says nothing."""
    figures = [finished.metrics.get(f"accuracy{part}") for part in ("", "_low", "_high")]
    if None in figures:
        return said
    value, low, high = (100 * figure for figure in figures if figure is not None)
    return f"{said} Test accuracy {value:.1f} % ({low:.1f}–{high:.1f})."


def _replace_results(session: Session, experiment_id: int, finished: Finished) -> None:
    session.execute(delete(Artifact).where(Artifact.experiment_id == experiment_id))
    write_metrics(session, experiment_id, finished.metrics)
    session.add_all(item.row(experiment_id) for item in finished.artifacts)
