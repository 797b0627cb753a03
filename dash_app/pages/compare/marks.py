"""How a run looks on this screen: its colour, name and link, the same everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import html

from integrations.core.compare.verdict import points
from integrations.core.evaluation.evaluation import Interval
from integrations.core.figures.chart import OKABE_ITO
from storage.entities import ExperimentEntity

LONGEST = 40


def run_names(runs: Sequence[ExperimentEntity]) -> list[str]:
    """Name the runs for charts; numbers tell apart those of one name."""
    times = Counter(run.name for run in runs)
    return [_short(run.name, f" #{run.id}" if times[run.name] > 1 else "") for run in runs]


def mark(position: int) -> html.Span:
    """Draw the colour of the run at this place; after the last colour it is a dashed one."""
    colour = position % len(OKABE_ITO)
    kind = "run-mark run-mark-dashed" if position >= len(OKABE_ITO) else "run-mark"
    # The last colour is black on paper and light on dark ground.
    style = {} if colour == len(OKABE_ITO) - 1 else {"--run": OKABE_ITO[colour]}
    return html.Span(className=kind, style=style, **{"aria-hidden": "true"})


def difference(interval: Interval) -> list[Any]:
    """Write a difference of shares in percentage points with its interval."""
    low, high = points(interval.low), points(interval.high)
    return [
        html.Span(f"{points(interval.value)} points", className="nowrap"),
        " ",
        html.Span(f"({low} to {high})", className="nowrap muted"),
    ]


def difference_cell(interval: Interval) -> dict[str, str]:
    """Write a difference as the cell of a drawn table."""
    low, high = points(interval.low), points(interval.high)
    return {"text": f"{points(interval.value)} points", "sub": f"({low} to {high})"}


def p_value(p: float) -> str:
    """Write a p-value with the digits it deserves."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _short(name: str, end: str = "") -> str:
    room = LONGEST - len(end)
    return (name if len(name) <= room else f"{name[: room - 1]}…") + end
