"""Which runs have files that may go, and the marks on those whose files went."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, true
from sqlalchemy.orm import Session, load_only

from storage.database import read_session, write_session
from storage.entities import ENDED, Status
from storage.models import Artifact, Dataset, Experiment, utc_now
from storage.stores.experiments import add_event

BEST = "best.pt"
"""The checkpoint that is never trimmed."""


@dataclass(frozen=True)
class EndedRun:
    """A run whose files nobody works on at this moment.

    Attributes:
        since: When it ended; when it was deleted, where it was.
        checkpoint: Where it would go on, below the runs folder; "" from the beginning.
        trimmable: Artifact paths of its intermediate checkpoints.
        artifacts: Paths of all its artifacts.
        has_result: It was evaluated at least once.
    """

    id: int
    name: str
    status: Status
    since: datetime
    deleted: bool
    kept: bool
    trimmed: bool
    has_result: bool
    checkpoint: str
    trimmable: tuple[str, ...]
    artifacts: tuple[str, ...]


@dataclass(frozen=True)
class FolderFacts:
    """What decides whether a folder of a run is still somebody's."""

    status: Status
    token: int
    checkpoint: str


class RetentionStore:
    """Reads what may go and writes down what went."""

    def ended_runs(self) -> list[EndedRun]:
        """Give the runs that ended or were deleted and still have all or some of their files."""
        statement = select(Experiment).where(Experiment.status.in_(ENDED), _has_files())
        # The wide columns of thousands of runs would cost more than everything else here.
        narrow = statement.options(load_only(*_COLUMNS, raiseload=True))
        with read_session() as session:
            paths = _paths(session)
            return [_ended(row, paths.get(row.id, [])) for row in session.scalars(narrow)]

    def configs(self, families: Collection[str]) -> list[tuple[int, str, dict[str, Any]]]:
        """Give id, family and settings of the runs of some families that were not deleted."""
        statement = select(Experiment.id, Experiment.family, Experiment.config).where(
            Experiment.family.in_(families), Experiment.deleted_at.is_(None)
        )
        with read_session() as session:
            return [(number, name, config) for number, name, config in session.execute(statement)]

    def folder_facts(self) -> dict[int, FolderFacts]:
        """Give status, token and checkpoint of every run by its id."""
        statement = select(
            Experiment.id, Experiment.status, Experiment.token, Experiment.checkpoint
        )
        with read_session() as session:
            return {
                number: FolderFacts(Status(status), token, checkpoint)
                for number, status, token, checkpoint in session.execute(statement)
            }

    def artifact_paths(self) -> set[str]:
        """Give the path of every artifact that a row points to."""
        with read_session() as session:
            return set(session.scalars(select(Artifact.path)))

    def dataset_folders(self) -> dict[int, str]:
        """Give the folder of every data set that was not deleted, by its id."""
        statement = select(Dataset.id, Dataset.folder).where(Dataset.deleted_at.is_(None))
        with read_session() as session:
            return {number: folder for number, folder in session.execute(statement)}  # noqa: C416

    def trim(self, run: EndedRun, sentence: str, move_away: Callable[[], None]) -> bool:
        """Take a run's intermediate checkpoints away while nobody can start it again.

        Args:
            run: As ``ended_runs`` gave it.
            sentence: For its timeline.
            move_away: Takes the files out of their places; called with the row locked.

        Returns:
            False when the run has changed meanwhile; nothing is done then.
        """
        trimmed = Artifact.path.in_(run.trimmable)
        return _taken_away(run, sentence, move_away, "trimmed", trimmed)

    def purge(self, run: EndedRun, sentence: str, move_away: Callable[[], None]) -> bool:
        """Take all of a run's files away while nobody can start it again.

        Args:
            run: As ``ended_runs`` gave it.
            sentence: For its timeline.
            move_away: Takes the files out of their places; called with the row locked.

        Returns:
            False when the run has changed meanwhile; nothing is done then.
        """
        return _taken_away(run, sentence, move_away, "purged", true())


_COLUMNS = (
    Experiment.name,
    Experiment.status,
    Experiment.created_at,
    Experiment.finished_at,
    Experiment.deleted_at,
    Experiment.trimmed_at,
    Experiment.kept,
    Experiment.accuracy,
    Experiment.checkpoint,
)


def _has_files() -> ColumnElement[bool]:
    """What was deleted after a first clean-up has a log still."""
    return or_(Experiment.purged_at.is_(None), Experiment.deleted_at > Experiment.purged_at)


def _paths(session: Session) -> dict[int, list[tuple[str, str, str]]]:
    rows = session.execute(
        select(Artifact.experiment_id, Artifact.name, Artifact.kind, Artifact.path)
        .join(Experiment, Experiment.id == Artifact.experiment_id)
        .where(_has_files())
    )
    found: dict[int, list[tuple[str, str, str]]] = {}
    for number, name, kind, path in rows:
        found.setdefault(number, []).append((name, kind, path))
    return found


def _ended(row: Experiment, files: list[tuple[str, str, str]]) -> EndedRun:
    return EndedRun(
        id=row.id,
        name=row.name,
        status=Status(row.status),
        since=row.deleted_at or row.finished_at or row.created_at,
        deleted=row.deleted_at is not None,
        kept=row.kept,
        trimmed=row.trimmed_at is not None,
        has_result=row.accuracy is not None,
        checkpoint=row.checkpoint,
        trimmable=tuple(
            path for name, kind, path in files if kind == "checkpoint" and name != BEST
        ),
        artifacts=tuple(path for _, _, path in files),
    )


def _unchanged(session: Session, run: EndedRun) -> Experiment | None:
    """Lock a run's row; None when somebody did something with it since it was read."""
    row = session.scalar(
        select(Experiment).where(Experiment.id == run.id, _has_files()).with_for_update()
    )
    if row is None or row.status != run.status or (row.deleted_at is not None) != run.deleted:
        return None
    return row if run.deleted or not row.kept else None


def _taken_away(
    run: EndedRun,
    sentence: str,
    move_away: Callable[[], None],
    event: str,
    which: ColumnElement[bool],
) -> bool:
    with write_session() as session:
        row = _unchanged(session, run)
        if row is None:
            return False
        move_away()
        session.execute(delete(Artifact).where(Artifact.experiment_id == run.id, which))
        row.checkpoint, row.checkpoint_sha256 = "", ""
        row.trimmed_at = utc_now()
        if event == "purged":
            row.purged_at = row.trimmed_at
        add_event(session, row.id, "info", event, sentence)
        return True
