"""Which characters can be printed, and the fonts that print them."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib.ft2font import FT2Font

FONTS = Path(__file__).resolve().parents[3] / "templates" / "reports" / "fonts"
MATPLOTLIB_FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
REGULAR = FONTS / "InterReport-Regular.ttf"
SEMIBOLD = FONTS / "InterReport-SemiBold.ttf"
FALLBACK = MATPLOTLIB_FONTS / "DejaVuSans.ttf"
MONOSPACED = MATPLOTLIB_FONTS / "DejaVuSansMono.ttf"
FONT_FILES = (REGULAR, FALLBACK)
UNKNOWN = "▯"


def printable(text: str) -> str:
    """Make one line of text that the fonts can print; characters they lack become ``▯``."""
    return "".join(_printed(character) for character in " ".join(str(text).split()))


def shortened(text: str, longest: int) -> str:
    """Cut a long text, saying so with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


@cache
def characters(font: Path) -> frozenset[int]:
    """Give the code points that a font file can draw."""
    return frozenset(FT2Font(str(font)).get_charmap())


@cache
def _printed(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cf"):
        return ""
    if any(ord(character) in characters(font) for font in FONT_FILES):
        return character
    return " " if character.isspace() else UNKNOWN
