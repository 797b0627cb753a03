"""Sets charts on the page with numbered captions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, KeepTogether, Paragraph, Spacer

from integrations.core.figures.chart import Chart, Lines
from integrations.core.figures.matplotlib_renderer import height_mm
from tasks.pdf import styles
from tasks.pdf.flowables import VectorFigure, side_by_side
from tasks.pdf.text import bold, safe

MOST_SMALL = 5
HALF_MM = 82.0
HEADING_AND_CAPTION_MM = 34.0


class Figures:
    """Numbers the figures and sets them with their captions."""

    def __init__(self) -> None:
        self._number = 0

    @staticmethod
    def room(chart: Chart) -> CondPageBreak:
        """Begin a new page unless a heading and this chart fit under what is there."""
        return CondPageBreak(min(225.0, height_mm(chart) + HEADING_AND_CAPTION_MM) * mm)

    def full(
        self, chart: Chart, width_mm: float = styles.WIDTH / mm, tall_mm: float | None = None
    ) -> KeepTogether:
        """Set a chart over the whole width."""
        return KeepTogether([VectorFigure(chart, width_mm, tall_mm), self._caption(chart)])

    def in_pairs(self, charts: Sequence[Chart]) -> Iterator[Any]:
        """Set two simple charts side by side, all others one below the other."""
        small = all(isinstance(c, Lines) and len(c.series) <= MOST_SMALL for c in charts)
        if len(charts) == 2 and small:
            yield self.pair(charts[0], charts[1])
        else:
            yield from (self.full(chart) for chart in charts)

    def in_rows(self, charts: Sequence[Chart], tall_mm: float | None = None) -> Iterator[Any]:
        """Set charts two by two at half width; an odd one stands alone at the end."""
        for left, right in zip(charts[::2], charts[1::2], strict=False):
            yield self.pair(left, right, tall_mm)
        if len(charts) % 2 and tall_mm is not None:
            sides = [VectorFigure(charts[-1], HALF_MM, tall_mm), self._caption(charts[-1])]
            yield KeepTogether([side_by_side(sides, ""), Spacer(1, 2 * mm)])
        elif len(charts) % 2:
            yield self.full(charts[-1])

    def row(self, charts: Sequence[Chart], caption: str, tall_mm: float) -> KeepTogether:
        """Set one or two charts side by side below which one caption stands for both."""
        sides: list[Any] = [VectorFigure(chart, HALF_MM, tall_mm) for chart in charts[:2]]
        sides += [""] * (2 - len(sides))
        return KeepTogether([side_by_side(*sides), self._numbered(caption)])

    def pair(self, left: Chart, right: Chart, tall_mm: float | None = None) -> KeepTogether:
        """Set two charts side by side, each with its caption."""
        sides = [
            [VectorFigure(chart, HALF_MM, tall_mm), self._caption(chart)] for chart in (left, right)
        ]
        return KeepTogether([side_by_side(*sides), Spacer(1, 2 * mm)])

    def _caption(self, chart: Chart) -> Paragraph:
        return self._numbered(f"{chart.title.rstrip('.')}. {chart.help}")

    def _numbered(self, caption: str) -> Paragraph:
        self._number += 1
        text = f"{bold(f'Figure {self._number}.')} {safe(caption, 800)}"
        return Paragraph(text.strip(), styles.CAPTION)
