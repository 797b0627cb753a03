"""Turns plain text into ReportLab markup that can only be text, in fonts that can print it."""

from __future__ import annotations

from functools import cache
from html import escape
from itertools import groupby

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from integrations.core.figures.print_text import (
    FALLBACK,
    MONOSPACED,
    REGULAR,
    SEMIBOLD,
    characters,
    printable,
    shortened,
)

SANS, BOLD, OTHER, MONO = "Report", "Report-Bold", "Report-Other", "Report-Mono"
LONGEST_TEXT = 4000
MOST_LINES = 120


@cache
def register_fonts() -> None:
    """Make the report's fonts known to ReportLab; embedded as subsets where they are used."""
    for name, path in ((SANS, REGULAR), (BOLD, SEMIBOLD), (OTHER, FALLBACK), (MONO, MONOSPACED)):
        pdfmetrics.registerFont(TTFont(name, str(path)))
    pdfmetrics.registerFontFamily(SANS, normal=SANS, bold=BOLD, italic=SANS, boldItalic=BOLD)


def safe(text: object, longest: int = LONGEST_TEXT) -> str:
    """Give one line of text as markup: escaped, shortened, in fonts that have its characters."""
    line = shortened(printable(str(text)), longest)
    return "".join(
        escape("".join(run)) if ours else f'<font name="{OTHER}">{escape("".join(run))}</font>'
        for ours, run in groupby(line, key=in_our_font)
    )


def lines_of(text: str, longest: int = LONGEST_TEXT) -> str:
    """Give text of several lines as markup; the line breaks stay."""
    lines = shortened(text.strip(), longest).splitlines()[:MOST_LINES]
    return "<br/>".join(safe(line) for line in lines)


def bold(text: object) -> str:
    """Give text as bold markup."""
    return f"<b>{safe(text)}</b>"


def in_our_font(character: str) -> bool:
    """Tell whether the report's own typeface has a character."""
    return ord(character) in characters(REGULAR)
