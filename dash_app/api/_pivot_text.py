"""The table of models by data sets as CSV and as LaTeX."""

from __future__ import annotations

import csv
import io

from dash_app.api._run_table import safe_cell
from storage.stores.experiment_groups import Pivot, Spread

LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%",
        "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\n": " ",
    }
)  # fmt: skip


def pivot_csv(pivot: Pivot) -> str:
    """Give mean, standard deviation and number of runs of each combination, three columns each."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    named = [[f"{name} mean", f"{name} sd", f"{name} n"] for name in pivot.columns]
    writer.writerow(["model", *(safe_cell(each) for three in named for each in three)])
    for row in pivot.rows:
        cells = [pivot.cells.get((row, column), Spread(0)) for column in pivot.columns]
        figures = [value for cell in cells for value in (cell.mean, cell.sd, cell.n)]
        writer.writerow([safe_cell(row), *figures])
    return buffer.getvalue()


def pivot_latex(pivot: Pivot) -> str:
    """Give a booktabs table of means ± standard deviations over runs, the number of runs below."""
    heading = " & ".join(["", *(_escaped(name) for name in pivot.columns)])
    lines = [
        f"% {_escaped(pivot.metric)}: mean ± standard deviation (number of runs)",
        rf"\begin{{tabular}}{{l{'c' * len(pivot.columns)}}}",
        r"\toprule",
        rf"{heading} \\",
        r"\midrule",
    ]
    for row in pivot.rows:
        cells = [_cell(pivot.cells.get((row, column))) for column in pivot.columns]
        lines.append(rf"{' & '.join([_escaped(row), *cells])} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _cell(spread: Spread | None) -> str:
    if spread is None or spread.mean is None:
        return "--"
    if spread.sd is None:
        return f"${spread.mean:.3f}$ (1)"
    return rf"${spread.mean:.3f} \pm {spread.sd:.3f}$ ({spread.n})"


def _escaped(text: str) -> str:
    return text.translate(LATEX)
