"""Data sets: what is known of each, and whether anything still needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from storage.database import read_session, write_session
from storage.entities import ConflictError, DatasetEntity, DatasetStatus, NotFoundError
from storage.models import LARGEST_ID, Dataset, Experiment, utc_now


@dataclass(frozen=True)
class ReadyFacts:
    """What an import found out; fills the columns that lists show."""

    fingerprint: str
    folder: str
    n_recordings: int
    n_groups: int
    n_channels: int
    n_samples: int
    sampling_rate_hz: float | None
    classes: list[str]
    bytes: int
    window_samples: int | None


class DatasetStore:
    """Reads and writes data sets."""

    def create(
        self,
        name: str,
        *,
        source: str,
        kind: str = "signal",
        summary: str = "",
        builtin_key: str | None = None,
        status: DatasetStatus = DatasetStatus.UPLOADED,
    ) -> DatasetEntity:
        """Store a new, empty data set; ``source`` is "upload", "built-in" or "simulator"."""
        with write_session() as session:
            row = Dataset(
                name=name,
                kind=kind,
                source=source,
                summary=summary,
                builtin_key=builtin_key,
                status=status,
            )
            session.add(row)
            session.flush()
            return _entity(row)

    def get(self, dataset_id: int) -> DatasetEntity:
        """Give one data set.

        Raises:
            NotFoundError: There is none with this id, or it was deleted.
        """
        with read_session() as session:
            row = session.get(Dataset, dataset_id) if abs(dataset_id) <= LARGEST_ID else None
        if row is None or row.deleted_at is not None:
            raise NotFoundError(f"There is no data set {dataset_id}. It may be deleted.")
        return _entity(row)

    def by_builtin_key(self, key: str) -> DatasetEntity | None:
        """Give the data set made from a built-in one, if it was made."""
        with read_session() as session:
            row = session.scalar(select(Dataset).where(Dataset.builtin_key == key))
        return None if row is None else _entity(row)

    def all(self, kind: str | None = None, *, ready_only: bool = False) -> list[DatasetEntity]:
        """Give all data sets, newest first."""
        statement = select(Dataset).where(Dataset.deleted_at.is_(None)).order_by(Dataset.id.desc())
        if kind is not None:
            statement = statement.where(Dataset.kind == kind)
        if ready_only:
            statement = statement.where(Dataset.status == DatasetStatus.READY)
        with read_session() as session:
            return [_entity(row) for row in session.scalars(statement)]

    def set_status(self, dataset_id: int, status: DatasetStatus, error: str = "") -> None:
        """Move a data set on; ``error`` is the sentence shown when it failed."""
        self._update(dataset_id, {"status": status, "error": error})

    def set_inspection(self, dataset_id: int, inspection: dict[str, Any]) -> None:
        """Keep what the importer understood, with the user's corrections."""
        self._update(dataset_id, {"inspection": inspection})

    def set_ready(self, dataset_id: int, facts: ReadyFacts) -> None:
        """Mark a data set ready with what its import found."""
        values = {**facts.__dict__, "status": DatasetStatus.READY, "error": ""}
        self._update(dataset_id, values)

    def set_placeholder(
        self, dataset_id: int, fingerprint: str, folder: str, sentence: str
    ) -> None:
        """Note a data set whose samples are not here; a later import fills it."""
        self._update(
            dataset_id,
            {
                "fingerprint": fingerprint,
                "folder": folder,
                "status": DatasetStatus.FAILED,
                "error": sentence,
            },
        )

    def set_view(self, dataset_id: int, window_samples: int, overlap: float) -> None:
        """Choose the suggested windowing; the samples stay as they are."""
        self._update(dataset_id, {"window_samples": window_samples, "overlap": overlap})

    def rename(self, dataset_id: int, name: str) -> None:
        """Give a data set another name."""
        self._update(dataset_id, {"name": name})

    def n_experiments(self, dataset_id: int) -> int:
        """Count the experiments that were made with a data set and not deleted."""
        with read_session() as session:
            count = session.scalar(
                select(func.count())
                .select_from(Experiment)
                .where(Experiment.dataset_id == dataset_id, Experiment.deleted_at.is_(None))
            )
        return count or 0

    def delete(self, dataset_id: int) -> None:
        """Take a data set out of all lists; its folder is the caller's to remove.

        Raises:
            ConflictError: Experiments use it.
        """
        entity = self.get(dataset_id)
        used = self.n_experiments(dataset_id)
        if used:
            plural = "experiment uses" if used == 1 else "experiments use"
            raise ConflictError(f"{used} {plural} “{entity.name}”. Delete those first.")
        self._update(dataset_id, {"deleted_at": utc_now(), "builtin_key": None})

    def _update(self, dataset_id: int, values: dict[str, Any]) -> None:
        with write_session() as session:
            session.execute(update(Dataset).where(Dataset.id == dataset_id).values(values))


def _entity(row: Dataset) -> DatasetEntity:
    plain = {
        name: getattr(row, name) for name in DatasetEntity.__dataclass_fields__ if name != "status"
    }
    return DatasetEntity(status=DatasetStatus(row.status), **plain)
