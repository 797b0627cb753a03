"""How the run stands against another one on the same test recordings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Paragraph

from integrations.core.compare.verdict import Pair
from tasks.pdf import styles
from tasks.pdf.content import ReportContent, Rival
from tasks.pdf.cover import HEADLINE
from tasks.pdf.figures import Figures
from tasks.pdf.flowables import box, facts, table
from tasks.pdf.numbers import count, duration, span_of_points, with_interval
from tasks.pdf.outline import Heading
from tasks.pdf.text import safe

MOST_SETTINGS = 16
FAMILY = "Model family"


def comparison(content: ReportContent, figures: Figures) -> Iterator[Any]:
    """Give the verdict on this run and each rival, and the evidence below it."""
    if not content.rivals:
        return
    yield CondPageBreak(110 * mm)
    yield Heading("Comparison with the baseline")
    for rival in content.rivals:
        yield from _rival(content, rival, figures)


def _rival(content: ReportContent, rival: Rival, figures: Figures) -> Iterator[Any]:
    yield CondPageBreak(80 * mm)
    yield Heading(f"Against “{rival.name}” (#{rival.id})", level=1, listed=False)
    yield Paragraph(safe(f"It is the {rival.role}: {rival.family_title}."), styles.BODY)
    yield box(safe(rival.judgement.sentence))
    for sentence in rival.judgement.details:
        yield Paragraph(safe(sentence), styles.BULLET, bulletText="•")
    yield table(("Figure", "This run", f"#{rival.id}"), _figures(content, rival), (0.4, 0.3, 0.3))
    if rival.judgement.pairs:
        pair = rival.judgement.pairs[0].from_side(content.experiment_id)
        yield facts(pair_facts(pair, rival.judgement.unit_name), share=0.46)
    yield from figures.in_pairs(rival.curves)
    if len(rival.differing) > 1 or (rival.differing and rival.differing[0][0] != FAMILY):
        yield CondPageBreak(45 * mm)
        yield Heading("Settings that differ", level=1, listed=False)
        rows = rival.differing[:MOST_SETTINGS]
        head = ("Setting", "This run", f"#{rival.id}")
        yield table(head, rows, (0.44, 0.28, 0.28), text_columns=3)
        rest = len(rival.differing) - len(rows)
        if rest > 0:
            yield Paragraph(safe(f"and {rest} more settings."), styles.CAPTION)


def _figures(content: ReportContent, rival: Rival) -> list[tuple[str, str, str]]:
    mine, theirs = content.evaluation.headline, rival.evaluation.headline
    rows = [
        (label, with_interval(mine[key]), with_interval(theirs[key]))
        for key, label in HEADLINE
        if key in mine and key in theirs
    ]
    rows.append(("Training time", duration(content.seconds), duration(rival.seconds)))
    if content.n_parameters or rival.n_parameters:
        parameters = (count(content.n_parameters), count(rival.n_parameters))
        rows.append(("Trainable parameters", *parameters))
    return rows


def pair_facts(pair: Pair, unit_name: str) -> list[tuple[str, object]]:
    """List what a paired comparison measured; the difference is this run minus the other."""
    more = "no estimate" if pair.more_units is None else f"about {count(pair.more_units)}"
    return [
        ("Difference of accuracy, points", span_of_points(pair.accuracy)),
        ("Difference of macro F1, points", span_of_points(pair.macro_f1)),
        (
            f"Better on so many {unit_name}",
            f"{count(pair.only_a)} here, {count(pair.only_b)} there",
        ),
        ("p of the paired test, after Holm", f"{pair.p:.3g}, {pair.p_holm:.3g}"),
        ("Difference found with 80 % power", f"{pair.detectable * 100:.1f} points"),
        (f"More test {unit_name} to tell them apart", more if not pair.told_apart else "none"),
    ]
