"""Under which conditions a run was trained, and which test recordings were made under others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from integrations.core.data.dataset import DatasetInfo, field_text, once_per_data_set

MOST_VALUES = 12
SELDOM = 0.25
"""A value counts as seldom trained below this part of an even share."""
OUTSIDE = 0.05
"""A number counts as outside what was trained beyond this part of the trained range."""


@dataclass(frozen=True)
class RareCondition:
    """A condition of a test recording that its class was seldom or never trained under.

    Attributes:
        value: As the data set spells it.
        trained: Training recordings of the class with this value; None for numbers on a scale.
        of: Training recordings of the class that tell the field.
        low, high: Range trained, for numbers on a scale.
    """

    field: str
    value: str
    trained: int | None
    of: int
    low: float | None = None
    high: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self)


@once_per_data_set
def condition_fields(info: DatasetInfo) -> tuple[str, ...]:
    """Name the metadata fields that tell a condition of operation.

    Left out are fields that tell the answer, that never change, and names of single recordings or
    groups, which no other one shares.
    """
    return tuple(name for name in info.field_values() if _is_condition(info, name))


def is_scale(info: DatasetInfo, name: str) -> bool:
    """Tell whether a field is a number on a scale rather than one of a few values."""
    values = info.field_values()[name]
    return len(values) > MOST_VALUES and all(_number(v) is not None for v in values)


def rare_conditions(
    info: DatasetInfo, trained: Iterable[int], tested: Iterable[int]
) -> dict[int, list[RareCondition]]:
    """Find test recordings made under conditions that their class was hardly trained under.

    Args:
        info: The data set.
        trained: Recordings with training windows.
        tested: Recordings with test windows.

    Returns:
        Recording → its rare conditions; recordings without one are left out.
    """
    of_class: dict[str, list[int]] = {}
    for index in trained:
        of_class.setdefault(info.recordings[index].label, []).append(index)
    found: dict[int, list[RareCondition]] = {}
    for index in tested:
        peers = of_class.get(info.recordings[index].label, [])
        rare = [_rare(info, name, index, peers) for name in condition_fields(info)]
        if any(rare):
            found[index] = [each for each in rare if each is not None]
    return found


def _rare(info: DatasetInfo, name: str, index: int, peers: list[int]) -> RareCondition | None:
    fields = info.recordings[index].fields
    known = [info.recordings[i].fields[name] for i in peers if name in info.recordings[i].fields]
    if name not in fields or not known:
        return None
    value = field_text(fields[name])
    if is_scale(info, name):
        return _outside(name, value, [field_text(v) for v in known])
    count = Counter(field_text(v) for v in known)[value]
    even = len(known) / len(info.field_values()[name])
    return RareCondition(name, value, count, len(known)) if count < SELDOM * even else None


def _outside(name: str, value: str, known: list[str]) -> RareCondition | None:
    numbers = np.array([v for v in map(_number, known) if v is not None])
    mine = _number(value)
    if mine is None or not numbers.size:
        return None
    low, high = float(numbers.min()), float(numbers.max())
    slack = OUTSIDE * max(high - low, abs(high))
    if low - slack <= mine <= high + slack:
        return None
    return RareCondition(name, value, None, len(numbers), low, high)


def _is_condition(info: DatasetInfo, name: str) -> bool:
    values = info.field_values()[name]
    if name in info.truth_fields or len(values) < 2:
        return False
    if is_scale(info, name):
        return True
    groups: dict[str, set[str]] = {}
    for recording in info.recordings:
        if name in recording.fields:
            groups.setdefault(field_text(recording.fields[name]), set()).add(recording.group)
    shared = sum(len(members) > 1 for members in groups.values())
    return len(values) <= MOST_VALUES * 4 and 2 * shared >= len(values)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
