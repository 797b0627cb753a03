"""What a colleague needs to make the run again: configuration, versions, seeds, command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Paragraph, Spacer

from tasks.pdf import styles
from tasks.pdf.content import ReportContent, Setting
from tasks.pdf.flowables import Heading, facts, marked_facts
from tasks.pdf.numbers import NONE, setting_value
from tasks.pdf.text import bold, safe


def configuration(content: ReportContent) -> Iterator[Any]:
    """Give every setting, section by section."""
    yield Heading("Configuration")
    said = (
        "Bold settings differ from the family's defaults. Settings in brackets have no effect here."
    )
    yield Paragraph(safe(said), styles.CAPTION)
    for section in dict.fromkeys(s.section for s in content.settings):
        mine = [s for s in content.settings if s.section == section]
        yield CondPageBreak(28 * mm)
        yield Heading(section, level=1)
        yield marked_facts([_setting_row(s) for s in mine], share=0.42)


def _setting_row(setting: Setting) -> tuple[str, str]:
    value = setting_value(setting.value, setting.unit)
    if not setting.active:
        return setting.title, safe(f"({value})")
    return setting.title, bold(value) if setting.changed else safe(value)


def repetition(content: ReportContent) -> Iterator[Any]:
    """Give identity, software and machine, and the command that repeats the run."""
    info, split = content.result.info, content.evaluation.split
    config = content.result.config
    yield CondPageBreak(80 * mm)
    yield Heading("Where it was made, and how to repeat it")
    yield Heading("Identity and seeds", level=1)
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
    yield Heading("Software and machine", level=1)
    yield facts([*content.versions.items(), *content.machine.items()])
    yield CondPageBreak(40 * mm)
    yield Heading("Repeat this run", level=1)
    text = "With the same data set imported, the same versions give the same figures:"
    yield Paragraph(safe(text), styles.BODY)
    yield from _code(content.command)
    yield Paragraph("The whole configuration:", styles.BODY)
    yield from _code(content.config_yaml)


def _code(text: str) -> Iterator[Any]:
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        style = styles.code_line(indent)
        yield Paragraph(safe(line, 1000) or "&nbsp;", style)
    yield Spacer(1, 3 * mm)
