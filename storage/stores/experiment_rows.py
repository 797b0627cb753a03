"""Rows that hang on an experiment: its timeline, settings, held-out values and tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from storage.entities import ConflictError, NotFoundError, StorageError
from storage.models import (
    LARGEST_ID,
    Dataset,
    Event,
    Experiment,
    ExperimentHeldOut,
    ExperimentParam,
    ExperimentTag,
)
from storage.search.literals import number_in


def add_event(session: Session, experiment_id: int, level: str, kind: str, message: str) -> None:
    """Append a line to a timeline inside the caller's transaction."""
    last = session.scalar(select(func.max(Event.seq)).where(Event.experiment_id == experiment_id))
    session.add(
        Event(
            experiment_id=experiment_id,
            seq=(last or 0) + 1,
            level=level,
            kind=kind,
            message=message,
        )
    )
    session.flush()


def flatten(config: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give every leaf of a nested config as (dotted path, value)."""
    for key, value in config.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def param_rows(experiment_id: int, config: dict[str, Any]) -> list[ExperimentParam]:
    """Give the rows that settings are searched by."""
    return [
        ExperimentParam(
            experiment_id=experiment_id,
            key=key[:100],
            text=str(value)[:200],
            number=float(value) if isinstance(value, int | float) else number_in(str(value)),
        )
        for key, value in flatten(config)
    ]


def tag_rows(experiment_id: int, tags: Sequence[str]) -> list[ExperimentTag]:
    """Give the rows that tags are searched by."""
    distinct = sorted({tag[:50] for tag in tags})
    return [ExperimentTag(tag=tag, experiment_id=experiment_id) for tag in distinct]


def replace_tags(session: Session, experiment_id: int, tags: Sequence[str]) -> None:
    """Make these the tags that a run is found by, inside the caller's transaction."""
    session.execute(delete(ExperimentTag).where(ExperimentTag.experiment_id == experiment_id))
    session.add_all(tag_rows(experiment_id, tags))


def held_out_rows(experiment_id: int, config: dict[str, Any]) -> list[ExperimentHeldOut]:
    """Give the rows that values a run is tested on, and never trained on, are searched by."""
    data = config.get("data")
    if not isinstance(data, dict) or data.get("split") != "field" or not data.get("split_field"):
        return []
    field = str(data["split_field"])[:100]
    return [
        ExperimentHeldOut(
            experiment_id=experiment_id, field=field, text=text, number=number_in(text)
        )
        for text in sorted({str(value)[:200] for value in data.get("test_values") or ()})
    ]


def bring_back(session: Session, experiment_id: int) -> None:
    """Show a deleted experiment again, inside the caller's transaction.

    Raises:
        NotFoundError: There is none, or its files were removed.
        ConflictError: It is not deleted, or its data set is.
    """
    row = session.get(Experiment, min(experiment_id, LARGEST_ID), with_for_update=True)
    if row is None or (row.deleted_at is not None and row.purged_at is not None):
        raise NotFoundError(f"Experiment {experiment_id} cannot be brought back any more.")
    if row.deleted_at is None:
        raise ConflictError(f"“{row.name}” is not deleted.")
    dataset = session.get(Dataset, row.dataset_id)
    if dataset is None or dataset.deleted_at is not None:
        raise ConflictError(f"The data set of “{row.name}” was deleted too.")
    row.deleted_at = None
    replace_tags(session, row.id, row.tags)


def came_back(session: Session, experiment_id: int) -> bool:
    """Show a deleted experiment again where that is possible, and tell whether it was."""
    try:
        bring_back(session, experiment_id)
    except StorageError:
        return False
    return True
