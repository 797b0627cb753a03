"""Shows what the signals of each class look like, and how conditions are spread over the split."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import ValidationError

from integrations.core.config import DataConfig
from integrations.core.contract import StoredResult
from integrations.core.data.dataset import Dataset, DatasetError, DatasetInfo, field_text
from integrations.core.data.splits import Split, SplitError, split
from integrations.core.figures import signals
from integrations.core.figures.signals import Ruler
from integrations.core.signal import spectra
from tasks.pdf.content import Condition, Example, Part

log = logging.getLogger("signalbench.reports")
MOST_CLASSES = 6
MOST_FIELDS = 3
MOST_VALUES = 8
MOST_LEVELS = 12
LONGEST = 8192
"""Samples drawn at most: enough to see the form, few enough to read."""


def division_of(result: StoredResult, digest: str) -> Split | None:
    """Divide the data set again as the run did; None where it cannot be made out."""
    try:
        config = DataConfig.model_validate(result.config.get("data", {}))
        found = split(result.info, config)
    except (ValidationError, SplitError, KeyError, ValueError) as error:
        log.warning("The split of the run could not be made again: %s", error)
        return None
    return found if found.summary.digest == digest else None


def conditions(info: DatasetInfo, division: Split) -> tuple[Condition, ...]:
    """Count recordings of each part by the values of the metadata fields that have few."""
    fields = [
        name
        for name, values in info.field_values().items()
        if 2 <= len(values) <= MOST_VALUES and name not in info.truth_fields
    ]
    return tuple(_condition(info, division, name) for name in fields[:MOST_FIELDS])


def _condition(info: DatasetInfo, division: Split, field: str) -> Condition:
    counts = [
        Counter(_value(info, int(i), field) for i in np.unique(part.recording))
        for part in (division.train, division.validation, division.test)
    ]
    values = [*info.field_values()[field], *({""} & set().union(*counts))]
    return Condition(
        field, tuple(Part(value or "not given", *(c[value] for c in counts)) for value in values)
    )


def _value(info: DatasetInfo, index: int, field: str) -> str:
    value = info.recordings[index].fields.get(field)
    return "" if value is None else field_text(value)


def examples_of(result: StoredResult, data: Dataset, trained: Sequence[int]) -> tuple[Example, ...]:
    """Draw one training recording of each class: its wave and its spectrum.

    Args:
        result: The run.
        data: Its data set.
        trained: Recordings that it was trained on.
    """
    try:
        return tuple(_example(result, data, index) for index in _typical(data, trained))
    except DatasetError as error:
        log.warning("The report shows no example signals: %s", error)
        return ()


def _typical(data: Dataset, trained: Sequence[int]) -> Iterator[int]:
    """Of each class take the recording in the middle by its level, of the first few."""
    by_class: dict[str, list[int]] = {}
    for index in trained:
        by_class.setdefault(data.info.recordings[index].label, []).append(index)
    for label in sorted(by_class)[:MOST_CLASSES]:
        some = by_class[label][:MOST_LEVELS]
        levels = [float(np.std(data.signal(i)[0][:LONGEST])) for i in some]
        yield some[int(np.argsort(levels, kind="stable")[len(some) // 2])]


def _example(result: StoredResult, data: Dataset, index: int) -> Example:
    recording, info = data.info.recordings[index], result.info
    samples = int(result.config.get("data", {}).get("window_samples", LONGEST))
    signal = np.asarray(data.signal(index)[0][: min(LONGEST, samples)])
    rate = recording.sampling_rate_hz
    ruler = Ruler("Hz", None, rate is not None)
    found = spectra.amplitude_spectrum(signal, rate or 1.0)
    name, key = recording.name, f"example_{index}"
    channel = f", channel {info.channels[0]}" if len(info.channels) > 1 else ""
    return Example(
        f"“{recording.label}”: {name}{channel}. Left: the wave. Right: its amplitude spectrum.",
        (
            signals.waveform(signal, rate, info.unit, name=name, key=f"{key}_wave"),
            signals.spectrum(found, ruler, info.unit, name=name, key=f"{key}_spectrum"),
        ),
    )
