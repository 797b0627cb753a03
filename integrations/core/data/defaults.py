"""Settings that suit a data set, filled in where nobody chose."""

from __future__ import annotations

from collections import Counter
from math import log2
from typing import Any, TypeVar

from integrations.core.config import FamilyConfig, SplitStrategy
from integrations.core.data.dataset import DatasetInfo, field_text
from integrations.core.signal.machine import bearing_kind, shaft_hz

LONGEST_WHOLE_RECORD = 4096
USUAL_WINDOW = 2048
SHORTEST_POWER_OF_TWO = 16
MOST_FIELD_VALUES = 20
SPEEDS_ALIKE = 1.1
"""Ratio of shaft speeds up to which orders lie close enough without order tracking."""
PATH_DB = 3.0
"""Gain of random transfer paths: 1D ResNets told CWRU's faults at an unseen load by it."""

Config = TypeVar("Config", bound=FamilyConfig)


def suggest_window(info: DatasetInfo) -> int:
    """Suggest a window length.

    Short records of equal length are taken whole; else 2048 samples, or the largest power of two
    that fits into the shortest record.
    """
    lengths = {recording.n_samples for recording in info.recordings}
    shortest = min(lengths, default=USUAL_WINDOW)
    if whole_records(info) or shortest < SHORTEST_POWER_OF_TWO:
        return shortest
    return int(min(USUAL_WINDOW, 1 << (shortest.bit_length() - 1)))


def whole_records(info: DatasetInfo) -> bool:
    """Say whether each record is one short event of the same length, to be taken whole."""
    lengths = {recording.n_samples for recording in info.recordings}
    return len(lengths) == 1 and max(lengths) <= LONGEST_WHOLE_RECORD


def suggest_split(info: DatasetInfo) -> dict[str, Any]:
    """Suggest how to divide a data set: as published, else by group, else by a field.

    Returns:
        Values for ``DataConfig``.
    """
    published = {recording.published_split for recording in info.recordings}
    if published == {"train", "test"}:
        return {"split": SplitStrategy.PUBLISHED}
    groups = Counter(label for label, _ in {(r.label, r.group) for r in info.recordings})
    if min(groups.values(), default=0) >= 2:
        return {"split": SplitStrategy.GROUP}
    fields = [
        found
        for name, values in info.field_values().items()
        if name not in info.truth_fields and (found := _field_split(info, name, values))
    ]
    return max(fields, key=lambda found: found[0])[1] if fields else {"split": SplitStrategy.GROUP}


def apply_suggestions(config: Config, info: DatasetInfo) -> Config:
    """Fill in what a preset leaves open: window, split, and what the family itself suggests.

    Settings that were given, by a preset or a person, stay as they are.
    """
    suggested: dict[str, dict[str, Any]] = {"data": {"window_samples": suggest_window(info)}}
    given = config.data.model_fields_set
    if not given & {"split", "split_field", "test_values"}:
        suggested["data"] |= suggest_split(info)
    values = config.model_dump()
    for section, knobs in config.suggestions(info).items():
        suggested[section] = suggested.get(section, {}) | knobs
    for section, knobs in suggested.items():
        chosen = getattr(config, section).model_fields_set
        values[section] |= {name: value for name, value in knobs.items() if name not in chosen}
    return type(config).model_validate(values)


def turns_window(info: DatasetInfo, turns: float = 20.0) -> int | None:
    """Suggest a window that holds so many revolutions, to part order lines from one another.

    The power of two nearest to the turns of the slowest recording; never shorter than
    ``suggest_window``, and never so long that a recording gives fewer than two that do not overlap.

    Returns:
        Samples, or None where ``suggest_window`` is as good or a shaft speed or rate is unknown.
    """
    speeds = [shaft_hz(recording) for recording in info.recordings]
    rates = [recording.sampling_rate_hz for recording in info.recordings]
    if whole_records(info) or not all(speeds) or not all(rates):
        return None
    wanted = max(turns * (r or 0.0) / (s or 1.0) for r, s in zip(rates, speeds, strict=True))
    shortest = min(recording.n_samples for recording in info.recordings)
    window = int(min(2 ** round(log2(max(wanted, 1.0))), 1 << (shortest // 2).bit_length() - 1))
    return window if window > suggest_window(info) else None


def waveform_suggestions(info: DatasetInfo) -> dict[str, dict[str, Any]]:
    """Suit a network on waveforms to the data; for ``FamilyConfig.suggestions``.

    Events taken whole keep position, sign and level, which mean something there. Machines that
    run at clearly different speeds are looked at by shaft angle.
    """
    speeds = [shaft_hz(recording) for recording in info.recordings]
    known = [speed for speed in speeds if speed]
    if known and len(known) == len(speeds):
        return {"input": {"order_tracking": max(known) > SPEEDS_ALIKE * min(known)}}
    if whole_records(info):
        return {
            "augmentation": {"shift": False, "sign_flip": False},
            "input": {"normalisation": "dataset"},
        }
    return {}


def path_suggestions(info: DatasetInfo) -> dict[str, dict[str, Any]]:
    """Suggest as ``waveform_suggestions``, and random transfer paths for what is no event.

    Not for journal bearings: their probes face the shaft, with no path between, and the height of
    one line against another is what tells the faults.
    """
    found = waveform_suggestions(info)
    if "augmentation" in found or bearing_kind(info) == "journal":
        return found
    return found | {"augmentation": {"path_gain": PATH_DB}}


def _field_split(
    info: DatasetInfo, name: str, values: tuple[str, ...]
) -> tuple[tuple[bool, int], dict[str, Any]] | None:
    """Hold back the middle value of a field, ranked by (no group on two sides, fewest values)."""
    if not 2 <= len(values) <= MOST_FIELD_VALUES:
        return None
    held_back = values[len(values) // 2]
    tested = {r.group for r in info.recordings if _value(r.fields, name) == held_back}
    kept = [r for r in info.recordings if _value(r.fields, name) != held_back]
    if {r.label for r in kept} != set(info.classes):
        return None
    clean = not tested & {r.group for r in kept}
    split = {"split": SplitStrategy.FIELD, "split_field": name, "test_values": [held_back]}
    return (clean, -len(values)), split


def _value(fields: dict[str, str | float], name: str) -> str:
    return field_text(fields.get(name, ""))
