"""What the run found: figures, mistakes, curves, training, and what the model looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Paragraph

from integrations.core.contract import StoredResult
from integrations.core.evaluation.classwise import ClassFigures
from integrations.core.evaluation.evaluate import recording_probabilities
from integrations.core.evaluation.evaluation import ClassMetrics
from integrations.core.evaluation.slices import SliceTable
from integrations.core.figures.chart import Bars
from integrations.core.figures.measured import reliability_curve
from tasks.pdf import styles, words
from tasks.pdf.content import Failure, ReportContent
from tasks.pdf.cover import HEADLINE
from tasks.pdf.figures import Figures
from tasks.pdf.flowables import table
from tasks.pdf.numbers import (
    NONE,
    count,
    counted,
    percent,
    score,
    span,
    span_of_points,
    with_interval,
)
from tasks.pdf.outline import Heading
from tasks.pdf.text import safe

MOST_MISTAKES = 6
SMALL_FIGURE_MM = 34.0
EXPLAINED_MM = 44.0
PANEL_MM = 44.0
FEW_CLASSES = 12
"""Up to so many the table says what a bar chart would."""
MOST_PANELS = 4
MOST_SLICES = 12


def results(content: ReportContent, figures: Figures) -> Iterator[Any]:
    """Give the figures, the mistakes, the curves, calibration and slices."""
    yield from _figures(content)
    yield from _confusion(content, figures)
    yield from _curves(content, figures)
    yield from _calibration(content, figures)
    yield from _slices(content)


def training(content: ReportContent, figures: Figures) -> Iterator[Any]:
    """Give the curves of the training, or the folds of a cross-validation."""
    charts = [content.common[key] for key in ("loss", "accuracy") if key in content.common]
    if not charts:
        return
    yield CondPageBreak(100 * mm)
    yield Heading("Training" if content.step_name == "Epoch" else "Cross-validation")
    yield from figures.in_pairs(charts)
    for sentence in words.training_health(content):
        yield Paragraph(safe(sentence), styles.BODY)


def failures(content: ReportContent, figures: Figures) -> Iterator[Any]:
    """Give the surest mistakes, each with its wave and spectrum and what was measured of it."""
    gallery = content.gallery
    if not gallery.failures:
        return
    yield CondPageBreak(95 * mm)
    yield Heading("Failure gallery")
    said = (
        f"{counted(gallery.wrong, 'test window')} named wrongly; shown are the "
        f"{len(gallery.failures)} with the largest loss, at most one of each recording."
    )
    yield Paragraph(safe(said), styles.BODY)
    for sentence in gallery.common:
        yield Paragraph(safe(sentence), styles.BULLET, bulletText="•")
    for failure in gallery.failures:
        yield from _failure(failure, figures)


def explanations(content: ReportContent, figures: Figures) -> Iterator[Any]:
    """Give what the model looked at, and the family's own charts."""
    for number, window in enumerate(content.windows):
        yield CondPageBreak(88 * mm)
        if number == 0:
            yield Heading("What the model looked at")
        yield Heading(window.title, level=1, listed=False)
        yield from figures.in_rows(window.charts, EXPLAINED_MM)
    if not content.panels and not content.panel_problem:
        return
    yield figures.room(content.panels[0]) if content.panels else CondPageBreak(50 * mm)
    yield Heading(f"Inside the model: {content.family_title}")
    if content.panel_problem:
        yield Paragraph(safe(content.panel_problem), styles.BODY)
    shown = content.panels[:MOST_PANELS]
    yield from figures.in_rows(shown, PANEL_MM) if len(shown) > 1 else map(figures.full, shown)
    rest = len(content.panels) - len(shown)
    if rest:
        said = f"The results page shows {counted(rest, 'more chart')} of this kind."
        yield Paragraph(safe(said), styles.CAPTION)


def _failure(failure: Failure, figures: Figures) -> Iterator[Any]:
    yield CondPageBreak(65 * mm)
    yield Heading(failure.title, level=1, listed=False)
    for fact in failure.facts:
        yield Paragraph(safe(fact), styles.TIGHT_BULLET, bulletText="•")
    yield figures.row(failure.charts, failure.caption, SMALL_FIGURE_MM)


