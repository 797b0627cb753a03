"""The sections of the report, in reading order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, PageBreak, Paragraph

from tasks.pdf import styles, words
from tasks.pdf.comparison_section import comparison
from tasks.pdf.content import Advice, ReportContent
from tasks.pdf.cover import cover
from tasks.pdf.data_card import data_card, methods
from tasks.pdf.figures import Figures
from tasks.pdf.flowables import box
from tasks.pdf.outline import Contents, Heading
from tasks.pdf.references import References
from tasks.pdf.repetition import configuration, repetition
from tasks.pdf.result_sections import explanations, failures, results, training
from tasks.pdf.text import bold, lines_of, safe
from tasks.report_options import Section

Story = list[Any]
MOST_IN_SUMMARY = 3


def story(content: ReportContent) -> Story:
    """Give the flowables of the whole report."""
    figures, references, wants = Figures(), References(), content.options.has
    told: Story = [*cover(content), PageBreak(), *contents(), *_summary(content)]
    if wants(Section.METHODS):
        told += [CondPageBreak(90 * mm), *methods(content, references)]
    if wants(Section.DATA):
        told += data_card(content, figures)
    if wants(Section.RESULTS):
        told += [CondPageBreak(75 * mm), *results(content, figures)]
    if wants(Section.TRAINING):
        told += training(content, figures)
    if wants(Section.FAILURES):
        told += failures(content, figures)
    if wants(Section.EXPLANATIONS):
        told += explanations(content, figures)
    if wants(Section.COMPARISON):
        told += comparison(content, figures)
    if wants(Section.RECOMMENDATIONS):
        told += _recommendations(content)
    told += _limits(content)
    if wants(Section.CONFIGURATION):
        told += [CondPageBreak(70 * mm), *configuration(content)]
    return [*told, *repetition(content), *_reference_list(references)]


def contents() -> Iterator[Any]:
    """Give the table of contents."""
    yield Heading("Contents", listed=False)
    yield Contents()


def _summary(content: ReportContent) -> Iterator[Any]:
    yield Heading("Executive summary")
    parts = [
        ("What was found", words.found(content)),
        ("What it rests on", words.rests_on(content)),
        ("Against the baseline", [rival.judgement.sentence for rival in content.rivals]),
        ("What it cannot say", words.limits(content)[:MOST_IN_SUMMARY]),
    ]
    for heading, sentences in parts:
        if sentences:
            yield CondPageBreak(25 * mm)
            yield Heading(heading, level=1, listed=False)
            yield Paragraph(safe(" ".join(sentences)), styles.BODY)
    if content.advice and content.options.has(Section.RECOMMENDATIONS):
        yield CondPageBreak(30 * mm)
        yield Heading("What to do next", level=1, listed=False)
        yield from (_advice(item) for item in content.advice[:MOST_IN_SUMMARY])
    if content.note.strip():
        yield CondPageBreak(25 * mm)
        yield Heading("Note by the author", level=1, listed=False)
        yield Paragraph(lines_of(content.note), styles.NOTE)


def _recommendations(content: ReportContent) -> Iterator[Any]:
    if not content.advice:
        return
    yield CondPageBreak(50 * mm)
    yield Heading("Recommendations")
    said = "Each follows from a number of this run by a fixed rule."
    yield Paragraph(safe(said), styles.CAPTION)
    for item in content.advice:
        yield box(f"{bold(item.title)}<br/>{safe(item.evidence)}", warning=item.warning)


def _advice(item: Advice) -> Paragraph:
    text = f"{bold(item.title.rstrip('.') + '.')} {safe(item.evidence)}"
    return Paragraph(text, styles.BULLET, bulletText="•")


def _limits(content: ReportContent) -> Iterator[Any]:
    yield CondPageBreak(40 * mm)
    yield Heading("Limits")
    for sentence in words.limits(content):
        yield Paragraph(safe(sentence), styles.BULLET, bulletText="•")


def _reference_list(references: References) -> Iterator[Any]:
    entries = references.entries()
    if not entries:
        return
    yield CondPageBreak(35 * mm)
    yield Heading("References")
    for number, text in entries:
        yield Paragraph(safe(text), styles.REFERENCE, bulletText=f"[{number}]")
