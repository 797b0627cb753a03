"""Puts the pages together: frames, running head and foot, bookmarks, page numbers, metadata."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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
from tasks.pdf.outline import SIZE, with_contents
from tasks.pdf.sections import story
from tasks.pdf.text import BOLD, OTHER, SANS, in_our_font, register_fonts

TOTAL = "TotalPages"
FOOT_Y = 12 * mm
HEAD_Y = styles.PAGE_HEIGHT - 14 * mm
LONGEST_RUNNING_NAME = 120 * mm
FORM_WIDTH = 12 * mm


@dataclass(frozen=True)
class Sheet:
    """What stands around the pages and in the file's metadata.

    Attributes:
        head: Left of the running head, e.g. "Signalbench report".
        name: Right of the running head.
        foot: Left of the foot: identifies run and data.
        subject: Of the file: experiment, data hash, split digest.
    """

    title: str
    author: str
    subject: str
    keywords: str
    head: str
    name: str
    foot: str
    made_at: datetime


def build_pdf(content: ReportContent, target: Path) -> None:
    """Write the report of a run; the same content gives the same bytes.

    Raises:
        OSError: The target cannot be written.
    """
    register_fonts()
    build_document(_sheet(content), story(content), target)


def build_document(sheet: Sheet, flowables: Iterable[Any], target: Path) -> None:
    """Write a document: a cover without a running head, then pages with one.

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
        title=_plain(sheet.title, 200),
        author=_plain(sheet.author, 200),
        creator=f"Signalbench {VERSION}",
        subject=_plain(sheet.subject, 500),
        keywords=_plain(sheet.keywords, 500),
        lang="en",
    )
    document.addPageTemplates(PageTemplate("page", [frame], onPage=_Furniture(sheet).draw))
    document.build(with_contents(flowables), canvasmaker=_canvas_class(sheet.made_at))


def _sheet(content: ReportContent) -> Sheet:
    data, split = content.result.info.fingerprint, content.evaluation.split
    day = content.made_at.astimezone(UTC).strftime("%Y-%m-%d")
    author = ", ".join(filter(None, (content.options.author, content.options.organisation)))
    return Sheet(
        title=f"{content.title} – experiment report",
        author=author or "Signalbench",
        subject=(
            f"Experiment {content.experiment_id}, data SHA-256 {data}, split {split.digest}, "
            f"Signalbench {VERSION}"
        ),
        keywords=", ".join(content.tags),
        head="Experiment report",
        name=content.title,
        foot=f"Experiment {content.experiment_id} · data {data[:12]} · made {day} UTC",
        made_at=content.made_at,
    )


def _plain(text: str, longest: int) -> str:
    return shortened(printable(text), longest)


class _Furniture:
    """The running head and foot of each page but the cover."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._name, self._foot = _plain(sheet.name, 120), _plain(sheet.foot, 160)

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
            canvas.drawString(left, HEAD_Y, self._sheet.head)
            _draw_right(canvas, right, HEAD_Y, self._name)
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
        """A canvas that dates the file as we say and knows its page numbers at the end."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            moment = made_at.astimezone(UTC)
            stamp = self._doc._timeStamp
            stamp.t, stamp.lt = moment.timestamp(), moment.timetuple()
            stamp.YMDhms = tuple(moment.timetuple())[:6]
            self._places: dict[str, int] = {}
            self._asked: list[str] = []
            self.showOutline()

        def place_of(self, key: str) -> None:
            """Note on which page a heading stands."""
            self._places.setdefault(key, self.getPageNumber())

        def page_form(self, key: str) -> str:
            """Name the form that will hold the page number of a heading."""
            self._asked.append(key)
            return f"page-of-{key}"

        def save(self) -> None:
            total = self.getPageNumber() - (0 if self._code else 1)
            if self._code:
                self.showPage()
            self._write_form(TOTAL, str(total), 7.6)
            for key in dict.fromkeys(self._asked):
                number = str(self._places.get(key, ""))
                self._write_form(f"page-of-{key}", number, SIZE[1], to_the_left=True)
            super().save()

        def _write_form(self, name: str, text: str, size: float, to_the_left: bool = False) -> None:
            self.beginForm(name, -FORM_WIDTH, -2, FORM_WIDTH, 10)
            self.setFillColor(styles.MUTED)
            self.setFont(SANS, size)
            (self.drawRightString if to_the_left else self.drawString)(0, 0, text)
            self.endForm()

    return ReportCanvas