def _figures(content: ReportContent) -> Iterator[Any]:
    evaluation = content.evaluation
    yield Heading("Results")
    rows = [
        (label, percent(figure.value), span(figure), percent(evaluation.validation.get(key)))
        for key, label in HEADLINE
        if (figure := evaluation.headline.get(key)) is not None
    ]
    head = ("Figure", "Test", "95 % interval, %", "Validation")
    yield table(head, rows, (0.4, 0.2, 0.22, 0.18))
    method = f"Intervals: {evaluation.interval_method}; recordings right: Wilson interval over "
    method += f"{counted(evaluation.split.test_recordings, 'test recording')}."
    yield Paragraph(safe(method), styles.CAPTION)
    yield CondPageBreak(50 * mm)
    yield Heading("By class", level=1)
    areas = {curve.class_name: curve.area for curve in evaluation.roc}
    known = {row.name: row for row in content.measures.classes} if content.measures else {}
    yield table(
        ("Class", "Precision", "Recall", "F1", "ROC AUC", "Windows / recordings"),
        [_class_row(row, known.get(row.name), areas.get(row.name)) for row in evaluation.per_class],
        (0.2, 0.19, 0.19, 0.19, 0.09, 0.14),
    )
    if known:
        said = "In brackets: 95 % intervals by the same bootstrap, each class on its own."
        yield Paragraph(safe(said), styles.CAPTION)


def _class_row(
    row: ClassMetrics, known: ClassFigures | None, area: float | None
) -> tuple[str, ...]:
    plain: list[float] = [row.precision, row.recall, row.f1]
    found = [known.precision, known.recall, known.f1] if known else [None, None, None]
    figures = [
        NONE if not row.support else with_interval(interval) if interval else percent(value)
        for value, interval in zip(plain, found, strict=True)
    ]
    return (
        row.name,
        *figures,
        NONE if area is None else f"{area:.3f}",
        f"{count(row.support)} / {count(row.n_recordings)}",
    )


def _confusion(content: ReportContent, figures: Figures) -> Iterator[Any]:
    chart = content.common.get("confusion")
    yield figures.room(chart) if chart is not None else CondPageBreak(50 * mm)
    yield Heading("Mistakes", level=1)
    if chart is not None:
        yield figures.full(chart)
    mistakes = words.confusions(content.evaluation, MOST_MISTAKES)
    if mistakes:
        yield CondPageBreak(40 * mm)
        yield Heading("Most frequent mistakes", level=1, listed=False)
        rows = [(true, said, count(n), percent(share)) for true, said, n, share in mistakes]
        head = ("True class", "Taken for", "Windows", "Share of the class")
        yield table(head, rows, (0.36, 0.36, 0.12, 0.16), text_columns=2)
    wrong = _wrong_recordings(content.result)
    if wrong:
        yield CondPageBreak(40 * mm)
        yield Heading("Recordings named wrongly", level=1, listed=False)
        if len(wrong) > MOST_MISTAKES:
            said = f"The {MOST_MISTAKES} of {len(wrong)} of which the model was surest."
            yield Paragraph(safe(said), styles.BODY)
        head = ("Recording", "True class", "Taken for", "Probability")
        yield table(head, wrong[:MOST_MISTAKES], (0.34, 0.26, 0.26, 0.14), text_columns=3)


def _wrong_recordings(result: StoredResult) -> list[tuple[str, str, str, str]]:
    if not len(result.test.truth):
        return []
    recordings, truth, probability = recording_probabilities(result.test)
    said, classes = probability.argmax(axis=1), result.info.classes
    wrong = np.flatnonzero(said != truth)
    surest = wrong[np.argsort(-probability[wrong, said[wrong]], kind="stable")]
    return [
        (result.info.recordings[recordings[i]].name, classes[truth[i]], classes[said[i]],
         percent(float(probability[i, said[i]])))
        for i in surest.tolist()
    ]  # fmt: skip


