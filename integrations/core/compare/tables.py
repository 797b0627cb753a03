"""Plain tables as CSV and as LaTeX (booktabs); no cell can become a formula or a command."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
TEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "±": r"$\pm$", "−": r"$-$", "–": "--", "\u202f": r"\,", "\n": " ",
}  # fmt: skip


def as_csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write a table as CSV; numbers stay numbers, words cannot begin a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([[_cell(cell) for cell in row] for row in (head, *rows)])
    return text.getvalue()


def as_latex(head: Sequence[str], rows: Sequence[Sequence[object]], caption: str = "") -> str:
    """Write a table as LaTeX; needs the package booktabs."""
    lines = [
        r"\begin{table}",
        r"\centering",
        *([rf"\caption{{{_tex(caption)}}}"] if caption else []),
        rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
        r"\toprule",
        _line(head),
        r"\midrule",
        *(_line(row) for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value


def _line(row: Sequence[object]) -> str:
    return " & ".join(_tex("" if cell is None else str(cell)) for cell in row) + r" \\"


def _tex(text: str) -> str:
    return "".join(TEX.get(letter, letter) for letter in text)
