"""Models over data sets: the table of a benchmark, with the spread over repeats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Measured:
    """One run's figure."""

    model: str
    data_set: str
    value: float


@dataclass(frozen=True)
class Cell:
    """A model on a data set: mean over its runs, standard deviation where there are several."""

    mean: float
    spread: float | None
    n: int


@dataclass(frozen=True)
class Pivot:
    """Rows are models, columns data sets; None where a model did not run."""

    models: tuple[str, ...]
    data_sets: tuple[str, ...]
    cells: tuple[tuple[Cell | None, ...], ...]

    def scores(self) -> npt.NDArray[np.float64]:
        """Give the means as (data sets, models), NaN where there is none."""
        table = [[np.nan if cell is None else cell.mean for cell in row] for row in self.cells]
        return np.asarray(table, dtype=np.float64).reshape(len(self.models), -1).T


def pivot(measured: Iterable[Measured]) -> Pivot:
    """Arrange runs by model and data set, in the order they come in."""
    found: dict[tuple[str, str], list[float]] = {}
    for one in measured:
        found.setdefault((one.model, one.data_set), []).append(one.value)
    models = tuple(dict.fromkeys(model for model, _ in found))
    data_sets = tuple(dict.fromkeys(data_set for _, data_set in found))
    cells = tuple(tuple(_cell(found.get((m, d))) for d in data_sets) for m in models)
    return Pivot(models, data_sets, cells)


def _cell(values: list[float] | None) -> Cell | None:
    if not values:
        return None
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Cell(float(np.mean(values)), spread, len(values))
