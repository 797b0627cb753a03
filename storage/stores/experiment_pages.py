"""Which experiments stand on a page of the run list: order, ids and total count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, select
from sqlalchemy.orm import Session, aliased

from storage.models import Dataset, Experiment, ExperimentMetric, ExperimentParam
from storage.stores.experiment_queries import (
    NULLABLE,
    SORTABLE,
    STORED,
    ExperimentQuery,
    conditions_of,
)

SEARCHED_AT_ONCE = 2000
Sort = tuple[tuple[str, bool], ...]


def page_of_ids(session: Session, query: ExperimentQuery) -> tuple[Sequence[int], int]:
    """Give the ids on a page, in order, and how many runs there are under its filters.

    Raises:
        SearchError: The search cannot be understood.
    """
    found = _Found(session, query)
    if not query.search.strip() and not query.where.strip():
        return found.ids(query.offset, query.limit), found.total()
    # A search looks through all names; when it finds little, one look gives page and total.
    end = query.offset + query.limit
    reach = end + SEARCHED_AT_ONCE
    ids = found.ids(0, reach)
    return ids[query.offset : end], len(ids) if len(ids) < reach else found.total()


def all_ids(session: Session, query: ExperimentQuery) -> Sequence[int]:
    """Give the ids of all runs under the filters of a query, in order.

    Raises:
        SearchError: The search cannot be understood.
    """
    return _Found(session, query).ids(0, None)


class _Found:
    """The runs under the filters of a query."""

    def __init__(self, session: Session, query: ExperimentQuery) -> None:
        self._session, self._sort = session, query.sort
        self._conditions = conditions_of(query, session)

    def total(self) -> int:
        return self._count()

    def ids(self, offset: int, limit: int | None) -> Sequence[int]:
        """Give ids in order; runs without a value of the first column come after all others."""
        first = self._sort[0][0] if self._sort else ""
        if first not in NULLABLE and not first.startswith(STORED):
            newest_first = not self._sort or self._sort[0][1]
            return self._read(_ordered(self._sort, newest_first), offset, limit)
        # Two looks instead of one order with the empty ones last, which no index holds.
        descending = self._sort[0][1]
        ids = self._read(_ordered(self._sort, descending, present=True), offset, limit)
        if limit is not None and len(ids) >= limit:
            return ids
        skipped = offset - self._count(_has(first)) if offset and not ids else 0
        left = None if limit is None else limit - len(ids)
        lacking = _ordered(self._sort[1:], descending).where(not_(_has(first)))
        return [*ids, *self._read(lacking, max(0, skipped), left)]

    def _read(self, statement: Select[int], offset: int, limit: int | None) -> Sequence[int]:
        page = statement.where(*self._conditions).limit(limit).offset(offset or None)
        return self._session.scalars(page).all()

    def _count(self, *more: ColumnElement[bool]) -> int:
        counted = select(func.count()).select_from(Experiment).where(*self._conditions, *more)
        return self._session.scalar(counted) or 0


def _has(name: str) -> ColumnElement[bool]:
    if name in NULLABLE:
        return SORTABLE[name].is_not(None)
    table, key = _stored(name)
    return Experiment.id.in_(select(table.experiment_id).where(table.key == key))


def _ordered(sort: Sort, newest_first: bool, present: bool = False) -> Select[int]:
    """Give ids in order.

    Args:
        sort: Columns, settings and metrics.
        newest_first: Order of ties; that of the first column lets an index be read straight on.
        present: Leave out the runs without a value of the first column.
    """
    statement, ordering = select(Experiment.id), []
    for place, (name, descending) in enumerate(sort):
        required = present and place == 0
        if name.startswith(STORED):
            statement, columns = _joined(statement, name, required)
        else:
            statement, columns = _with_column(statement, name, required)
        empty = not required and (name in NULLABLE or name.startswith(STORED))
        ordering += [_directed(column, descending, empty) for column in columns]
    return statement.order_by(*ordering, _directed(Experiment.id, newest_first, False))


def _with_column(
    statement: Select[int], name: str, required: bool
) -> tuple[Select[int], list[Any]]:
    if name == "dataset_name":
        statement = statement.join(Dataset, Dataset.id == Experiment.dataset_id)
    return statement.where(_has(name)) if required else statement, [SORTABLE[name]]


def _joined(statement: Select[int], name: str, required: bool) -> tuple[Select[int], list[Any]]:
    table, key = _stored(name)
    stored = aliased(table)
    mine = and_(stored.experiment_id == Experiment.id, stored.key == key)
    columns = [stored.value] if table is ExperimentMetric else [stored.number, stored.text]
    return statement.join(stored, mine, isouter=not required), columns


def _directed(column: Any, descending: bool, empty_last: bool) -> Any:
    directed = column.desc() if descending else column.asc()
    return directed.nulls_last() if empty_last else directed


def _stored(name: str) -> tuple[Any, str]:
    kind, _, key = name.partition(":")
    return {"metric": ExperimentMetric, "param": ExperimentParam}[kind], key
