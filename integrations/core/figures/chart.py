"""Chart descriptions: pure data, drawn by Plotly on the page and by Matplotlib in the report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

OKABE_ITO = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#000000",
)
"""Colour-blind-safe series colours (Okabe & Ito 2008); the last is drawn light on dark."""


@dataclass(frozen=True)
class Axis:
    """One axis: what it shows and in which unit.

    Attributes:
        log: Logarithmic scale.
        range: Fixed limits, or None for automatic.
        percent: Values are fractions, shown as percent.
    """

    title: str
    unit: str = ""
    log: bool = False
    range: tuple[float, float] | None = None
    percent: bool = False


@dataclass(frozen=True)
class Series:
    """One line or point cloud; ``low``/``high`` draw an uncertainty band around it."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    dashed: bool = False
    points: bool = False
    colour: int | None = None
    """Index into OKABE_ITO so that a class keeps its colour on every chart; None for next free."""


@dataclass(frozen=True)
class Marker:
    """A labelled vertical (x) or horizontal (y) guide line; ``colour`` as in Series."""

    label: str
    x: float | None = None
    y: float | None = None
    colour: int | None = None


@dataclass(frozen=True)
class Label:
    """A text standing at a point of the chart; line breaks are kept."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Band:
    """A shaded stretch of the x axis behind the lines.

    Attributes:
        strength: From 0 (nothing to see) to 1 (full shade), e.g. how much a stretch mattered.
    """

    low: float
    high: float
    strength: float = 1.0
    label: str = ""


@dataclass(frozen=True)
class Lines:
    """Lines or points over a common x axis."""

    key: str
    title: str
    x_axis: Axis
    y_axis: Axis
    series: tuple[Series, ...]
    markers: tuple[Marker, ...] = ()
    square: bool = False
    help: str = ""
    labels: tuple[Label, ...] = ()
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True)
class Bars:
    """Horizontal bars, one per category, largest first; ``low``/``high`` are error bars."""

    key: str
    title: str
    axis: Axis
    categories: tuple[str, ...]
    values: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
    help: str = ""


@dataclass(frozen=True)
class Heatmap:
    """A matrix of cells: a confusion matrix, or a map over continuous axes.

    Rows of names are drawn with row 0 on top. Rows (or columns) of numbers make a continuous axis:
    cell ``i`` is centred on the i-th number, small at the bottom (left).

    Attributes:
        columns: Names, or the centres of the columns in units of ``x_axis``, ascending.
        rows: Names, or the centres of the rows in units of ``y_axis``, ascending.
        values: Row-major cell values, ``values[row][column]``.
        texts: What each cell says; None leaves cells empty.
    """

    key: str
    title: str
    x_axis: Axis
    y_axis: Axis
    columns: tuple[str, ...] | tuple[float, ...]
    rows: tuple[str, ...] | tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    value_axis: Axis = field(default_factory=lambda: Axis("Value"))
    texts: tuple[tuple[str, ...], ...] | None = None
    help: str = ""


def centres(names: Sequence[str] | Sequence[float]) -> tuple[float, ...] | None:
    """Give the rows or columns of a heat map as numbers; None where they are names."""
    numbers = [float(name) for name in names if not isinstance(name, str)]
    whole = bool(numbers) and len(numbers) == len(names)
    return tuple(numbers) if whole and all(map(math.isfinite, numbers)) else None


def edges(places: Sequence[float], log: bool = False) -> tuple[float, ...]:
    """Give the borders of cells centred on ascending numbers, one more than the cells.

    Args:
        places: Centres; on a logarithmic axis all above zero.
        log: Neighbours meet at their geometric mean.
    """
    shown = [math.log(place) for place in places] if log else list(places)
    if len(shown) == 1:
        half = 0.5
        borders = [shown[0] - half, shown[0] + half]
    else:
        inner = [(a + b) / 2 for a, b in pairwise(shown)]
        borders = [2 * shown[0] - inner[0], *inner, 2 * shown[-1] - inner[-1]]
    return tuple(math.exp(border) for border in borders) if log else tuple(borders)


Chart = Lines | Bars | Heatmap
