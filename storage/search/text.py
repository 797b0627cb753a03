"""Looking for a piece of text in what people see of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, text

from storage.database import engine
from storage.models import Dataset, Experiment, ExperimentTag


def mentions(wanted: str) -> ColumnElement[bool]:
    """Tell whether a run's name, family, data set, note or a tag contains a text."""
    # Said word for word, so that the partial index over rows with a note is used.
    noted = select(Experiment.id).where(and_(text("note != ''"), contains(Experiment.note, wanted)))
    return or_(
        contains(Experiment.name, wanted),
        contains(Experiment.family, wanted),
        in_datasets(contains(Dataset.name, wanted)),
        Experiment.id.in_(noted),
        tagged(contains(ExperimentTag.tag, wanted)),
    )


def contains(column: Any, wanted: str) -> ColumnElement[bool]:
    """Tell whether a column contains a text, whatever its case."""
    # SQLite's LIKE ignores case by itself; lower() on both sides would double the time.
    plain = engine().dialect.name == "sqlite"
    find: Callable[..., ColumnElement[bool]] = column.contains if plain else column.icontains
    return find(wanted, autoescape=True)


def tagged(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Tell whether one of a run's tags fulfils a condition."""
    return Experiment.id.in_(select(ExperimentTag.experiment_id).where(condition))


def in_datasets(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Tell whether a run's data set fulfils a condition."""
    return Experiment.dataset_id.in_(select(Dataset.id).where(condition))
