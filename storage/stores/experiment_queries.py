"""Filters, order and page of the run list, turned into SQL that stays on narrow indexes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, or_, select, text

from storage.database import engine
from storage.entities import ConflictError
from storage.models import Dataset, Experiment, ExperimentTag

MAX_PAGE = 1000
SORTABLE: dict[str, ColumnElement[Any]] = {
    "id": Experiment.id.expression,
    "name": func.lower(Experiment.name),
    "family": Experiment.family.expression,
    "status": Experiment.status.expression,
    "dataset_name": func.lower(Dataset.name),
    "accuracy": Experiment.accuracy.expression,
    "macro_f1": Experiment.macro_f1.expression,
    "seconds": Experiment.seconds.expression,
    "created_at": Experiment.created_at.expression,
    "started_at": Experiment.started_at.expression,
    "finished_at": Experiment.finished_at.expression,
    "n_parameters": Experiment.n_parameters.expression,
    "progress": Experiment.progress.expression,
    "preset": Experiment.preset.expression,
}
NULLABLE = frozenset({"accuracy", "macro_f1", "started_at", "finished_at"})


@dataclass(frozen=True)
class ExperimentQuery:
    """Filters, order and page of a run list; empty fields do not filter."""

    search: str = ""
    families: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    dataset_ids: tuple[int, ...] = ()
    min_accuracy: float | None = None
    max_accuracy: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    sort: tuple[tuple[str, bool], ...] = field(default=(("created_at", True),))
    """Pairs of a column name in SORTABLE and whether it descends."""
    limit: int = 50
    offset: int = 0


def check_page(query: ExperimentQuery) -> None:
    """Refuse a page that is none.

    Raises:
        ConflictError: An unknown sort column, or a page size outside 1 to MAX_PAGE.
    """
    if not 1 <= query.limit <= MAX_PAGE or query.offset < 0:
        raise ConflictError(f"A page holds 1 to {MAX_PAGE} experiments, from offset 0 on.")
    unknown = [name for name, _ in query.sort if name not in SORTABLE]
    if unknown:
        known = ", ".join(SORTABLE)
        raise ConflictError(f"Experiments cannot be sorted by “{unknown[0]}”. Known: {known}.")


def count_rows(query: ExperimentQuery) -> Select[int]:
    """Count the experiments under the filters of a query."""
    return select(func.count()).select_from(Experiment).where(*_conditions(query))


def ids_in_order(query: ExperimentQuery) -> Select[int]:
    """Give the ids of all experiments under the filters, in the order asked for."""
    statement = select(Experiment.id)
    if any(name == "dataset_name" for name, _ in query.sort):
        statement = statement.join(Dataset, Dataset.id == Experiment.dataset_id)
    return statement.where(*_conditions(query)).order_by(*_ordering(query.sort))


def alive() -> ColumnElement[bool]:
    """Tell whether an experiment is not deleted."""
    return Experiment.deleted_at.is_(None)


def best_ids() -> Select[int | None]:
    """Give, for each data set, the id of its run with the highest macro-F1 on a clean split."""
    best: ScalarSelect[int] = (
        select(Experiment.id)
        .where(
            alive(),
            Experiment.dataset_id == Dataset.id,
            Experiment.macro_f1.is_not(None),
            Experiment.leaky.is_(False),
        )
        .order_by(Experiment.macro_f1.desc(), Experiment.id.desc())
        .limit(1)
        .correlate(Dataset)
        .scalar_subquery()
    )
    return select(best).select_from(Dataset)


def _conditions(query: ExperimentQuery) -> list[ColumnElement[bool]]:
    choices: list[tuple[tuple[Any, ...], Any]] = [
        (query.families, Experiment.family),
        (query.statuses, Experiment.status),
        (query.dataset_ids, Experiment.dataset_id),
    ]
    conditions = [alive()]
    conditions += _ranges(query)
    conditions += [column.in_(values) for values, column in choices if values]
    conditions += [_tagged(ExperimentTag.tag == tag) for tag in query.tags]
    if query.search.strip():
        conditions.append(_matches(query.search.strip()))
    return conditions


def _ranges(query: ExperimentQuery) -> list[ColumnElement[bool]]:
    bounds: list[tuple[Any, Callable[[Any], ColumnElement[bool]]]] = [
        (query.min_accuracy, Experiment.accuracy.__ge__),
        (query.max_accuracy, Experiment.accuracy.__le__),
        (query.since, Experiment.created_at.__ge__),
        (query.until, Experiment.created_at.__le__),
    ]
    return [compare(bound) for bound, compare in bounds if bound is not None]


def _matches(wanted: str) -> ColumnElement[bool]:
    in_dataset = select(Dataset.id).where(_contains(Dataset.name, wanted))
    # Said word for word, so that the partial index over rows with a note is used.
    noted = select(Experiment.id).where(
        and_(text("note != ''"), _contains(Experiment.note, wanted))
    )
    return or_(
        _contains(Experiment.name, wanted),
        _contains(Experiment.family, wanted),
        Experiment.dataset_id.in_(in_dataset),
        Experiment.id.in_(noted),
        _tagged(_contains(ExperimentTag.tag, wanted)),
    )


def _contains(column: Any, wanted: str) -> ColumnElement[bool]:
    # SQLite's LIKE ignores case by itself; lower() on both sides would double the time.
    plain = engine().dialect.name == "sqlite"
    find: Callable[..., ColumnElement[bool]] = column.contains if plain else column.icontains
    return find(wanted, autoescape=True)


def _tagged(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return Experiment.id.in_(select(ExperimentTag.experiment_id).where(condition))


def _ordering(sort: tuple[tuple[str, bool], ...]) -> list[ColumnElement[Any]]:
    ordering = [_ordered(name, descending) for name, descending in sort]
    # Ties follow the direction of the first column, so that an index can be read straight through.
    newest_first = not sort or sort[0][1]
    return [*ordering, Experiment.id.desc() if newest_first else Experiment.id.asc()]


def _ordered(name: str, descending: bool) -> ColumnElement[Any]:
    column = SORTABLE[name].desc() if descending else SORTABLE[name].asc()
    return column.nulls_last() if name in NULLABLE else column
