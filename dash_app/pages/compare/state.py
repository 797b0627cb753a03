"""What the address of a comparison holds; what makes no sense in it is left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash_app.pages._experiment import on_one_split
from integrations.core.compare.verdict import DELTA
from storage.entities import ExperimentEntity
from tasks.comparison import MOST_COMPARED

LARGEST_ID = 2**63 - 1
SMALLEST_DELTA, LARGEST_DELTA = 0.001, 0.2
LONGEST_NAME = 100


@dataclass(frozen=True)
class Asked:
    """The state of the screen.

    Attributes:
        too_many: Runs that were asked for beyond the most that are compared.
        delta: Margin of equivalence as a share.
        smoothing: Of the curves, 0 to 0.95.
    """

    ids: tuple[int, ...] = ()
    too_many: int = 0
    delta: float = DELTA
    first: int | None = None
    second: int | None = None
    metric: str = ""
    over: str = "epoch"
    smoothing: float = 0.0
    all_settings: bool = False
    field: str = ""


def asked_of(query: Mapping[str, Any]) -> Asked:
    """Read the address."""
    ids = tuple(dict.fromkeys(n for word in _text(query, "ids").split(",") if (n := _id(word))))
    return Asked(
        ids=ids[:MOST_COMPARED],
        too_many=max(0, len(ids) - MOST_COMPARED),
        delta=delta_of(_number(query, "delta")),
        first=_id(_text(query, "a")) or None,
        second=_id(_text(query, "b")) or None,
        metric=_text(query, "metric")[:LONGEST_NAME],
        over="time" if query.get("x") == "time" else "epoch",
        smoothing=min(0.95, max(0.0, _number(query, "smooth") or 0.0)),
        all_settings=query.get("settings") == "all",
        field=_text(query, "field")[:LONGEST_NAME],
    )


def delta_of(value: float | None) -> float:
    """Give a margin of equivalence within its bounds."""
    return DELTA if value is None else min(LARGEST_DELTA, max(SMALLEST_DELTA, value))


def default_couple(
    runs: Sequence[ExperimentEntity], first: int | None, second: int | None
) -> tuple[int | None, int | None]:
    """Choose the two runs to look at closely: as asked, else the best two on one split."""
    tested = [run for run in runs if run.accuracy is not None]
    known = {run.id for run in tested}
    if first in known and second in known and first != second:
        return first, second
    ranked = sorted(tested, key=lambda run: -(run.accuracy or 0.0))
    if len(ranked) < 2:
        return (ranked[0].id if ranked else None), None
    best = ranked[0]
    same = [
        run
        for run in ranked[1:]
        if (run.dataset_fingerprint, run.split_digest)
        == (best.dataset_fingerprint, best.split_digest)
    ]
    return best.id, (same or ranked[1:])[0].id


def largest_comparable(runs: Sequence[ExperimentEntity]) -> list[int]:
    """Give the largest set of runs on one data set and split; [] where that is no help."""
    largest = on_one_split(runs)
    return largest if 1 < len(largest) < len(runs) else []


def _text(query: Mapping[str, Any], name: str) -> str:
    value = query.get(name)
    return value if isinstance(value, str) else ""


def _id(word: str) -> int:
    text = word.strip()
    whole = text.isascii() and text.isdecimal() and len(text) < 20
    return int(text) if whole and int(text) <= LARGEST_ID else 0


def _number(query: Mapping[str, Any], name: str) -> float | None:
    try:
        value = float(_text(query, name))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
