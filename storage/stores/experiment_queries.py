"""Filters of the run list, turned into SQL that stays on narrow indexes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, select
from sqlalchemy.orm import Session

from storage.entities import ConflictError
from storage.models import Dataset, Experiment, ExperimentTag, Study
from storage.search import parse
from storage.search.conditions import condition_of
from storage.search.text import mentions, tagged

MAX_PAGE = 1000
REPEATS = "repeats"
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
    "priority": Experiment.priority.expression,
    "study_id": Experiment.study_id.expression,
    "epochs_done": Experiment.epochs_done.expression,
    "kept": Experiment.kept.expression,
}
NULLABLE = frozenset({"accuracy", "macro_f1", "started_at", "finished_at", "study_id"})
STORED = ("metric:", "param:")
"""Beginnings of sort keys that name any metric at the chosen epoch, or any setting."""


@dataclass(frozen=True)
class ExperimentQuery:
    """Filters, order and page of a run list; empty fields do not filter.

    Attributes:
        search: Text that the run's name, family, data set, note or a tag contains.
        where: A search in the language of ``storage.search``.
        sort: Pairs of a name in SORTABLE, "metric:<key>" or "param:<path>", and whether it
            descends; runs without a value come last either way.
        deleted: Look among the deleted runs that can be brought back instead.
        folded: Of the repeats of one configuration, take only the oldest that fits.
    """

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
    limit: int = 50
    offset: int = 0
    where: str = ""
    deleted: bool = False
    folded: bool = False


def check_page(query: ExperimentQuery) -> None:
    """Refuse a page that is none.

    Raises:
        ConflictError: An unknown sort column, or a page size outside 1 to MAX_PAGE.
        SearchError: The search cannot be parsed.
    """
    if not 1 <= query.limit <= MAX_PAGE or query.offset < 0:
        raise ConflictError(f"A page holds 1 to {MAX_PAGE} experiments, from offset 0 on.")
    unknown = [name for name, _ in query.sort if not is_sortable(name)]
    if unknown:
        known = ", ".join(SORTABLE)
        raise ConflictError(
            f"Experiments cannot be sorted by “{unknown[0]}”. Known: {known}, metric:… and param:…."
        )
    parse(query.where)


def is_sortable(name: str) -> bool:
    """Tell whether runs can be sorted by a column, metric or setting."""
    return name in SORTABLE or (name.startswith(STORED) and name.partition(":")[2] != "")


def conditions_of(query: ExperimentQuery, session: Session) -> list[ColumnElement[bool]]:
    """Give what the runs under the filters of a query fulfil.

    Raises:
        SearchError: The search cannot be understood.
    """
    choices: list[tuple[tuple[Any, ...], Any]] = [
        (query.families, Experiment.family),
        (query.statuses, Experiment.status),
        (query.dataset_ids, Experiment.dataset_id),
    ]
    conditions = [restorable() if query.deleted else alive()]
    conditions += _ranges(query)
    conditions += [column.in_(values) for values, column in choices if values]
    conditions += [tagged(ExperimentTag.tag == tag) for tag in query.tags]
    if query.search.strip():
        conditions.append(mentions(query.search.strip()))
    if query.where.strip():
        conditions.append(condition_of(parse(query.where), session))
    return [*conditions, _first_of_repeats(conditions)] if query.folded else conditions


def _first_of_repeats(conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    repeats = select(Study.id).where(Study.kind == REPEATS)
    first = (
        select(func.min(Experiment.id))
        .where(*conditions, Experiment.study_id.in_(repeats))
        .group_by(Experiment.study_id)
        .correlate(None)
    )
    # Asked the other way round, as no index but that of the studies holds a run's study.
    other = select(Experiment.id).where(
        Experiment.study_id.in_(repeats), Experiment.id.not_in(first)
    )
    return Experiment.id.not_in(other.correlate(None))


def alive() -> ColumnElement[bool]:
    """Tell whether an experiment is not deleted."""
    return Experiment.deleted_at.is_(None)


def restorable() -> ColumnElement[bool]:
    """Tell whether an experiment is deleted and its files are still there."""
    return and_(Experiment.deleted_at.is_not(None), Experiment.purged_at.is_(None))


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


def _ranges(query: ExperimentQuery) -> list[ColumnElement[bool]]:
    bounds: list[tuple[Any, Callable[[Any], ColumnElement[bool]]]] = [
        (query.min_accuracy, Experiment.accuracy.__ge__),
        (query.max_accuracy, Experiment.accuracy.__le__),
        (query.since, Experiment.created_at.__ge__),
        (query.until, Experiment.created_at.__le__),
    ]
    return [compare(bound) for bound, compare in bounds if bound is not None]
