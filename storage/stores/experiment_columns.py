"""Metrics and settings as columns of the run list: which there are, and the values of a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import not_, select
from sqlalchemy.orm import Session

from storage.models import ExperimentMetric, ExperimentParam
from storage.search.fields import Names
from storage.stores.experiment_queries import MAX_PAGE


class KnownColumns(NamedTuple):
    """Keys of all metrics and dotted paths of all settings that runs have, sorted."""

    metrics: list[str]
    params: list[str]


def known_columns(session: Session) -> KnownColumns:
    """Give the metrics and settings that any run has."""
    names = Names(session)
    return KnownColumns(names.metrics, names.params)


def values_of(
    session: Session, ids: Sequence[int], keys: Sequence[str]
) -> dict[int, dict[str, float | str]]:
    """Give values of runs by "metric:<key>" or "param:<path>"; what a run lacks is left out."""
    found: dict[int, dict[str, float | str]] = {number: {} for number in ids[:MAX_PAGE]}
    for table, kind in ((ExperimentMetric, "metric"), (ExperimentParam, "param")):
        wanted = [key.partition(":")[2] for key in keys if key.startswith(f"{kind}:")]
        for row in _rows(session, table, list(found), wanted):
            value = row.value if kind == "metric" else _shown(row.text, row.number)
            found[row.experiment_id][f"{kind}:{row.key}"] = value
    return found


def kind_of_param(session: Session, path: str) -> str:
    """Tell what a setting holds in all runs: "number", "truth" or "text"."""
    mine = ExperimentParam.key == path
    truths = ExperimentParam.text.in_(("True", "False"))
    words = mine, ExperimentParam.number.is_(None), ExperimentParam.text != "None"
    if session.scalar(select(ExperimentParam.key).where(*words).limit(1)) is not None:
        return "text"
    numbers = mine, ExperimentParam.number.is_not(None), not_(truths)
    if session.scalar(select(ExperimentParam.key).where(*numbers).limit(1)) is not None:
        yes_or_no = select(ExperimentParam.key).where(mine, truths).limit(1)
        return "number" if session.scalar(yes_or_no) is None else "text"
    return "truth"


def _rows(session: Session, table: Any, ids: Sequence[int], keys: Sequence[str]) -> Sequence[Any]:
    if not ids or not keys:
        return []
    return session.scalars(
        select(table).where(table.experiment_id.in_(ids), table.key.in_(keys))
    ).all()


def _shown(text: str, number: float | None) -> float | str:
    """Give a number as one, but yes and no as they were written."""
    if number is None or text in ("True", "False"):
        return text
    return int(number) if number.is_integer() and "." not in text and "e" not in text else number
