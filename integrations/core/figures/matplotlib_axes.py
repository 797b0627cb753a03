"""Names an axis of a Matplotlib chart and gives its numbers the right form."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, PercentFormatter, ScalarFormatter

from integrations.core.figures.chart import Axis
from integrations.core.figures.print_text import printable, shortened

LONGEST_TITLE = 90


def axis_title(axis: Axis) -> str:
    """Write what an axis shows with its unit, printable and not too long."""
    text = f"{axis.title} ({axis.unit})" if axis.unit else axis.title
    return shortened(printable(text), LONGEST_TITLE)


def name_axis(axes: Axes, which: str, axis: Axis) -> None:
    """Write an axis' title with unit and give its numbers the right form."""
    axes.set(**{f"{which}label": axis_title(axis)})
    target = axes.xaxis if which == "x" else axes.yaxis
    if axis.percent:
        target.set_major_formatter(PercentFormatter(1.0, decimals=None, symbol=" %"))
    elif target.get_scale() == "log":
        target.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        target.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    else:
        target.set_major_formatter(ScalarFormatter(useOffset=False))
