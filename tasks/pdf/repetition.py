"""What a colleague needs to make the run again: configuration, versions, seeds, command."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, zip_longest
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Paragraph, Spacer, Table, TableStyle

from tasks.pdf import styles
from tasks.pdf.content import ReportContent, Setting
from tasks.pdf.flowables import facts, side_by_side
from tasks.pdf.numbers import NONE, setting_value
from tasks.pdf.outline import Heading
from tasks.pdf.text import bold, safe

MOST_LINES = 52
LONGEST_SHORT = 48


def configuration(content: ReportContent) -> Iterator[Any]:
    """Give every setting, section by section, in two columns."""
    yield Heading("Configuration")
    said = (
        "Bold settings differ from the family's defaults. Settings in brackets have no effect here."
    )
    yield Paragraph(safe(said), styles.CAPTION)
    sections = list(dict.fromkeys(s.section for s in content.settings))
    blocks = [_section(content, name) for name in sections]
    cut = _middle([len(block) for block in blocks])
    yield _two_columns(list(chain(*blocks[:cut])), list(chain(*blocks[cut:])))


def _section(content: ReportContent, name: str) -> list[tuple[Any, Any]]:
    mine = [_setting_row(s) for s in content.settings if s.section == name]
    return [
        (Paragraph(safe(name), styles.SUBSECTION), ""),
        *((Paragraph(safe(title), styles.LABEL), Paragraph(value, styles.CELL))
          for title, value in mine),
    ]  # fmt: skip


def _middle(sizes: list[int]) -> int:
    """Find where a list is cut into two of about the same size."""
    return min(range(1, len(sizes) + 1), key=lambda k: max(sum(sizes[:k]), sum(sizes[k:])))


def _two_columns(left: list[tuple[Any, Any]], right: list[tuple[Any, Any]]) -> Table:
    """Set two lists of names and values beside one another; rows may go on on the next page."""
    rows = [(*a, "", *b) for a, b in zip_longest(left, right, fillvalue=("", ""))]
    half = styles.WIDTH / 2 - styles.GAP
    widths = [0.54 * half, 0.46 * half, 2 * styles.GAP, 0.54 * half, 0.46 * half]
    made = Table(rows, colWidths=widths, hAlign="LEFT", spaceAfter=8)
    lines = [
        ("LINEBELOW", (column, row), (column + 1, row), 0.35, styles.RULE)
        for column, some in ((0, left), (3, right))
        for row in range(len(some))
    ]
    made.setStyle(TableStyle([*styles.PLAIN_FACTS, *lines]))
    return made


def _setting_row(setting: Setting) -> tuple[str, str]:
    value = setting_value(setting.value, setting.unit)
    if not setting.active:
        return setting.title, safe(f"({value})")
    return setting.title, bold(value) if setting.changed else safe(value)


def repetition(content: ReportContent) -> Iterator[Any]:
    """Give identity, software and machine, and the command that repeats the run."""
    info, split = content.result.info, content.evaluation.split
    config = content.result.config
    yield CondPageBreak(60 * mm)
    yield Heading("Reproducibility")
    yield Heading("Identity and seeds", level=1, listed=False)
    yield facts(
        [
            ("Experiment", f"{content.experiment_id}: {content.name}"),
            ("SHA-256 of the data", info.fingerprint or NONE),
            ("Split digest", split.digest or NONE),
            ("Seed of training", config.get("seed", NONE)),
            ("Seed of split", config.get("data", {}).get("seed", NONE)),
        ]
    )
    yield CondPageBreak(40 * mm)
    yield Heading("Software and machine", level=1, listed=False)
    versions = " · ".join(f"{name} {version}" for name, version in content.versions.items())
    forecast = [("Training time", content.forecast)] if content.forecast else []
    yield facts([("Software", versions), *content.machine.items(), *forecast])
    yield CondPageBreak(40 * mm)
    yield Heading("Repeat this run", level=1, listed=False)
    text = "With the same data set imported, the same versions give the same figures:"
    yield Paragraph(safe(text), styles.BODY)
    yield from _code(content.command)
    yield Paragraph("The whole configuration:", styles.BODY)
    yield from _in_columns(content.config_yaml)


def _in_columns(text: str) -> Iterator[Any]:
    """Set lines of code in two columns where they are short, page by page."""
    lines = text.splitlines()
    if any(len(line) > LONGEST_SHORT for line in lines):
        yield from _code(text)
        return
    for first in range(0, len(lines), 2 * MOST_LINES):
        page = lines[first : first + 2 * MOST_LINES]
        half = (len(page) + 1) // 2
        yield CondPageBreak((10 + 3.7 * half) * mm)
        yield side_by_side(_lines(page[:half]), _lines(page[half:]))
    yield Spacer(1, 3 * mm)


def _code(text: str) -> Iterator[Any]:
    yield from _lines(text.splitlines())
    yield Spacer(1, 3 * mm)


def _lines(lines: list[str]) -> list[Any]:
    return [
        Paragraph(safe(line, 1000) or "&nbsp;", styles.code_line(len(line) - len(line.lstrip())))
        for line in lines
    ]
