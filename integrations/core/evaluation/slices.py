"""Figures under each condition: load, speed, machine, any field of the recordings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from integrations.core.contract import Predictions
from integrations.core.data.dataset import DatasetInfo, field_text
from integrations.core.evaluation.evaluation import Frozen, Interval
from integrations.core.evaluation.figures_of_merit import (
    counts_by_unit,
    counts_of_all,
    headline,
)
from integrations.core.evaluation.resampling import Resampling, over, resampling, share_interval

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
GROUP = "group"
"""Name of the pseudo-field that says which unit (bearing, machine, patient) a recording is of."""
MOST_VALUES = 12
"""A numeric field with more values is cut into bands; one with more names is left out."""
BANDS = 4
SLICE_DRAWS = 500
UNKNOWN = "not given"


class Slice(Frozen):
    """The test windows under one condition.

    Attributes:
        accuracy: With its interval.
        macro_f1: Over the classes that occur in the slice.
        unit_name: What the interval resamples; "windows" is too narrow.
        p_holm: Whether its accuracy is below that of all other test windows by chance (Holm over
            all slices of all fields); None where nothing can be told: no others to compare with, or
            too few groups.
    """

    field: str
    value: str
    windows: int
    recordings: int
    groups: int
    accuracy: Interval
    macro_f1: Interval
    unit_name: str
    units: int
    p_holm: float | None = None


class SliceTable(Frozen):
    """All slices of one field, in the order of its values."""

    field: str
    rows: tuple[Slice, ...]


def fields_of(info: DatasetInfo, part: Predictions) -> tuple[str, ...]:
    """Name the fields whose values differ between the test recordings, the group last.

    Groups of one recording each are no condition, so they are left out.

    Fields that tell the answer (fault size, class) are kept: errors do depend on them.
    """
    seen = [info.recordings[i] for i in np.unique(part.recording)]
    names = sorted({name for recording in seen for name in recording.fields})
    found = [name for name in names if 1 < len(_bands(info, part, name)[0]) <= MOST_VALUES]
    groups = {recording.group for recording in seen}
    several = 1 < len(groups) <= MOST_VALUES and len(groups) < len(seen)
    return (*found, GROUP) if several and GROUP not in found else (*found,)


def values_of(info: DatasetInfo, part: Predictions, field: str) -> tuple[tuple[str, ...], IntArray]:
    """Give the values (or bands) of a field and which one each window has, shape (n,)."""
    return _bands(info, part, field)


def slices(
    part: Predictions, info: DatasetInfo, draws: Resampling, seed: int = 0
) -> tuple[SliceTable, ...]:
    """Measure the test part under every condition it knows."""
    tables = [_table(part, info, field, seed) for field in fields_of(info, part)]
    rows = [row for table in tables for row in table]
    raw = [_p_below_the_rest(part, info, row, draws) for row in rows]
    corrected = iter(_holm(raw))
    return tuple(
        SliceTable(
            field=table[0].field,
            rows=tuple(row.model_copy(update={"p_holm": next(corrected)}) for row in table),
        )
        for table in tables
        if table
    )


def worst_slice(tables: Sequence[SliceTable]) -> Slice | None:
    """Name the slice of least accuracy; None without slices."""
    rows = [row for table in tables for row in table.rows]
    return min(rows, key=lambda row: (row.accuracy.value, row.field, row.value), default=None)


def cross_table(
    part: Predictions, info: DatasetInfo, first: str, second: str
) -> tuple[tuple[str, ...], tuple[str, ...], FloatArray, IntArray]:
    """Cross two fields: their values, accuracy and count of windows in each cell.

    Returns:
        Row names, column names, accuracy (not a number where empty) and counts, both
        (rows, columns).
    """
    rows, row = values_of(info, part, first)
    columns, column = values_of(info, part, second)
    cell = row * len(columns) + column
    shape = (len(rows), len(columns))
    right = (part.predicted == part.truth).astype(np.float64)
    counts: FloatArray = np.bincount(cell, minlength=shape[0] * shape[1]).astype(np.float64)
    hits = np.bincount(cell, right, shape[0] * shape[1]).astype(np.float64)
    shares = over(hits, counts).reshape(shape)
    return rows, columns, shares, counts.reshape(shape).astype(np.int64)


def _bands(info: DatasetInfo, part: Predictions, field: str) -> tuple[tuple[str, ...], IntArray]:
    texts = [_text(info, int(i), field) for i in range(len(info.recordings))]
    mine = sorted({texts[i] for i in np.unique(part.recording)}, key=_numeric_first)
    numbers = _numbers(mine)
    if numbers is not None and len(mine) > MOST_VALUES:
        return _cut(texts, numbers, part)
    place = {text: i for i, text in enumerate(mine)}
    of_recording = np.array([place.get(text, 0) for text in texts], dtype=np.int64)
    return tuple(mine), of_recording[part.recording]


def _cut(
    texts: list[str], numbers: FloatArray, part: Predictions
) -> tuple[tuple[str, ...], IntArray]:
    """Cut a numeric field into bands of about equally many test recordings."""
    held = np.array([float(texts[i]) for i in np.unique(part.recording)])
    borders = np.unique(np.quantile(held, np.linspace(0, 1, BANDS + 1)))
    of_window = np.array([float(texts[i]) for i in part.recording])
    number = np.clip(np.searchsorted(borders, of_window, side="right") - 1, 0, len(borders) - 2)
    names = tuple(f"{low:.4g} to {high:.4g}" for low, high in pairwise(borders.tolist()))
    return names, number.astype(np.int64)


def _numbers(texts: Sequence[str]) -> FloatArray | None:
    try:
        return np.array([float(text) for text in texts])
    except ValueError:
        return None


def _text(info: DatasetInfo, recording: int, field: str) -> str:
    one = info.recordings[recording]
    if field == GROUP and GROUP not in one.fields:
        return one.group
    return field_text(one.fields[field]) if field in one.fields else UNKNOWN


def _numeric_first(text: str) -> tuple[int, float, str]:
    try:
        return (0, float(text), text)
    except ValueError:
        return (1, 0.0, text)


def _table(part: Predictions, info: DatasetInfo, field: str, seed: int) -> list[Slice]:
    names, number = values_of(info, part, field)
    return [
        _slice(_windows(part, number == i), info, field, name, seed)
        for i, name in enumerate(names)
        if (number == i).any()
    ]


def _windows(part: Predictions, chosen: npt.NDArray[np.bool_]) -> Predictions:
    return Predictions(
        part.recording[chosen], part.start[chosen], part.truth[chosen], part.probability[chosen]
    )


def _slice(part: Predictions, info: DatasetInfo, field: str, value: str, seed: int) -> Slice:
    draws = resampling(part, info, seed, SLICE_DRAWS)
    n_classes = part.probability.shape[1]
    counts = counts_by_unit(part.truth, part.predicted, draws.number, n_classes)
    whole = headline(counts_of_all(part.truth, part.predicted, n_classes))
    drawn = headline(
        type(counts)(draws.drawn(counts.hit), draws.drawn(counts.true), draws.drawn(counts.said))
    )
    figures = {
        key: share_interval(float(whole[key]), drawn[key], draws.n_units)
        for key in ("accuracy", "macro_f1")
    }
    return Slice(
        field=field,
        value=value,
        windows=len(part.truth),
        recordings=len(np.unique(part.recording)),
        groups=len({info.recordings[i].group for i in np.unique(part.recording)}),
        unit_name=draws.unit_name,
        units=draws.n_units,
        **figures,
    )


def _p_below_the_rest(
    part: Predictions, info: DatasetInfo, row: Slice, draws: Resampling
) -> float | None:
    """One-sided: is the slice worse than all other test windows?

    Slice and rest are drawn together, unit by unit, so that it does not matter whether a unit lies
    in both (a bearing under every load) or in one (a load with bearings of its own).
    """
    names, number = values_of(info, part, row.field)
    inside = (number == names.index(row.value)).astype(np.float64)
    if inside.all() or row.unit_name != draws.unit_name or row.unit_name == "windows":
        return None
    right = (part.predicted == part.truth).astype(np.float64)
    sums = draws.sums(np.stack([right * inside, inside, right * (1 - inside), 1 - inside], axis=1))
    whole, drawn = sums.sum(axis=0), draws.drawn(sums)
    difference = float(whole[0] / whole[1] - whole[2] / whole[3])
    spread = float(np.nanstd(over(drawn[:, 0], drawn[:, 1]) - over(drawn[:, 2], drawn[:, 3])))
    if spread == 0:
        return 0.5**row.units if difference < 0 else 1.0
    return float(stdtr(row.units - 1, difference / spread))


def _holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's (1979) correction; what was not tested stays untested."""
    tested = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    running = 0.0
    for rank, (p, i) in enumerate(tested):
        running = max(running, min(1.0, p * (len(tested) - rank)))
        corrected[i] = running
    return corrected
