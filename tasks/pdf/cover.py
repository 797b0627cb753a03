"""The cover, and the page of contents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Spacer

from integrations.core.evaluation.evaluation import Evaluation, Interval
from storage.settings import VERSION
from tasks.pdf import styles, words
from tasks.pdf.content import ReportContent
from tasks.pdf.flowables import box, facts, figure_cards
from tasks.pdf.numbers import NONE, duration, percent, span
from tasks.pdf.text import bold, lines_of, safe
from tasks.report_options import ReportOptions

HEADLINE = (
    ("accuracy", "Accuracy"),
    ("macro_f1", "Macro F1"),
    ("macro_precision", "Macro precision"),
    ("macro_recall", "Macro recall"),
    ("recording_accuracy", "Recordings right"),
)
LONG_NAME = 40


def cover(content: ReportContent) -> Iterator[Any]:
    """Give the first page: what it is, who made it, the verdict, and what identifies it."""
    subtitle = f"{content.family_title} on {content.result.info.name}"
    yield from title_block("Experiment report", content.title, subtitle, content.options)
    yield figure_cards(
        [
            (label, percent(figure.value), f"95 %: {span(figure)}")
            for label, figure in headline(content.evaluation)
        ]
    )
    if content.evaluation.split.leaky:
        name, rest = words.LEAKY.split(". ", 1)
        yield box(f"{bold(name + '.')} {safe(rest)}", warning=True)
    yield box(safe(words.verdict(content)))
    yield from note_block(content.options.note)
    yield Spacer(1, 6 * mm)
    yield facts(_identity(content), share=0.2)


def title_block(eyebrow: str, title: str, subtitle: str, options: ReportOptions) -> Iterator[Any]:
    """Give the head of a cover."""
    yield Spacer(1, 26 * mm)
    yield Paragraph(safe(eyebrow), styles.EYEBROW)
    yield Paragraph(safe(title, 200), styles.LONG_TITLE if len(title) > LONG_NAME else styles.TITLE)
    yield Paragraph(safe(subtitle, 200), styles.SUBTITLE)
    who = " · ".join(filter(None, (options.author, options.organisation)))
    if who:
        yield Paragraph(safe(who, 400), styles.AUTHOR)
    yield Spacer(1, 12 * mm)


def note_block(note: str) -> Iterator[Any]:
    """Give the house's own lines on a cover, if there are any."""
    if note.strip():
        yield Paragraph(lines_of(note), styles.NOTE)


def written(moment: datetime) -> str:
    """Write a moment: "1 March 2026, 12:00 UTC"."""
    return moment.astimezone(UTC).strftime("%d %B %Y, %H:%M UTC").lstrip("0")


def headline(evaluation: Evaluation) -> list[tuple[str, Interval]]:
    """Give the key figures by name; one that is no number where nothing was measured."""
    known = dict(HEADLINE)
    ordered = [
        (known[key], evaluation.headline[key]) for key in known if key in evaluation.headline
    ]
    nothing = float("nan")
    return ordered or [("Accuracy", Interval(value=nothing, low=nothing, high=nothing))]


def _identity(content: ReportContent) -> list[tuple[str, object]]:
    split = content.evaluation.split
    kept = "leaky" if split.leaky else "no group on two sides"
    return [
        ("Experiment", _run_words(content)),
        ("Data set", content.result.info.name),
        ("SHA-256 of the data", content.result.info.fingerprint or NONE),
        ("Split", f"{split.name} – {kept} ({split.digest})"),
        ("Report made", f"{written(content.made_at)} by Signalbench {VERSION}"),
        *([("Tags", ", ".join(content.tags))] if content.tags else []),
    ]


def _run_words(content: ReportContent) -> str:
    parts = [f"{content.experiment_id}: {content.name}", content.status]
    if content.preset:
        parts.append(f"preset {content.preset.replace('_', ' ')}")
    if content.finished_at is not None:
        finished = content.finished_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        parts.append(f"finished {finished}")
    if content.seconds:
        parts.append(f"took {duration(content.seconds)}")
    return ", ".join(parts)
