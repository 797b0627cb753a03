"""Lists of experiments: pages, groups, columns, counts and small curves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from storage.database import read_session
from storage.entities import ExperimentEntity, Page, Status
from storage.models import Dataset, EpochRow, Experiment, ExperimentTag
from storage.search import Completions, complete, parse
from storage.search.conditions import condition_of
from storage.stores.experiment_columns import (
    KnownColumns,
    kind_of_param,
    known_columns,
    values_of,
)
from storage.stores.experiment_groups import Pivot, groups, pivot
from storage.stores.experiment_pages import all_ids, page_of_ids
from storage.stores.experiment_queries import (
    MAX_PAGE,
    ExperimentQuery,
    alive,
    best_ids,
    check_page,
)

CURVES = ("val_accuracy", "val_loss")


class ExperimentLists:
    """Reads many experiments at once, in the order and under the filters of a query."""

    def page(self, query: ExperimentQuery) -> Page:
        """Give one page of experiments and the total count under the same filters.

        Raises:
            ConflictError: An unknown sort column, or a page size outside 1 to MAX_PAGE.
        """
        check_page(query)
        with read_session() as session:
            # First the ids from a narrow index, then only the rows that are shown.
            ids, total = page_of_ids(session, query)
            return Page(by_id(session, ids), total)

    def each(self, query: ExperimentQuery) -> Iterator[ExperimentEntity]:
        """Give all experiments under the filters in order, read in pieces; limit is ignored.

        Raises:
            ConflictError: An unknown sort column.
        """
        check_page(query)
        with read_session() as session:
            ids = all_ids(session, query)
        for start in range(0, len(ids), MAX_PAGE):
            with read_session() as session:
                yield from by_id(session, ids[start : start + MAX_PAGE])

    def several(self, ids: Sequence[int]) -> list[ExperimentEntity]:
        """Give those experiments of up to MAX_PAGE ids that exist, in the order of the ids."""
        with read_session() as session:
            return by_id(session, ids[:MAX_PAGE])

    def groups(
        self, query: ExperimentQuery, by: str, sort: str = "macro_f1", descending: bool = True
    ) -> Page:
        """Give a page of ``GroupRow``; see ``experiment_groups.groups``.

        Raises:
            ConflictError: Runs cannot be grouped or sorted like that.
            SearchError: The search cannot be understood.
        """
        with read_session() as session:
            return groups(session, query, by, sort, descending)

    def pivot(self, query: ExperimentQuery, metric: str = "macro_f1", by: str = "family") -> Pivot:
        """Give a figure of every model on every data set; see ``experiment_groups.pivot``.

        Raises:
            ConflictError: Runs cannot be grouped like that.
            SearchError: The search cannot be understood.
        """
        with read_session() as session:
            return pivot(session, query, metric, by)

    def known_columns(self) -> KnownColumns:
        """Give the keys of all metrics and the dotted paths of all settings that runs have."""
        with read_session() as session:
            return known_columns(session)

    def values_of(
        self, ids: Sequence[int], keys: Sequence[str]
    ) -> dict[int, dict[str, float | str]]:
        """Give values by run and "metric:<key>" or "param:<path>", of up to MAX_PAGE runs."""
        with read_session() as session:
            return values_of(session, ids, keys)

    def kind_of_param(self, path: str) -> str:
        """Tell what a setting holds in all runs: "number", "truth" or "text"."""
        with read_session() as session:
            return kind_of_param(session, path)

    def completions(self, text: str, position: int | None = None) -> Completions:
        """Give what may come at a place in a search."""
        with read_session() as session:
            return complete(session, text, position)

    def check_search(self, text: str) -> None:
        """Look whether a search can be understood.

        Raises:
            SearchError: It cannot; the error says where and what.
        """
        with read_session() as session:
            condition_of(parse(text), session)

    def curves(self, ids: Sequence[int], points: int = 24) -> dict[int, list[float]]:
        """Give a few points of each run's validation curve, for drawing it very small.

        Args:
            ids: Experiments of one page.
            points: About as many as wanted of each run.

        Returns:
            Values by experiment id; runs without a validation metric are left out.
        """
        if not ids:
            return {}
        many = Experiment.epochs_done >= 2 * points
        stride = case((many, Experiment.epochs_done // points), else_=1)
        with read_session() as session:
            rows = session.execute(
                select(EpochRow.experiment_id, EpochRow.values)
                .join(Experiment, Experiment.id == EpochRow.experiment_id)
                .where(EpochRow.experiment_id.in_(ids[:MAX_PAGE]), EpochRow.epoch % stride == 0)
                .order_by(EpochRow.experiment_id, EpochRow.epoch)
            ).all()
        return _validation_curves((number, values) for number, values in rows)

    def best_per_dataset(self) -> list[ExperimentEntity]:
        """Give, for each data set, its run with the highest macro-F1 on a split without leaks."""
        with read_session() as session:
            ids = [found for found in session.scalars(best_ids()) if found is not None]
            return by_id(session, ids[-MAX_PAGE:])

    def status_counts(self) -> dict[str, int]:
        """Count experiments by status."""
        with read_session() as session:
            rows = session.execute(
                select(Experiment.status, func.count()).where(alive()).group_by(Experiment.status)
            )
            return {status: count for status, count in rows}  # noqa: C416 - rows are no plain tuples

    def known_tags(self) -> list[str]:
        """Give all tags in use, sorted."""
        with read_session() as session:
            return sorted(session.scalars(select(ExperimentTag.tag).distinct()))


def _validation_curves(rows: Iterable[tuple[int, dict[str, Any]]]) -> dict[int, list[float]]:
    curves: dict[int, list[float]] = {}
    for number, values in rows:
        value = next((values[key] for key in CURVES if values.get(key) is not None), None)
        if value is not None:
            curves.setdefault(number, []).append(float(value))
    return curves


def by_id(session: Session, ids: Sequence[int]) -> list[ExperimentEntity]:
    """Give those experiments of the ids that exist, in the order of the ids."""
    rows = session.execute(joined().where(Experiment.id.in_(ids))).all()
    found = {row.id: entity_of(row, dataset_name) for row, dataset_name in rows}
    return [found[number] for number in ids if number in found]


def joined() -> Select[Experiment, str]:
    """Select experiments with the names of their data sets."""
    return select(Experiment, Dataset.name).join(Dataset, Dataset.id == Experiment.dataset_id)


def entity_of(row: Experiment, dataset_name: str) -> ExperimentEntity:
    """Give what leaves the store of a row."""
    plain = {
        name: getattr(row, name)
        for name in ExperimentEntity.__dataclass_fields__
        if name not in ("status", "dataset_name")
    }
    return ExperimentEntity(status=Status(row.status), dataset_name=dataset_name, **plain)
