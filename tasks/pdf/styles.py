"""How the report looks: page, colours, paragraph and table styles."""

from __future__ import annotations

from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

from tasks.pdf.text import BOLD, MONO, SANS

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 20 * mm
TOP, BOTTOM = 24 * mm, 22 * mm
WIDTH = PAGE_WIDTH - 2 * MARGIN
GAP = 4 * mm

ACCENT = HexColor("#0b66c3")
INK = HexColor("#1f2933")
MUTED = HexColor("#5b6672")
RULE = HexColor("#d9dee4")
PANEL = HexColor("#f5f7f9")
WARNING = HexColor("#b45309")
WARNING_PANEL = HexColor("#fdf6ec")

BODY = ParagraphStyle(
    "body", fontName=SANS, fontSize=9.2, leading=13.8, textColor=INK, spaceAfter=5,
    allowOrphans=0, allowWidows=0,
)  # fmt: skip
TITLE = ParagraphStyle("title", BODY, fontName=BOLD, fontSize=22, leading=27, spaceAfter=3)
LONG_TITLE = ParagraphStyle("long title", TITLE, fontSize=17, leading=22)
EYEBROW = ParagraphStyle("eyebrow", BODY, fontName=BOLD, textColor=ACCENT, spaceAfter=4)
SUBTITLE = ParagraphStyle("subtitle", BODY, fontSize=11, leading=15, textColor=MUTED)
AUTHOR = ParagraphStyle("author", BODY, fontSize=10, leading=14, spaceBefore=4)
SECTION = ParagraphStyle(
    "section", BODY, fontName=BOLD, fontSize=14.5, leading=19, spaceBefore=16, spaceAfter=7,
    textColor=ACCENT,
)  # fmt: skip
SUBSECTION = ParagraphStyle(
    "subsection", BODY, fontName=BOLD, fontSize=10.4, leading=14, spaceBefore=9, spaceAfter=3,
)  # fmt: skip
NOTE = ParagraphStyle("note", BODY, leftIndent=10, borderColor=RULE, textColor=MUTED)
CAPTION = ParagraphStyle("caption", BODY, fontSize=8, leading=11, textColor=MUTED, spaceAfter=9)
BULLET = ParagraphStyle(
    "bullet", BODY, leftIndent=10, bulletIndent=0, bulletColor=ACCENT, bulletFontName=SANS
)
TIGHT_BULLET = ParagraphStyle("tight bullet", BULLET, fontSize=8.6, leading=12, spaceAfter=1)
REFERENCE = ParagraphStyle(
    "reference", BODY, fontSize=7.6, leading=9.8, leftIndent=20, bulletIndent=0,
    bulletFontName=SANS, bulletFontSize=7.8, spaceAfter=2,
)  # fmt: skip
CELL = ParagraphStyle("cell", BODY, fontSize=8.4, leading=11.2, spaceAfter=0)
NUMBER = ParagraphStyle("number", CELL, alignment=TA_RIGHT)
HEAD = ParagraphStyle("head", CELL, fontName=BOLD, fontSize=7.8, textColor=MUTED)
HEAD_NUMBER = ParagraphStyle("head number", HEAD, alignment=TA_RIGHT)
LABEL = ParagraphStyle("label", CELL, textColor=MUTED)
FIGURE_VALUE = ParagraphStyle("value", BODY, fontName=BOLD, fontSize=16, leading=20, spaceAfter=0)
SMALL = ParagraphStyle("small", CELL, fontSize=7.6, leading=10.4, textColor=MUTED)
CODE = ParagraphStyle("code", BODY, fontName=MONO, fontSize=7.4, leading=10.2, spaceAfter=0)

TABLE: list[tuple[Any, ...]] = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, 0), 0.8, MUTED),
    ("LINEBELOW", (0, 1), (-1, -1), 0.35, RULE),
    ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ("TOPPADDING", (0, 0), (-1, -1), 2.6),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2.8),
]
FACTS: list[tuple[Any, ...]] = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEABOVE", (0, 0), (-1, 0), 0.35, RULE),
    ("LINEBELOW", (0, 0), (-1, -1), 0.35, RULE),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 6),
    ("TOPPADDING", (0, 0), (-1, -1), 2.8),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]
PLAIN_FACTS: list[tuple[Any, ...]] = [("FONTNAME", (0, 0), (-1, -1), SANS), FACTS[0], *FACTS[3:]]


def code_line(indent: int) -> ParagraphStyle:
    """Give the style of a line of code that starts with so many spaces."""
    left = 6 + 4.5 * indent
    return ParagraphStyle("line", CODE, leftIndent=left + 12, firstLineIndent=-12)
