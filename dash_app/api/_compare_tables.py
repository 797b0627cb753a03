"""The tables of a comparison as rows of plain values, for CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence

from dash_app.components.formats import format_interval, format_percent
from integrations.core.compare.setting_rows import setting_rows
from integrations.core.compare.verdict import points
from integrations.core.evaluation.evaluation import Interval
from tasks.comparison import Comparison, compare_runs
from tasks.comparison_groups import table_over_data_sets

FIGURES = ("accuracy", "macro_f1", "macro_precision", "macro_recall", "recording_accuracy")
Table = tuple[str, list[str], list[list[object]]]


def table_of(name: str, ids: Sequence[int], *, spelled: bool) -> Table:
    """Give caption, head and rows of a table.

    Args:
        name: "metrics", "pairs", "settings" or "pivot".
        ids: The runs.
        spelled: Figures in words with their intervals, for print; else one number per cell.
    """
    comparison = compare_runs(ids)
    makers = {"metrics": _metrics, "pairs": _pairs, "settings": _settings, "pivot": _pivot}
    return makers[name](comparison, spelled)


def _metrics(comparison: Comparison, spelled: bool) -> Table:
    ends = ("",) if spelled else ("", "_low", "_high")
    head = ["id", "name", "family", "data set", *(f"{f}{end}" for f in FIGURES for end in ends),
            "seconds", "parameters"]  # fmt: skip
    rows: list[list[object]] = []
    for run in comparison.runs:
        entity, headline = run.entity, run.evaluation.headline if run.evaluation else {}
        cells = [cell for f in FIGURES for cell in _figure(headline.get(f), spelled)]
        about = [entity.id, entity.name, entity.family, entity.dataset_name]
        rows.append([*about, *cells, round(entity.seconds, 1), entity.n_parameters])
    words = comparison.judgement.sentence if comparison.judgement else ""
    return f"Test figures with 95 % intervals. {words}".strip(), _headed(head, spelled), rows


def _pairs(comparison: Comparison, spelled: bool) -> Table:
    head = ["a", "b", "accuracy a-b", "low", "high", "macro F1 a-b", "low", "high",
            "only a", "only b", "p", "p Holm", "detectable", "more units"]  # fmt: skip
    pairs = comparison.judgement.pairs if comparison.judgement else ()
    rows: list[list[object]] = []
    for pair in pairs:
        found = [pair.accuracy, pair.macro_f1]
        differences = [v for i in found for v in (i.value, i.low, i.high)]
        shown = [points(v) if spelled else v for v in differences]
        p = [f"{v:.3f}" if spelled else v for v in (pair.p, pair.p_holm)]
        least = points(pair.detectable).lstrip("+") if spelled else pair.detectable
        rows.append([pair.a, pair.b, *shown, pair.only_a, pair.only_b, *p, least, pair.more_units])
    words = comparison.judgement.sentence if comparison.judgement else ""
    return words, head, rows


def _settings(comparison: Comparison, spelled: bool) -> Table:
    del spelled
    runs = [run.entity for run in comparison.runs]
    rows = setting_rows([{"family": run.family, **run.config} for run in runs])
    shown: list[list[object]] = [
        [row.setting, *(value if isinstance(value, int | float) else _word(value)
                        for value in row.values)]
        for row in rows
        if row.differs
    ]  # fmt: skip
    return "Settings that differ.", ["setting", *(f"{r.name} #{r.id}" for r in runs)], shown


def _pivot(comparison: Comparison, spelled: bool) -> Table:
    table = table_over_data_sets([run.entity for run in comparison.runs])
    if spelled:
        head = ["model", *table.data_sets]
    else:
        head = ["model", *(f"{d} {w}" for d in table.data_sets for w in ("mean", "sd", "n"))]
    rows: list[list[object]] = []
    for model, cells in zip(table.models, table.cells, strict=True):
        row: list[object] = [model]
        for cell in cells:
            if not spelled:
                row += [cell.mean, cell.spread, cell.n] if cell else [None, None, None]
            elif cell is None:
                row.append("–")
            elif cell.spread is None:
                row.append(format_percent(cell.mean))
            else:
                row.append(f"{cell.mean * 100:.1f} ± {cell.spread * 100:.1f} % (n = {cell.n})")
        rows.append(row)
    return "Accuracy on the test part, mean ± standard deviation over runs.", head, rows


def _figure(interval: Interval | None, spelled: bool) -> list[object]:
    if interval is None:
        return ["–"] if spelled else [None, None, None]
    if spelled:
        return [format_interval(interval.value, interval.low, interval.high)]
    return [interval.value, interval.low, interval.high]


def _headed(head: list[str], spelled: bool) -> list[str]:
    return [word.replace("_", " ").replace("macro f1", "macro F1") for word in head] \
        if spelled else head  # fmt: skip


def _word(value: object) -> str:
    return "" if value is None else str(value)
