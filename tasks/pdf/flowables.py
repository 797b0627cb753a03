"""Pieces of a page: vector figures, tables, boxes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

from integrations.core.figures.chart import Chart
from integrations.core.figures.matplotlib_renderer import to_pdf
from tasks.pdf import styles
from tasks.pdf.text import SANS, safe

with warnings.catch_warnings():  # its docstrings hold escapes that newer Pythons warn about
    warnings.simplefilter("ignore")
    from pdfrw import PdfReader, PdfString
    from pdfrw.buildxobj import pagexobj
    from pdfrw.toreportlab import makerl


class VectorFigure(Flowable):  # type: ignore[misc]
    """A chart as vectors: drawn by Matplotlib, placed as a form of the page."""

    def __init__(
        self, chart: Chart, width_mm: float = styles.WIDTH / mm, tall_mm: float | None = None
    ) -> None:
        super().__init__()
        self._form = pagexobj(PdfReader(fdata=to_pdf(chart, width_mm, tall_mm)).pages[0])
        _write_palettes_in_hex(self._form)
        left, bottom, right, top = (float(edge) for edge in self._form.BBox)
        self.width, self.height = right - left, top - bottom

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        """Take the natural size, or less where there is less room."""
        self._scale = min(1.0, available_width / self.width, available_height / self.height)
        if self._scale < 0.6:  # rather on the next page than too small to read
            self._scale = min(1.0, available_width / self.width)
        return self.width * self._scale, self.height * self._scale

    def draw(self) -> None:
        """Place the form."""
        self.canv.saveState()
        self.canv.scale(self._scale, self._scale)
        self.canv.doForm(makerl(self.canv, self._form))
        self.canv.restoreState()


def _write_palettes_in_hex(form: Any) -> None:
    """Bytes of an image's palette are no text, yet ReportLab would encode them as such."""
    for image in ((form.Resources and form.Resources.XObject) or {}).values():
        space = image.ColorSpace
        if isinstance(space, list) and space and str(space[0]) == "/Indexed":
            space[-1] = PdfString.from_bytes(PdfString(space[-1]).to_bytes(), bytes_encoding="hex")


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    shares: Sequence[float],
    text_columns: int = 1,
    words_last: bool = False,
) -> Table:
    """Make a table that repeats its head on each page.

    Args:
        head: Column titles.
        rows: Cells as plain text, long ones wrap.
        shares: Column widths as shares of the text width (their sum is the table's width).
        text_columns: How many columns, from the left, hold text; the others are right-aligned.
        words_last: The last column holds text too.
    """
    text = {*range(text_columns), *([len(head) - 1] if words_last else [])}
    cells = [[_cell(each, i in text, head=True) for i, each in enumerate(head)]]
    cells += [[_cell(each, i in text) for i, each in enumerate(row)] for row in rows]
    widths = [share * styles.WIDTH for share in shares]
    made = Table(cells, colWidths=widths, repeatRows=1, hAlign="LEFT", spaceBefore=2, spaceAfter=6)
    made.setStyle(_style(styles.TABLE))
    return made


def _cell(text: object, is_text: bool, head: bool = False) -> Paragraph:
    left, right = (styles.HEAD, styles.HEAD_NUMBER) if head else (styles.CELL, styles.NUMBER)
    return Paragraph(safe(text, 400), left if is_text else right)


def facts(rows: Sequence[tuple[str, object]], share: float = 0.24) -> Table:
    """Make a two-column list of names and values; long values wrap."""
    cells = [
        [Paragraph(safe(name, 80), styles.LABEL), Paragraph(safe(value, 1500), styles.CELL)]
        for name, value in rows
    ]
    widths = [share * styles.WIDTH, (1 - share) * styles.WIDTH]
    made = Table(cells, colWidths=widths, hAlign="LEFT", spaceBefore=2, spaceAfter=8)
    made.setStyle(_style(styles.FACTS))
    return made


def figure_cards(cards: Sequence[tuple[str, str, str]]) -> Table:
    """Make a row of key figures: (label, value, interval)."""
    columns = [
        [
            Paragraph(safe(label), styles.SMALL),
            Paragraph(safe(value), styles.FIGURE_VALUE),
            Paragraph(safe(note), styles.SMALL),
        ]
        for label, value, note in cards
    ]
    made = Table([columns], colWidths=[styles.WIDTH / len(cards)] * len(cards), spaceAfter=8)
    made.setStyle(
        _style(
            [
                ("BACKGROUND", (0, 0), (-1, -1), styles.PANEL),
                ("LINEABOVE", (0, 0), (-1, 0), 1.6, styles.ACCENT),
                ("LEFTPADDING", (0, 0), (-1, -1), 8),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 7),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    return made


def box(markup: str, warning: bool = False) -> Table:
    """Make a box with a bar at its left, for what must not be overlooked."""
    bar, paper = (
        (styles.WARNING, styles.WARNING_PANEL) if warning else (styles.ACCENT, styles.PANEL)
    )
    made = Table([[Paragraph(markup, styles.CELL)]], colWidths=[styles.WIDTH], spaceAfter=8)
    made.setStyle(
        _style(
            [
                ("BACKGROUND", (0, 0), (-1, -1), paper),
                ("LINEBEFORE", (0, 0), (0, -1), 2.4, bar),
                ("LEFTPADDING", (0, 0), (-1, -1), 10),
                ("TOPPADDING", (0, 0), (-1, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ]
        )
    )
    return made


def side_by_side(left: Any, right: Any) -> Table:
    """Set two flowables beside one another."""
    half = styles.WIDTH / 2
    made = Table([[left, right]], colWidths=[half, half])
    made.setStyle(
        _style(
            [
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (1, 0), (1, 0), 3 * mm),
            ]
        )
    )
    return made


def _style(commands: Sequence[tuple[Any, ...]]) -> TableStyle:
    """Make a table style in our typeface: a table else names Helvetica, which is not embedded."""
    return TableStyle([("FONTNAME", (0, 0), (-1, -1), SANS), *commands])
