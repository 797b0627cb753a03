"""The sections of the report, in reading order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

import numpy as np
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, KeepTogether, PageBreak, Paragraph, Spacer

from integrations.core.contract import StoredResult
from integrations.core.data.dataset import DatasetInfo
from integrations.core.evaluation.evaluate import recording_probabilities
from integrations.core.evaluation.evaluation import ClassMetrics, Evaluation, Interval
from integrations.core.figures.chart import Axis, Bars, Chart, Lines
from tasks.pdf import styles, words
from tasks.pdf.content import ReportContent, Setting
from tasks.pdf.flowables import (
    Heading,
    VectorFigure,
    box,
    facts,
    figure_cards,
    marked_facts,
    side_by_side,
    table,
)
from tasks.pdf.numbers import NONE, count, counted, duration, number, percent, setting_value, span
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
MOST_CLASS_ROWS = 40
MOST_MISTAKES = 10
MOST_SMALL = 5
HALF_MM = 82.0


def story(content: ReportContent) -> Story:
    """Give the flowables of the whole report."""
    figures = _Figures()
    return [
        *_title(content),
        *_summary(content),
        *_limits(content),
        PageBreak(),
        *_methods(content),
        *_data_card(content, figures),
        CondPageBreak(110 * mm),
        *_results(content),
        *_confusion(content, figures),
        *_history(content, figures),
        *_curves(content, figures),
        *_panels(content, figures),
        CondPageBreak(120 * mm),
        *_configuration(content),
        *_repetition(content),
    ]


class _Figures:
    """Numbers the figures and sets them with their captions."""

    def __init__(self) -> None:
        self._number = 0

    def full(self, chart: Chart, width_mm: float = styles.WIDTH / mm) -> KeepTogether:
        return KeepTogether([VectorFigure(chart, width_mm), self._caption(chart)])

    def pair(self, left: Chart, right: Chart) -> KeepTogether:
        sides = [[VectorFigure(chart, HALF_MM), self._caption(chart)] for chart in (left, right)]
        return KeepTogether([side_by_side(*sides), Spacer(1, 2 * mm)])

    def _caption(self, chart: Chart) -> Paragraph:
        self._number += 1
        title = chart.title.rstrip(".")
        text = f"{bold(f'Figure {self._number}.')} {safe(title, 200)}. {safe(chart.help, 600)}"
        return Paragraph(text.strip(), styles.CAPTION)


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
        yield Heading("Note by the author", level=1)
        yield Paragraph(lines_of(content.note), styles.NOTE)


def _headline(evaluation: Evaluation) -> list[tuple[str, Interval]]:
    known = dict(HEADLINE)
    ordered = [
        (known[key], evaluation.headline[key]) for key in known if key in evaluation.headline
    ]
    return ordered or [("Accuracy", Interval(value=np.nan, low=np.nan, high=np.nan))]


def _methods(content: ReportContent) -> Iterator[Any]:
    yield Heading("Methods")
    for heading, text in words.methods(content):
        yield Paragraph(f"{bold(heading + '.')} {safe(text)}", styles.BODY)


def _data_card(content: ReportContent, figures: _Figures) -> Iterator[Any]:
    info = content.result.info
    yield CondPageBreak(90 * mm)
    yield Heading("Data card")
    yield facts(_data_facts(info))
    recordings = Counter(r.label for r in info.recordings)
    unequal = len(set(recordings.values())) > 1
    if unequal and len(recordings) <= MOST_CLASS_ROWS:
        yield figures.full(_balance_chart(recordings))
    yield from _class_table(info, recordings)


def _data_facts(info: DatasetInfo) -> list[tuple[str, object]]:
    rates = sorted({r.sampling_rate_hz for r in info.recordings if r.sampling_rate_hz})
    lengths = [r.n_samples for r in info.recordings] or [0]
    low, high = min(lengths), max(lengths)
    rate = rates[0] if len(rates) == 1 else None
    channels = words.names(list(info.channels), 12)
    fields = [
        (f"Field “{name}”", words.names(list(values), 12))
        for name, values in info.field_values().items()
    ]
    return [
        ("Name and kind", f"{info.name} ({info.kind})"),
        ("Recordings", f"{count(len(lengths))} of {_groups(info)}"),
        ("Classes", f"{len(info.classes)}: {words.names(list(info.classes), 20)}"),
        ("Channels", f"{counted(len(info.channels), 'channel')}: {channels}"),
        ("Unit", info.unit or "not given"),
        ("Sampling rate", ", ".join(f"{number(r, 6)} Hz" for r in rates) or "not given"),
        ("Recording length", _length(low, high, rate)),
        ("Samples", f"{count(info.n_samples_total)} per channel{_in_time(info)}"),
        *fields[:8],
        ("SHA-256 of the data", info.fingerprint or NONE),
    ]


def _groups(info: DatasetInfo) -> str:
    groups = counted(len({r.group for r in info.recordings}), "group")
    return f"{groups} (what a recording came from; a split keeps a group together)"


def _length(low: int, high: int, rate: float | None) -> str:
    samples = f"{count(low)}" if low == high else f"{count(low)} to {count(high)}"
    if not rate:
        return f"{samples} samples"
    time = (
        duration(low / rate)
        if low == high
        else f"{duration(low / rate)} to {duration(high / rate)}"
    )
    return f"{samples} samples ({time})"


def _in_time(info: DatasetInfo) -> str:
    if not info.recordings or any(not r.sampling_rate_hz for r in info.recordings):
        return ""
    return f", {duration(sum(r.n_samples / (r.sampling_rate_hz or 1) for r in info.recordings))}"


def _balance_chart(recordings: Counter[str]) -> Bars:
    ordered = recordings.most_common()
    (largest, most), (smallest, least) = ordered[0], ordered[-1]
    title = f"“{largest}” has most recordings ({most}), “{smallest}” fewest ({least})"
    return Bars(
        key="class_balance", title=title, axis=Axis("Recordings", range=(0.0, most * 1.05)),
        categories=tuple(name for name, _ in ordered), values=tuple(float(n) for _, n in ordered),
    )  # fmt: skip


def _class_table(info: DatasetInfo, recordings: Counter[str]) -> Iterator[Any]:
    groups: defaultdict[str, set[str]] = defaultdict(set)
    samples: Counter[str] = Counter()
    for recording in info.recordings:
        groups[recording.label].add(recording.group)
        samples[recording.label] += recording.n_samples
    rows = [
        (name, recordings[name], len(groups[name]), count(samples[name]),
         percent(samples[name] / max(1, info.n_samples_total)))
        for name in info.classes
    ]  # fmt: skip
    yield CondPageBreak(min(50.0, 22 + 5.6 * len(rows)) * mm)
    if len(rows) > MOST_CLASS_ROWS:
        rows = sorted(rows, key=lambda row: (row[1], row[0]))[:MOST_CLASS_ROWS]
        yield Heading(f"The {MOST_CLASS_ROWS} smallest of {len(info.classes)} classes", level=1)
    else:
        yield Heading("Class balance", level=1)
    head = ("Class", "Recordings", "Groups", "Samples", "Share of samples")
    yield table(head, rows, (0.4, 0.14, 0.12, 0.17, 0.17))


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


def _confusion(content: ReportContent, figures: _Figures) -> Iterator[Any]:
    yield CondPageBreak(110 * mm)
    yield Heading("Mistakes")
    chart = content.common.get("confusion")
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


def _history(content: ReportContent, figures: _Figures) -> Iterator[Any]:
    charts = [content.common[key] for key in ("loss", "accuracy") if key in content.common]
    if not charts:
        return
    yield CondPageBreak(100 * mm)
    yield Heading("Training" if content.step_name == "Epoch" else "Cross-validation")
    yield from _in_pairs(charts, figures)
    note = words.history_note(content)
    if note:
        yield Paragraph(safe(note), styles.BODY)


def _curves(content: ReportContent, figures: _Figures) -> Iterator[Any]:
    keys = ("roc", "precision_recall")
    charts = [content.common[key] for key in keys if key in content.common]
    if charts:
        yield CondPageBreak(120 * mm)
        yield Heading("Each class against the rest")
        yield from _in_pairs(charts, figures)
    if "f1_by_class" in content.common:
        yield figures.full(content.common["f1_by_class"])


def _in_pairs(charts: Sequence[Chart], figures: _Figures) -> Iterator[Any]:
    small = all(isinstance(c, Lines) and len(c.series) <= MOST_SMALL for c in charts)
    if len(charts) == 2 and small:
        yield figures.pair(charts[0], charts[1])
    else:
        yield from (figures.full(chart) for chart in charts)


def _panels(content: ReportContent, figures: _Figures) -> Iterator[Any]:
    if not content.panels and not content.panel_problem:
        return
    yield CondPageBreak(100 * mm)
    yield Heading(f"What the model looks at: {content.family_title}")
    if content.panel_problem:
        yield Paragraph(safe(content.panel_problem), styles.BODY)
    yield from (figures.full(chart) for chart in content.panels)


def _limits(content: ReportContent) -> Iterator[Any]:
    yield CondPageBreak(40 * mm)
    yield Heading("Limits")
    for sentence in words.limits(content):
        yield Paragraph(safe(sentence), styles.BULLET, bulletText="•")


def _configuration(content: ReportContent) -> Iterator[Any]:
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


def _repetition(content: ReportContent) -> Iterator[Any]:
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
