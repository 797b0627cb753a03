"""What was measured and how: the methods and the data card."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Paragraph

from integrations.core.data.dataset import DatasetInfo
from integrations.core.figures.chart import Axis, Bars
from tasks.pdf import method_words, styles, words
from tasks.pdf.content import Condition, ReportContent
from tasks.pdf.figures import Figures
from tasks.pdf.flowables import facts, table
from tasks.pdf.numbers import NONE, count, counted, duration, number, percent
from tasks.pdf.outline import Heading
from tasks.pdf.references import References
from tasks.pdf.text import bold, safe

MOST_CLASS_ROWS = 40
MOST_FIELDS = 5
MOST_VALUES = 8
SMALL_FIGURE_MM = 30.0


def methods(content: ReportContent, references: References) -> Iterator[Any]:
    """Give the methods as paragraphs, written from the configuration."""
    yield Heading("Methods")
    for heading, text in method_words.methods(content):
        numbered = references.numbered(text)
        yield Paragraph(f"{bold(heading + '.')} {safe(numbered)}", styles.BODY)


def data_card(content: ReportContent, figures: Figures) -> Iterator[Any]:
    """Give what is known of the data set, and how its classes are filled."""
    info = content.result.info
    yield CondPageBreak(60 * mm)
    yield Heading("Data")
    yield facts(_data_facts(info))
    recordings = Counter(r.label for r in info.recordings)
    unequal = len(set(recordings.values())) > 1
    if unequal and len(recordings) <= MOST_CLASS_ROWS:
        yield figures.full(_balance_chart(recordings))
    yield from _class_table(info, recordings)
    yield from _division(content)
    for condition in content.conditions:
        yield from _condition(condition)
    if content.examples:
        yield CondPageBreak(75 * mm)
        yield Heading("Example signals", level=1, listed=False)
        said = "The training recording of each class that lies in the middle by its level (RMS)."
        yield Paragraph(safe(said), styles.BODY)
        for example in content.examples:
            yield figures.row(example.charts, example.caption, SMALL_FIGURE_MM)


def _division(content: ReportContent) -> Iterator[Any]:
    split = content.evaluation.split
    yield CondPageBreak(50 * mm)
    yield Heading("How it was divided", level=1, listed=False)
    rows = [
        ("Training", count(split.train_windows), count(split.train_groups), "fitting the weights"),
        ("Validation", count(split.validation_windows), count(split.validation_groups),
         "choosing the epoch, nothing else"),
        ("Test", count(split.test_windows), count(split.test_groups),
         "measured once, with the finished model"),
    ]  # fmt: skip
    shares = (0.2, 0.16, 0.16, 0.48)
    yield table(("Part", "Windows", "Groups", "Used for"), rows, shares, words_last=True)
    for note in split.notes:
        yield Paragraph(safe(note), styles.CAPTION)


def _condition(condition: Condition) -> Iterator[Any]:
    yield CondPageBreak(45 * mm)
    yield Heading(f"Recordings by {condition.field}", level=1, listed=False)
    rows = [
        (part.value, count(part.train), count(part.validation), count(part.test))
        for part in condition.parts
    ]
    yield table(("Value", "Training", "Validation", "Test"), rows, (0.4, 0.2, 0.2, 0.2))
    unseen = [part.value for part in condition.parts if part.test and not part.train]
    if unseen:
        said = f"Tested but never trained on: {words.names(unseen)}."
        yield Paragraph(safe(said), styles.BODY)


def _data_facts(info: DatasetInfo) -> list[tuple[str, object]]:
    rates = sorted({r.sampling_rate_hz for r in info.recordings if r.sampling_rate_hz})
    lengths = [r.n_samples for r in info.recordings] or [0]
    low, high = min(lengths), max(lengths)
    rate = rates[0] if len(rates) == 1 else None
    channels = words.names(list(info.channels), 12)
    fields = [(f"Field “{name}”", field_words(values)) for name, values in _fields(info)]
    return [
        ("Name and kind", f"{info.name} ({info.kind})"),
        ("Recordings", f"{count(len(lengths))} of {_groups(info)}"),
        ("Classes", f"{len(info.classes)}: {words.names(list(info.classes), 20)}"),
        ("Channels", f"{counted(len(info.channels), 'channel')}: {channels}"),
        ("Unit", info.unit or "not given"),
        ("Sampling rate", ", ".join(f"{number(r, 6)} Hz" for r in rates) or "not given"),
        ("Recording length", _length(low, high, rate)),
        ("Samples", f"{count(info.n_samples_total)} per channel{_in_time(info)}"),
        *fields[:MOST_FIELDS],
        *(
            [("More fields", words.names([n for n, _ in _fields(info)][MOST_FIELDS:], 20))]
            if len(fields) > MOST_FIELDS
            else []
        ),
        ("SHA-256 of the data", info.fingerprint or NONE),
    ]


def _fields(info: DatasetInfo) -> list[tuple[str, tuple[str, ...]]]:
    """Give the metadata fields, those of few values first."""
    return sorted(info.field_values().items(), key=lambda item: (len(item[1]) > MOST_VALUES, 0))


def field_words(values: tuple[str, ...]) -> str:
    """Say which values a field has: all of a few, else how many and from where to where."""
    if len(values) <= MOST_VALUES:
        return ", ".join(values)
    try:
        numbers = [float(value) for value in values if value]
    except ValueError:
        return f"{count(len(values))} values, e.g. {words.names(list(values[:3]))}"
    return f"{count(len(values))} values from {number(min(numbers))} to {number(max(numbers))}"


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
        yield Heading("Class balance", level=1, listed=False)
    head = ("Class", "Recordings", "Groups", "Samples", "Share of samples")
    yield table(head, rows, (0.4, 0.14, 0.12, 0.17, 0.17))