def _curves(content: ReportContent, figures: Figures) -> Iterator[Any]:
    keys = ("roc", "precision_recall")
    charts = [content.common[key] for key in keys if key in content.common]
    if charts:
        yield CondPageBreak(115 * mm) if len(charts) > 1 else figures.room(charts[0])
        yield Heading("Each class against the rest", level=1)
        yield from figures.in_pairs(charts)
    bars = content.common.get("f1_by_class")
    if isinstance(bars, Bars) and len(bars.categories) > FEW_CLASSES:
        yield figures.full(bars)


def _calibration(content: ReportContent, figures: Figures) -> Iterator[Any]:
    found = content.measures.reliability if content.measures else None
    if found is None:
        return
    yield CondPageBreak(110 * mm)
    yield Heading("Whether the probabilities can be believed", level=1)
    yield Paragraph(safe(words.believable(found)), styles.BODY)
    yield figures.full(reliability_curve(found), tall_mm=70.0)
    rows = [
        ("Calibration error", with_interval(found.ece), "said against met, freed of chance"),
        ("Brier score", score(found.brier), "squared error of all probabilities, 0 to 2"),
        ("Log loss", score(found.log_loss), "nats; punishes sure mistakes"),
        ("Overconfidence", span_of_points(found.overconfidence), "points of confidence too much"),
    ]  # fmt: skip
    yield table(("Figure", "Test", "What it says"), rows, (0.22, 0.28, 0.5), text_columns=3)
    said = f"{len(found.bins)} bins of equal numbers of windows; intervals over {found.n_units} "
    said += f"{found.unit_name}."
    yield Paragraph(safe(said), styles.CAPTION)
    if content.temperature is not None:
        yield Paragraph(safe(words.at_temperature(content.temperature)), styles.BODY)


def _slices(content: ReportContent) -> Iterator[Any]:
    measures = content.measures
    if measures is None or not measures.slices:
        return
    by_class = [(row.support, row.recall) for row in content.evaluation.per_class if row.support]
    shown = telling_slices(measures.slices, by_class, MOST_SLICES)
    if not shown:
        return
    yield CondPageBreak(50 * mm)
    yield Heading("By operating condition", level=1)
    rows = [
        (row.field, row.value, with_interval(row.accuracy), percent(row.macro_f1.value),
         count(row.windows), count(row.recordings), count(row.groups))
        for each in shown
        for row in each.rows
    ]  # fmt: skip
    head = ("Field", "Value", "Accuracy", "Macro F1", "Windows", "Recordings", "Groups")
    yield table(head, rows, (0.17, 0.22, 0.2, 0.11, 0.1, 0.11, 0.09), text_columns=2)
    rest = len(measures.slices) - len(shown)
    if rest:
        said = f"{counted(rest, 'field')} that differ less or say the same stand on the results "
        yield Paragraph(safe(f"{said}page."), styles.CAPTION)
    worst = words.worst_slice(measures)
    if worst:
        yield Paragraph(safe(worst), styles.BODY)


def telling_slices(
    tables: Sequence[SliceTable], by_class: Sequence[tuple[int, float]], most_rows: int
) -> list[SliceTable]:
    """Take the fields between whose values accuracy differs most.

    Args:
        tables: A table for each field.
        by_class: Windows and recall of each class; a field that says the same is left out.
        most_rows: Rows of all tables together.
    """
    found: list[SliceTable] = []
    seen = {_content(by_class)}
    for each in sorted(tables, key=lambda table: -_spread(table)):
        same = _content([(row.windows, row.accuracy.value) for row in each.rows])
        room = most_rows - sum(len(table.rows) for table in found)
        if same not in seen and len(each.rows) <= room:
            found.append(each)
            seen.add(same)
    return found


def _content(rows: Sequence[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    return tuple(sorted((windows, round(share, 6)) for windows, share in rows))


def _spread(table: SliceTable) -> float:
    """Set how far the values lie apart against how wide their intervals are."""
    values = [row.accuracy.value for row in table.rows]
    widths = [row.accuracy.high - row.accuracy.low for row in table.rows]
    return (max(values) - min(values)) / (sum(widths) / len(widths) + 0.01) if values else 0.0
