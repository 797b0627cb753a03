"""The sections of the report, in reading order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import numpy as np
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, PageBreak, Paragraph, Spacer

from integrations.core.contract import StoredResult
from integrations.core.evaluation.evaluate import recording_probabilities
from integrations.core.evaluation.evaluation import ClassMetrics, Evaluation, Interval
from tasks.pdf import styles, words
from tasks.pdf.content import ReportContent
from tasks.pdf.data_card import data_card, methods
from tasks.pdf.figures import Figures
from tasks.pdf.flowables import (
    Heading,
    box,
    facts,
    figure_cards,
    table,
)
from tasks.pdf.numbers import NONE, count, counted, duration, percent, span
from tasks.pdf.repetition import configuration, repetition
from tasks.pdf.text import bold, lines_of, safe

Story = list[Any]
HEADLINE = (
    ("accuracy", "Accuracy"),
    ("macro_f1", "Macro F1"),
    ("macro_precision", "Macro precision"),
    ("macro_recall", "Macro recall"),
    ("recording_accuracy", "Recordings right"),
)
LONG_NAME = 40
MOST_MISTAKES = 10


def story(content: ReportContent) -> Story:
    """Give the flowables of the whole report."""
    figures = Figures()
    return [
        *_title(content),
        *_summary(content),
        *_limits(content),
        PageBreak(),
        *methods(content),
        *data_card(content, figures),
        CondPageBreak(110 * mm),
        *_results(content),
        *_confusion(content, figures),
        *_history(content, figures),
        *_curves(content, figures),
        *_windows(content, figures),
        *_panels(content, figures),
        CondPageBreak(120 * mm),
        *configuration(content),
        *repetition(content),
    ]


def _title(content: ReportContent) -> Iterator[Any]:
    yield Paragraph("Experiment report", styles.EYEBROW)
    long = len(content.name) > LONG_NAME
    yield Paragraph(safe(content.name, 200), styles.LONG_TITLE if long else styles.TITLE)
    on = f"{content.family_title} on {content.result.info.name}"
    yield Paragraph(safe(on, 200), styles.SUBTITLE)
    yield Spacer(1, 3 * mm)
    made = content.made_at.astimezone(UTC).strftime("%d %B %Y, %H:%M UTC").lstrip("0")
    yield facts(
        [
            ("Data set", content.result.info.name),
            ("Split", _split_words(content)),
            ("Run", _run_words(content)),
            ("Report made", made),
            *([("Tags", ", ".join(content.tags))] if content.tags else []),
        ],
        share=0.18,
    )


def _split_words(content: ReportContent) -> str:
    split = content.evaluation.split
    return f"{split.name} – {'leaky' if split.leaky else 'no group on two sides'}"


def _run_words(content: ReportContent) -> str:
    parts = [f"experiment {content.experiment_id}", content.status]
    if content.preset:
        parts.append(f"preset {content.preset.replace('_', ' ')}")
    if content.finished_at is not None:
        finished = content.finished_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        parts.append(f"finished {finished}")
    if content.seconds:
        parts.append(f"took {duration(content.seconds)}")
    return ", ".join(parts)


def _summary(content: ReportContent) -> Iterator[Any]:
    yield Heading("Summary")
    yield figure_cards(
        [
            (label, percent(figure.value), f"95 %: {span(figure)}")
            for label, figure in _headline(content.evaluation)
        ]
    )
    if content.evaluation.split.leaky:
        name, rest = words.LEAKY.split(". ", 1)
        yield box(f"{bold(name + '.')} {safe(rest)}", warning=True)
    for sentence in words.summary(content):
        yield Paragraph(safe(sentence), styles.BODY)
    if content.note.strip():
        yield CondPageBreak(25 * mm)
        yield Heading("Note by the author", level=1)
        yield Paragraph(lines_of(content.note), styles.NOTE)


def _headline(evaluation: Evaluation) -> list[tuple[str, Interval]]:
    known = dict(HEADLINE)
    ordered = [
        (known[key], evaluation.headline[key]) for key in known if key in evaluation.headline
    ]
    return ordered or [("Accuracy", Interval(value=np.nan, low=np.nan, high=np.nan))]


def _results(content: ReportContent) -> Iterator[Any]:
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
    yield table(
        ("Class", "Precision", "Recall", "F1", "ROC AUC", "Test windows", "Recordings"),
        [_class_row(row, areas.get(row.name)) for row in evaluation.per_class],
        (0.3, 0.115, 0.115, 0.115, 0.115, 0.125, 0.115),
    )  # fmt: skip


def _class_row(row: ClassMetrics, area: float | None) -> tuple[str, ...]:
    figures = (row.precision, row.recall, row.f1)
    return (
        row.name,
        *(percent(figure) if row.support else NONE for figure in figures),
        NONE if area is None else f"{area:.3f}",
        count(row.support),
        count(row.n_recordings),
    )


def _confusion(content: ReportContent, figures: Figures) -> Iterator[Any]:
    chart = content.common.get("confusion")
    yield figures.room(chart) if chart is not None else CondPageBreak(50 * mm)
    yield Heading("Mistakes")
    if chart is not None:
        yield figures.full(chart)
    mistakes = words.confusions(content.evaluation, MOST_MISTAKES)
    if mistakes:
        yield CondPageBreak(40 * mm)
        yield Heading("Most frequent mistakes", level=1)
        rows = [(true, said, count(n), percent(share)) for true, said, n, share in mistakes]
        head = ("True class", "Taken for", "Windows", "Share of the class")
        yield table(head, rows, (0.36, 0.36, 0.12, 0.16), text_columns=2)
    wrong = _wrong_recordings(content.result)
    if wrong:
        yield CondPageBreak(40 * mm)
        yield Heading("Recordings named wrongly", level=1)
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


def _history(content: ReportContent, figures: Figures) -> Iterator[Any]:
    charts = [content.common[key] for key in ("loss", "accuracy") if key in content.common]
    if not charts:
        return
    yield CondPageBreak(100 * mm)
    yield Heading("Training" if content.step_name == "Epoch" else "Cross-validation")
    yield from figures.in_pairs(charts)
    note = words.history_note(content)
    if note:
        yield Paragraph(safe(note), styles.BODY)


def _curves(content: ReportContent, figures: Figures) -> Iterator[Any]:
    keys = ("roc", "precision_recall")
    charts = [content.common[key] for key in keys if key in content.common]
    if charts:
        yield figures.room(charts[0])
        yield Heading("Each class against the rest")
        yield from figures.in_pairs(charts)
    if "f1_by_class" in content.common:
        yield figures.full(content.common["f1_by_class"])


def _panels(content: ReportContent, figures: Figures) -> Iterator[Any]:
    if not content.panels and not content.panel_problem:
        return
    yield figures.room(content.panels[0]) if content.panels else CondPageBreak(50 * mm)
    yield Heading(f"Inside the model: {content.family_title}")
    if content.panel_problem:
        yield Paragraph(safe(content.panel_problem), styles.BODY)
    yield from (figures.full(chart) for chart in content.panels)


def _windows(content: ReportContent, figures: Figures) -> Iterator[Any]:
    for number, window in enumerate(content.windows):
        yield CondPageBreak(110 * mm)
        if number == 0:
            yield Heading("What the model looked at")
        yield Heading(window.title, level=1)
        yield from figures.in_rows(window.charts)


def _limits(content: ReportContent) -> Iterator[Any]:
    yield CondPageBreak(40 * mm)
    yield Heading("Limits")
    for sentence in words.limits(content):
        yield Paragraph(safe(sentence), styles.BULLET, bulletText="•")
