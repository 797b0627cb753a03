"""Where two runs differ: over classes, over conditions of recording, and window by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from integrations.core.compare.contenders import Contender, IntArray
from integrations.core.compare.differences import accuracy_difference
from integrations.core.compare.paired import right_per_unit
from integrations.core.data.dataset import DatasetInfo, field_text
from integrations.core.evaluation.evaluation import Interval

BANDS = 4
MOST_VALUES = 24
"""A field of numbers with more values than this is cut into bands of equal size."""


@dataclass(frozen=True)
class Gap:
    """How two runs differ on a part of the test windows.

    Attributes:
        name: Of the part: a class, or a value of a field.
        a: Share of its windows that the first run recognised.
        b: The same of the second run.
        difference: a − b; its intervals over all parts hold together with 95 % (Bonferroni).
        units: Independent units (groups, recordings or windows) in it.
    """

    name: str
    windows: int
    units: int
    a: float
    b: float
    difference: Interval

    @property
    def clear(self) -> bool:
        """Tell whether the interval leaves nought out."""
        return self.difference.low > 0 or self.difference.high < 0


@dataclass(frozen=True)
class Flip:
    """A test recording on which exactly one of two runs was right, at least in some windows.

    Attributes:
        recording: Its index in the data set.
        start: First sample of the first window that only one run recognised.
        only_a: Windows that only the first run recognised.
        said_a: What the first run says most often where they differ, as a class index.
    """

    recording: int
    start: int
    truth: int
    windows: int
    only_a: int
    only_b: int
    said_a: int
    said_b: int


def gaps(a: Contender, b: Contender, unit: IntArray, part: Sequence[str]) -> tuple[Gap, ...]:
    """Compare two runs on each part of the test windows.

    Args:
        a: A run.
        b: Another one, tested on the same windows.
        unit: Number of the independent unit of each window.
        part: Name of the part that each window belongs to; "" leaves a window out.

    Returns:
        One per part, in order of their first windows.
    """
    names = [name for name in dict.fromkeys(part) if name]
    labels = np.asarray(part, dtype=object)
    level = 1 - 0.05 / max(1, len(names))
    return tuple(_gap(a, b, unit, labels == name, name, level) for name in names)


def class_parts(a: Contender, classes: Sequence[str]) -> list[str]:
    """Name the true class of each test window."""
    return [classes[k] for k in a.test.truth.tolist()]


def field_parts(info: DatasetInfo, test_recordings: IntArray) -> dict[str, list[str]]:
    """Name, for each field with two values or more, the part of each test window.

    Numbers with many values are cut into four bands that hold as many recordings each.
    """
    rows = test_recordings.tolist()
    found: dict[str, list[str]] = {}
    for name in sorted({key for r in set(rows) for key in info.recordings[r].fields}):
        words = _words(info, name, sorted(set(rows)))
        part = [words[r] for r in rows]
        if len(set(filter(None, part))) > 1:
            found[name] = part
    return found


def confusion_change(a: Contender, b: Contender, n_classes: int) -> npt.NDArray[np.float64]:
    """Give, by true and predicted class, the share of the true class by which a exceeds b."""
    return _shares(a, n_classes) - _shares(b, n_classes)


def flipped(a: Contender, b: Contender) -> tuple[Flip, ...]:
    """Give the test recordings with windows that only one of the runs recognised, most first."""
    differs = a.right != b.right
    rows = np.flatnonzero(differs)
    order = np.lexsort((a.test.start[rows], a.test.recording[rows]))
    by_recording: dict[int, list[int]] = {}
    for row in rows[order].tolist():
        by_recording.setdefault(int(a.test.recording[row]), []).append(row)
    sizes = dict(zip(*(v.tolist() for v in np.unique(a.test.recording, return_counts=True)),
                     strict=True))  # fmt: skip
    found = [_flip(a, b, sizes[number], members) for number, members in by_recording.items()]
    return tuple(sorted(found, key=lambda flip: -(flip.only_a + flip.only_b)))


def _gap(
    a: Contender,
    b: Contender,
    unit: IntArray,
    inside: npt.NDArray[np.bool_],
    name: str,
    level: float,
) -> Gap:
    ours, theirs, units = a.right[inside], b.right[inside], unit[inside]
    windows = int(inside.sum())
    difference = right_per_unit(ours, units) - right_per_unit(theirs, units)
    return Gap(
        name=name,
        windows=windows,
        units=len(difference),
        a=float(ours.mean()),
        b=float(theirs.mean()),
        difference=accuracy_difference(difference, windows, level),
    )


def _words(info: DatasetInfo, name: str, recordings: list[int]) -> dict[int, str]:
    values = {r: info.recordings[r].fields.get(name, "") for r in recordings}
    numbers = {r: float(v) for r, v in values.items() if isinstance(v, int | float)}
    if len(numbers) < len(values) or len(set(numbers.values())) <= MOST_VALUES:
        words = {r: field_text(value) for r, value in values.items()}
        return words if len(set(words.values())) <= MOST_VALUES else dict.fromkeys(values, "")
    borders = np.quantile(list(numbers.values()), np.linspace(0, 1, BANDS + 1))
    place = np.clip(np.searchsorted(borders[1:-1], list(numbers.values()), "right"), 0, BANDS - 1)
    names = [f"{borders[i]:.4g} to {borders[i + 1]:.4g}" for i in range(BANDS)]
    return {r: names[i] for r, i in zip(numbers, place.tolist(), strict=True)}


def _shares(run: Contender, n_classes: int) -> npt.NDArray[np.float64]:
    cells = run.test.truth * n_classes + run.test.predicted
    table = np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)
    total = table.sum(axis=1, keepdims=True)
    shares = np.divide(table, total, out=np.zeros(table.shape), where=total > 0)
    return np.asarray(shares, dtype=np.float64)


def _flip(a: Contender, b: Contender, windows: int, rows: list[int]) -> Flip:
    first = rows[0]
    only_a = int(a.right[rows].sum())
    return Flip(
        recording=int(a.test.recording[first]),
        start=int(a.test.start[first]),
        truth=int(a.test.truth[first]),
        windows=windows,
        only_a=only_a,
        only_b=len(rows) - only_a,
        said_a=int(np.bincount(a.test.predicted[rows]).argmax()),
        said_b=int(np.bincount(b.test.predicted[rows]).argmax()),
    )
