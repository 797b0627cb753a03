"""Chart descriptions: pure data, drawn by Plotly on the page and by Matplotlib in the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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
    """A labelled vertical (x) or horizontal (y) guide line."""

    label: str
    x: float | None = None
    y: float | None = None


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
    """A matrix of cells, e.g. a confusion matrix; row 0 is drawn on top.

    Attributes:
        values: Row-major cell values, ``values[row][column]``.
        texts: What each cell says; None leaves cells empty.
    """

    key: str
    title: str
    x_axis: Axis
    y_axis: Axis
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    value_axis: Axis = field(default_factory=lambda: Axis("Value"))
    texts: tuple[tuple[str, ...], ...] | None = None
    help: str = ""


Chart = Lines | Bars | Heatmap
