"""The summary report over several runs: cover, verdict, ranking, evidence, identity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, PageBreak, Paragraph, Spacer

from integrations.core.compare.verdict import Pair
from storage.settings import VERSION
from tasks.pdf import styles
from tasks.pdf.cover import note_block, title_block, written
from tasks.pdf.document import Sheet, build_document
from tasks.pdf.figures import Figures
from tasks.pdf.flowables import box, facts, table
from tasks.pdf.numbers import (
    NONE,
    count,
    counted,
    duration,
    percent,
    span,
    span_of_points,
    with_interval,
)
from tasks.pdf.outline import Contents, Heading
from tasks.pdf.summary_content import SummaryContent, SummaryRun
from tasks.pdf.text import register_fonts, safe

FEW_COLUMNS = 4
MOST_SETTINGS = 40


def build_summary_pdf(content: SummaryContent, target: Path) -> None:
    """Write the summary report; the same content gives the same bytes.

    Raises:
        OSError: The target cannot be written.
    """
    register_fonts()
    build_document(_sheet(content), _story(content), target)


def _sheet(content: SummaryContent) -> Sheet:
    numbers = ", ".join(str(run.id) for run in content.runs)
    data = sorted({run.fingerprint for run in content.runs})
    digests = sorted({run.digest for run in content.runs if run.digest})
    day = content.made_at.astimezone(UTC).strftime("%Y-%m-%d")
    who = ", ".join(filter(None, (content.options.author, content.options.organisation)))
    return Sheet(
        title=f"{content.title} – summary report",
        author=who or "Signalbench",
        subject=(
            f"Experiments {numbers}, data SHA-256 {', '.join(data)}, "
            f"splits {', '.join(digests)}, Signalbench {VERSION}"
        ),
        keywords="comparison",
        head="Summary report",
        name=content.title,
        foot=f"Experiments {numbers} · made {day} UTC",
        made_at=content.made_at,
    )


def _story(content: SummaryContent) -> list[Any]:
    figures = Figures()
    return [
        *_cover(content),
        PageBreak(),
        Heading("Contents", listed=False),
        Contents(),
        *_verdict(content),
        *_ranking(content, figures),
        *_pairs(content),
        *_classes(content, figures),
        *_curves(content, figures),
        *_settings(content),
        *_limits(content),
        *_identity(content),
    ]


def _cover(content: SummaryContent) -> Iterator[Any]:
    data = sorted({run.dataset for run in content.runs})
    subtitle = f"{counted(len(content.runs), 'run')} on {', '.join(data)}"
    yield from title_block("Summary report", content.title, subtitle, content.options)
    if content.judgement is not None:
        refused = content.judgement.kind == "refused"
        yield box(safe(content.judgement.sentence), warning=refused)
    yield from note_block(content.options.note)
    yield Spacer(1, 6 * mm)
    rows: list[tuple[str, object]] = [
        (f"#{run.id}", f"{run.name} – {run.family_title}") for run in content.runs
    ]
    yield facts([*rows, ("Report made", f"{written(content.made_at)} by Signalbench {VERSION}")])


def _verdict(content: SummaryContent) -> Iterator[Any]:
    yield Heading("Verdict")
    judgement = content.judgement
    if judgement is None:
        text = "Fewer than two of the runs have results, so nothing is compared."
        yield Paragraph(safe(text), styles.BODY)
        return
    yield Paragraph(safe(judgement.sentence), styles.BODY)
    for sentence in judgement.details:
        yield Paragraph(safe(sentence), styles.BULLET, bulletText="•")
    if content.agreement:
        yield Paragraph(safe(content.agreement), styles.BODY)


def _ranking(content: SummaryContent, figures: Figures) -> Iterator[Any]:
    yield CondPageBreak(60 * mm)
    yield Heading("Ranking")
    if len(content.groups) > 1:
        said = (
            "The runs were tested on different data or splits. Each table ranks those that share "
            "both; figures of different tables cannot be set against one another."
        )
        yield box(safe(said), warning=True)
    for group in content.groups:
        if len(content.groups) > 1:
            yield CondPageBreak(40 * mm)
            yield Heading(f"{group[0].dataset}, {group[0].split}", level=1, listed=False)
        yield _ranking_table(group)
    yield from (figures.full(chart) for chart in content.ranking)
    yield from _repeats(content)


def _ranking_table(group: Sequence[SummaryRun]) -> Any:
    head = ("Place", "Run", "Accuracy", "Macro F1", "By recording", "Time", "Parameters")
    rows = [_ranked(place, run) for place, run in enumerate(group, start=1)]
    return table(head, rows, (0.07, 0.23, 0.19, 0.19, 0.11, 0.09, 0.12), text_columns=2)


def _ranked(place: int, run: SummaryRun) -> tuple[str, ...]:
    known = run.evaluation.headline if run.evaluation else {}
    accuracy, macro, voted = (
        known.get(key) for key in ("accuracy", "macro_f1", "recording_accuracy")
    )
    return (
        str(place),
        f"#{run.id} {run.name}{' (leaky split)' if run.leaky else ''}",
        with_interval(accuracy) if accuracy else NONE,
        with_interval(macro) if macro else NONE,
        percent(voted.value) if voted else NONE,
        duration(run.seconds),
        count(run.n_parameters) if run.n_parameters else NONE,
    )


def _repeats(content: SummaryContent) -> Iterator[Any]:
    if not content.repeats:
        return
    yield CondPageBreak(40 * mm)
    yield Heading("Repeats with other seeds", level=1)
    rows = [
        (line.name, count(line.runs), percent(line.accuracy.value) if line.accuracy else NONE,
         span(line.accuracy) if line.accuracy else NONE,
         f"{percent(line.best)} (best of {line.runs})")
        for line in content.repeats
    ]  # fmt: skip
    head = ("Study", "Runs", "Mean accuracy", "95 % t interval, %", "Best")
    yield table(head, rows, (0.34, 0.08, 0.17, 0.2, 0.21))


def _pairs(content: SummaryContent) -> Iterator[Any]:
    judgement = content.judgement
    if judgement is None or not judgement.pairs:
        return
    yield CondPageBreak(60 * mm)
    yield Heading("Pair by pair")
    said = (
        f"Differences in percentage points, first run minus second, with 95 % intervals over "
        f"{judgement.n_units} test {judgement.unit_name}. p: paired test after Holm's correction. "
        f"Better on: {judgement.unit_name} on which the first, and the second, recognises more. "
        "Needed: difference that this test part shows four times in five."
    )
    yield Paragraph(safe(said), styles.BODY)
    head = ("Runs", "Accuracy", "Macro F1", "p", "Better on", "Needed", "Result")
    rows = [_pair_row(pair) for pair in judgement.pairs]
    yield table(head, rows, (0.11, 0.225, 0.225, 0.08, 0.1, 0.09, 0.17), words_last=True)


def _pair_row(pair: Pair) -> tuple[str, ...]:
    if pair.told_apart:
        result = f"#{pair.a if pair.accuracy.value > 0 else pair.b} is better"
    else:
        result = "equivalent" if pair.equivalent else "not told apart"
    return (
        f"#{pair.a} – #{pair.b}",
        span_of_points(pair.accuracy),
        span_of_points(pair.macro_f1),
        f"{pair.p_holm:.2g}",
        f"{pair.only_a} / {pair.only_b}",
        f"{pair.detectable * 100:.1f}",
        result,
    )


def _classes(content: SummaryContent, figures: Figures) -> Iterator[Any]:
    if content.classes is not None:
        yield figures.room(content.classes)
        yield Heading("Class by class")
        yield figures.full(content.classes)


def _curves(content: SummaryContent, figures: Figures) -> Iterator[Any]:
    if content.curves:
        yield CondPageBreak(100 * mm)
        yield Heading("Training")
        for chart in content.curves:
            yield figures.full(chart, tall_mm=62.0)


def _settings(content: SummaryContent) -> Iterator[Any]:
    yield CondPageBreak(50 * mm)
    yield Heading("Settings that differ")
    if not content.differing:
        yield Paragraph(safe("No setting that the runs share differs."), styles.BODY)
        return
    said = "Settings that two runs or more have and in which these differ."
    yield Paragraph(safe(said), styles.CAPTION)
    rows = content.differing[:MOST_SETTINGS]
    for first in range(0, len(content.runs), FEW_COLUMNS):
        some = content.runs[first : first + FEW_COLUMNS]
        head = ("Setting", *(f"#{run.id}" for run in some))
        cells = [(row[0], *row[1 + first : 1 + first + len(some)]) for row in rows]
        shares = (0.32, *([0.68 / len(some)] * len(some)))
        yield table(head, cells, shares, text_columns=len(head))
    rest = len(content.differing) - len(rows)
    if rest > 0:
        yield Paragraph(safe(f"and {rest} more settings."), styles.CAPTION)


def _limits(content: SummaryContent) -> Iterator[Any]:
    yield CondPageBreak(40 * mm)
    yield Heading("Limits")
    said = [run.problem for run in content.runs if run.problem]
    if any(run.leaky for run in content.runs):
        said.append(
            "At least one split is leaky: pieces of one group were trained on and tested. Its "
            "figures are better than they would be on new recordings."
        )
    notes = [note for run in content.runs if run.evaluation for note in run.evaluation.notes]
    said += list(dict.fromkeys(notes))
    said += [
        f"The best of {len(content.runs)} runs was chosen on the test part it is judged by: its "
        "own figure is a little too good, the more so the more runs were tried.",
        "One run of each configuration says nothing about other seeds, unless repeats are named "
        "above.",
    ]
    for sentence in said:
        yield Paragraph(safe(sentence), styles.BULLET, bulletText="•")


def _identity(content: SummaryContent) -> Iterator[Any]:
    yield CondPageBreak(60 * mm)
    yield Heading("Where the figures come from")
    for run in content.runs:
        yield CondPageBreak(42 * mm)
        yield Heading(f"#{run.id} {run.name}", level=1, listed=False)
        when = written(run.finished_at) if run.finished_at else "not finished"
        preset = f", preset {run.preset}" if run.preset else ""
        yield facts(
            [
                ("Run", f"{run.family_title}{preset}, {run.status}, {when}"),
                ("Data", f"{run.dataset}, SHA-256 {run.fingerprint or NONE}"),
                ("Split", f"{run.split or NONE} ({run.digest or NONE})"),
                ("Seeds of training / split", run.seed),
            ]
        )
