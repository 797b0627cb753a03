"""Headings, and the table of contents that names their pages before these are known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.platypus import Flowable, KeepTogether, Paragraph

from integrations.core.figures.print_text import printable, shortened
from tasks.pdf import styles
from tasks.pdf.text import BOLD, OTHER, SANS, in_our_font, safe

LONGEST_BOOKMARK = 100
MOST_ENTRIES = 44
"""Lines that the page of contents has room for; beyond it only sections are listed."""
ROW = (6.3 * mm, 4.8 * mm)
SIZE = (9.2, 8.4)
INDENT = (0.0, 5 * mm)
NUMBERS = 12 * mm


class Heading(Paragraph):  # type: ignore[misc]
    """A heading that is also an entry of the outline and of the contents."""

    def __init__(self, text: str, level: int = 0, longest: int = 160, listed: bool = True) -> None:
        super().__init__(safe(text, longest), (styles.SECTION, styles.SUBSECTION)[min(level, 1)])
        self.level = level
        self.listed = listed
        self.entry = shortened(printable(text), LONGEST_BOOKMARK)
        self.key = ""

    def draw(self) -> None:
        """Write the heading and its bookmark."""
        key = self.key or f"page-{self.canv.getPageNumber()}"
        self.canv.bookmarkHorizontal(key, 0, self.height + 12)
        self.canv.addOutlineEntry(self.entry, key, self.level, closed=self.level == 0)
        self.canv.place_of(key)
        super().draw()


class Contents(Flowable):  # type: ignore[misc]
    """The table of contents: a line for each heading that leads to it.

    Page numbers are forms of the page that the canvas fills in at its end, so that the pages need
    not be laid out twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[Heading] = []

    def wrap(self, available_width: float, _available_height: float) -> tuple[float, float]:
        """Take the whole width, and a line for each entry."""
        self.width = available_width
        self.height = sum(ROW[heading.level] for heading in self.headings)
        return self.width, self.height

    def draw(self) -> None:
        """Write all lines."""
        y = self.height
        for heading in self.headings:
            y -= ROW[heading.level]
            self._line(heading, y)

    def _line(self, heading: Heading, y: float) -> None:
        canvas, level = self.canv, heading.level
        left, right, base = INDENT[level], self.width, y + 1.6 * mm
        text = heading.entry
        font = (BOLD, SANS)[level] if all(map(in_our_font, text)) else OTHER
        while pdfmetrics.stringWidth(text, font, SIZE[level]) > right - left - 2 * NUMBERS:
            text = shortened(text.rstrip("…"), max(1, len(text) - 2))
        canvas.setFont(font, SIZE[level])
        canvas.setFillColor((styles.INK, styles.MUTED)[level])
        canvas.drawString(left, base, text)
        self._dots(left + pdfmetrics.stringWidth(text, font, SIZE[level]), right, base)
        canvas.saveState()
        canvas.translate(right, base)
        canvas.doForm(canvas.page_form(heading.key))
        canvas.restoreState()
        canvas.linkRect("", heading.key, (left, y, right, y + ROW[level]), relative=1, thickness=0)

    def _dots(self, left: float, right: float, base: float) -> None:
        self.canv.setStrokeColor(styles.RULE)
        self.canv.setLineWidth(0.6)
        self.canv.setDash(0.6, 2.4)
        self.canv.line(left + 2 * mm, base + 0.6, right - 8 * mm, base + 0.6)
        self.canv.setDash()


def with_contents(story: Iterable[Any]) -> list[Any]:
    """Number the headings of a story and tell its contents of them."""
    whole = list(story)
    headings = list(_headings(whole))
    for number, heading in enumerate(headings):
        heading.key = f"section-{number}"
    shown = [h for h in headings if h.listed and h.level < len(ROW)]
    if len(shown) > MOST_ENTRIES:
        shown = [h for h in shown if h.level == 0]
    for each in whole:
        if isinstance(each, Contents):
            each.headings = shown[:MOST_ENTRIES]
    return whole


def _headings(flowables: Iterable[Any]) -> Iterable[Heading]:
    for each in flowables:
        if isinstance(each, Heading):
            yield each
        elif isinstance(each, KeepTogether):
            yield from _headings(each._content)
