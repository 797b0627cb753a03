"""Puts the pages together: frames, running head and foot, bookmarks, metadata."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from integrations.core.figures.print_text import printable, shortened
from storage.settings import VERSION
from tasks.pdf import styles
from tasks.pdf.content import ReportContent
from tasks.pdf.sections import story
from tasks.pdf.text import BOLD, OTHER, SANS, in_our_font, register_fonts

TOTAL = "TotalPages"
FOOT_Y = 12 * mm
HEAD_Y = styles.PAGE_HEIGHT - 14 * mm
LONGEST_RUNNING_NAME = 120 * mm


def build_pdf(content: ReportContent, target: Path) -> None:
    """Write the report of a run; the same content gives the same bytes.

    Raises:
        OSError: The target cannot be written.
    """
    register_fonts()
    frame = Frame(
        styles.MARGIN, styles.BOTTOM, styles.WIDTH,
        styles.PAGE_HEIGHT - styles.TOP - styles.BOTTOM,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip
    document = BaseDocTemplate(
        str(target),
        pagesize=(styles.PAGE_WIDTH, styles.PAGE_HEIGHT),
        invariant=1,
        initialFontName=SANS,
        **_metadata(content),
    )
    furniture = _Furniture(content)
    document.addPageTemplates(PageTemplate("page", [frame], onPage=furniture.draw))
    document.build(story(content), canvasmaker=_canvas_class(content.made_at))


def _metadata(content: ReportContent) -> dict[str, str]:
    fingerprint = content.result.info.fingerprint
    return {
        "title": shortened(printable(f"{content.name} – experiment report"), 200),
        "author": "Signalbench",
        "creator": f"Signalbench {VERSION}",
        "subject": f"Experiment {content.experiment_id}, data SHA-256 {fingerprint}",
        "keywords": shortened(printable(", ".join(content.tags)), 500),
        "lang": "en",
    }


class _Furniture:
    """The running head and foot of each page."""

    def __init__(self, content: ReportContent) -> None:
        self._head = shortened(printable(content.name), 120)
        day = content.made_at.astimezone(UTC).strftime("%Y-%m-%d")
        data = content.result.info.fingerprint[:12]
        self._foot = f"Experiment {content.experiment_id} · data {data} · made {day} UTC"

    def draw(self, canvas: Canvas, _document: Any) -> None:
        left, right = styles.MARGIN, styles.PAGE_WIDTH - styles.MARGIN
        page = canvas.getPageNumber()
        canvas.saveState()
        canvas.setStrokeColor(styles.RULE)
        canvas.setLineWidth(0.4)
        canvas.setFillColor(styles.MUTED)
        if page > 1:
            canvas.line(left, HEAD_Y - 2.2 * mm, right, HEAD_Y - 2.2 * mm)
            canvas.setFont(BOLD, 7.6)
            canvas.drawString(left, HEAD_Y, "Signalbench report")
            _draw_right(canvas, right, HEAD_Y, self._head)
        canvas.line(left, FOOT_Y + 4.2 * mm, right, FOOT_Y + 4.2 * mm)
        canvas.setFont(SANS, 7.6)
        canvas.drawString(left, FOOT_Y, self._foot)
        canvas.drawRightString(right - 5 * mm, FOOT_Y, f"Page {page} of ")
        canvas.translate(right - 5 * mm, FOOT_Y)
        canvas.doForm(TOTAL)
        canvas.restoreState()


def _draw_right(canvas: Canvas, right: float, y: float, text: str) -> None:
    font = SANS if all(map(in_our_font, text)) else OTHER
    while text and pdfmetrics.stringWidth(text, font, 7.6) > LONGEST_RUNNING_NAME:
        text = shortened(text.rstrip("…"), max(1, len(text) - 2))
    canvas.setFont(font, 7.6)
    canvas.drawRightString(right, y, text)


def _canvas_class(made_at: datetime) -> type[Canvas]:
    class ReportCanvas(Canvas):  # type: ignore[misc]
        """A canvas that dates the file as we say and knows its page count at the end."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            moment = made_at.astimezone(UTC)
            stamp = self._doc._timeStamp
            stamp.t, stamp.lt = moment.timestamp(), moment.timetuple()
            stamp.YMDhms = tuple(moment.timetuple())[:6]
            self.showOutline()

        def save(self) -> None:
            total = self.getPageNumber() - (0 if self._code else 1)
            if self._code:
                self.showPage()
            self.beginForm(TOTAL)
            self.setFillColor(styles.MUTED)
            self.setFont(SANS, 7.6)
            self.drawString(0, 0, str(total))
            self.endForm()
            super().save()

    return ReportCanvas
