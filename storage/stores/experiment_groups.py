"""Groups of runs and the table of models by data sets, with means and spreads."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from storage.entities import ConflictError, Page
from storage.models import (
    Dataset,
    Experiment,
    ExperimentMetric,
    ExperimentParam,
    ExperimentTag,
    Study,
)
from storage.search.expression import Compare, Flag, Not, Word, write
from storage.stores.experiment_queries import ExperimentQuery, conditions_of

GROUPS = ("dataset", "family", "tag", "study", "status", "preset")
"""What runs can be grouped by, besides "param:<path>"."""
GROUP_SORTS = ("label", "n", "accuracy", "macro_f1", "newest")
MOST_IDS = 10
MOST_CELLS = 20_000
MANY = 500


@dataclass(frozen=True)
class Spread:
    """A figure over the runs of a group that have it.

    Attributes:
        n: How many have it.
        mean: Their mean; None without any.
        sd: Sample standard deviation; None for fewer than two.
        low: Lower end of the 95 % t interval of the mean, None for fewer than two; meant for
            repeats of one configuration, not for runs of different ones.
        high: Its upper end.
        minimum: Smallest one.
        maximum: Largest one: the best of n, and so too good to be expected again.
    """

    n: int
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class GroupRow:
    """Runs that have something in common.

    Attributes:
        key: What they share: name of a family, tag, status, preset, number of a data set or
            study, value of a setting; "" for the runs that have none.
        label: The same in words for people.
        n: How many runs.
        ids: The best of them by macro-F1, at most ten, best first.
        where: A search that finds exactly these runs among those under the query.
    """

    key: str
    label: str
    n: int
    accuracy: Spread
    macro_f1: Spread
    ids: tuple[int, ...]
    where: str

    @property
    def best_id(self) -> int | None:
        """The run with the highest macro-F1 of them all, if any has one."""
        return self.ids[0] if self.ids and self.macro_f1.n else None


@dataclass(frozen=True)
class Pivot:
    """A figure of every kind of model on every data set.

    Attributes:
        rows: Labels of the models, in the order of the cells.
        columns: Labels of the data sets.
        cells: By (row, column); combinations nobody tried are left out.
    """

    metric: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: dict[tuple[str, str], Spread]


@dataclass(frozen=True)
class _Grouping:
    """How runs are put into groups: joins, the key and the label."""

    statement: Select[Any]
    key: Any
    label: Any
    name: str


def groups(
    session: Session,
    query: ExperimentQuery,
    by: str,
    sort: str = "macro_f1",
    descending: bool = True,
) -> Page:
    """Give a page of ``GroupRow`` and how many groups there are under the filters.

    Args:
        session: To read from.
        query: Filters, and limit and offset of the page of groups; its order is not used.
        by: One of GROUPS, or "param:<path>".
        sort: One of GROUP_SORTS.
        descending: Its direction; groups without a value come last.

    Raises:
        ConflictError: Runs cannot be grouped or sorted like that.
        SearchError: The search cannot be understood.
    """
    if sort not in GROUP_SORTS:
        raise ConflictError(f"Groups are sorted by {', '.join(GROUP_SORTS)}, not by “{sort}”.")
    grouping = _grouping(by)
    conditions = conditions_of(query, session)
    whole = grouping.statement.where(*conditions).group_by(grouping.key)
    figures = whole.add_columns(
        func.max(grouping.label), func.count(),
        *_sums(Experiment.accuracy), *_sums(Experiment.macro_f1),
    )  # fmt: skip
    ordered = figures.order_by(*_group_order(sort, descending, grouping))
    found = session.execute(ordered.limit(query.limit).offset(query.offset)).all()
    total = query.offset + len(found)
    if len(found) == query.limit or (query.offset and not found):
        total = session.scalar(select(func.count()).select_from(whole.subquery())) or 0
    best = {row[0]: _best_ids(session, grouping, conditions, row) for row in found}
    return Page([_group(grouping, row, best[row[0]]) for row in found], total)


def pivot(
    session: Session, query: ExperimentQuery, metric: str = "macro_f1", by: str = "family"
) -> Pivot:
    """Give a figure of every model on every data set, with its spread over runs.

    Args:
        session: To read from.
        query: Filters; page and order are not used.
        metric: "accuracy", "macro_f1", or the key of any metric at the chosen epoch.
        by: What makes the rows: one of GROUPS but "dataset", or "param:<path>".

    Raises:
        ConflictError: Runs cannot be grouped like that.
        SearchError: The search cannot be understood.
    """
    grouping = _grouping(by)
    statement, value = grouping.statement, _value_of(metric)
    if metric not in ("accuracy", "macro_f1"):
        mine = ExperimentMetric.experiment_id == Experiment.id
        statement = statement.join(ExperimentMetric, and_(mine, ExperimentMetric.key == metric))
    named = statement.add_columns(Experiment.dataset_id, func.max(grouping.label), *_sums(value))
    rows = session.execute(
        named.where(*conditions_of(query, session), value.is_not(None))
        .group_by(grouping.key, Experiment.dataset_id)
        .limit(MOST_CELLS)
    ).all()
    models = _labels({row[0]: row[2] for row in rows})
    wanted = select(Dataset.id, Dataset.name).where(Dataset.id.in_({row[1] for row in rows}))
    data = _labels({key: name for key, name in session.execute(wanted)})  # noqa: C416
    cells = {(models[row[0]], data[row[1]]): _spread(*row[3:]) for row in rows}
    return Pivot(metric, _sorted(models), _sorted(data), cells)


def _labels(named: dict[Any, str | None]) -> dict[Any, str]:
    """Tell apart what has the same name."""
    times = Counter(named.values())
    return {
        key: f"{label or 'none'} (#{key})" if times[label] > 1 else label or "none"
        for key, label in named.items()
    }


def _sorted(labels: dict[Any, str]) -> tuple[str, ...]:
    return tuple(sorted(labels.values(), key=str.lower))


def _grouping(by: str) -> _Grouping:
    base = Experiment
    plain = {"family": base.family, "status": base.status, "preset": base.preset}
    if by in plain:
        return _Grouping(select(plain[by]), plain[by], plain[by], by)
    if by == "dataset":
        joined = select(base.dataset_id).join(Dataset, Dataset.id == base.dataset_id)
        return _Grouping(joined, base.dataset_id, Dataset.name, "dataset_id")
    if by == "study":
        studies = select(base.study_id).outerjoin(Study, Study.id == base.study_id)
        return _Grouping(studies, base.study_id, Study.name, "study")
    if by == "tag":
        mine = ExperimentTag.experiment_id == base.id
        tags = select(ExperimentTag.tag).select_from(base).outerjoin(ExperimentTag, mine)
        return _Grouping(tags, ExperimentTag.tag, ExperimentTag.tag, "tag")
    if by.startswith("param:") and by != "param:":
        path = by.removeprefix("param:")
        set_here = and_(ExperimentParam.experiment_id == base.id, ExperimentParam.key == path)
        params = select(ExperimentParam.text).select_from(base).outerjoin(ExperimentParam, set_here)
        return _Grouping(params, ExperimentParam.text, ExperimentParam.text, path)
    raise ConflictError(f"Runs are grouped by {', '.join(GROUPS)} or param:…, not by “{by}”.")


def _sums(value: Any) -> list[ColumnElement[Any]]:
    return [func.count(value), func.avg(value), func.avg(value * value), func.min(value),
            func.max(value)]  # fmt: skip


def _group_order(sort: str, descending: bool, grouping: _Grouping) -> list[Any]:
    by: dict[str, Any] = {
        "label": func.lower(func.max(grouping.label)),
        "n": func.count(),
        "accuracy": func.avg(Experiment.accuracy),
        "macro_f1": func.avg(Experiment.macro_f1),
        "newest": func.max(Experiment.created_at),
    }
    column = by[sort]
    return [(column.desc() if descending else column.asc()).nulls_last(), grouping.key]


def _group(grouping: _Grouping, row: Any, ids: tuple[int, ...]) -> GroupRow:
    key, label, n = row[0], row[1], row[2]
    shown = "" if key is None else str(key)
    named = str(label) if label is not None else shown
    accuracy, macro_f1 = _spread(*row[3:8]), _spread(*row[8:13])
    return GroupRow(shown, named, n, accuracy, macro_f1, ids, _members(grouping.name, key))


def _members(name: str, key: Any) -> str:
    if key is not None:
        return write(Compare(Word(name), "=", Word(str(key))))
    if name in ("tag", "study"):
        return write(Not(Flag("has", Word(name))))
    return write(Not(Compare(Word(name), "~", Word(""))))


def _spread(
    n: int, mean: float | None, mean_of_squares: float | None, low: float | None, high: float | None
) -> Spread:
    if not n or mean is None or mean_of_squares is None:
        return Spread(0)
    if n < 2:
        return Spread(n, mean, None, None, None, low, high)
    sd = math.sqrt(max(0.0, mean_of_squares - mean * mean) * n / (n - 1))
    half = _student(n - 1) * sd / math.sqrt(n)
    return Spread(n, mean, sd, mean - half, mean + half, low, high)


def _student(freedom: int) -> float:
    # Imported late: the web starts sooner without it.
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))


def _value_of(metric: str) -> Any:
    columns = {"accuracy": Experiment.accuracy, "macro_f1": Experiment.macro_f1}
    return columns.get(metric, ExperimentMetric.value)


def _best_ids(
    session: Session, grouping: _Grouping, conditions: list[ColumnElement[bool]], group: Any
) -> tuple[int, ...]:
    """Give the best runs of a group; those without a figure only where no run has one."""
    key, n, measured = group[0], group[2], group[8]
    mine = grouping.key.is_(None) if key is None else grouping.key == key
    members = grouping.statement.with_only_columns(Experiment.id).where(mine)
    ids = members.where(*conditions)
    if n > MANY:
        # Down the order of all runs until ten are found, rather than putting all of these in order.
        chosen = members.correlate(None)
        ids = select(Experiment.id).where(*conditions, Experiment.id.in_(chosen))
    if measured:
        best = Experiment.macro_f1.desc(), Experiment.id.desc()
        ids = ids.where(Experiment.macro_f1.is_not(None)).order_by(*best)
    else:
        ids = ids.order_by(Experiment.id.desc())
    return tuple(session.scalars(ids.limit(MOST_IDS)))
