"""What is known of the machine behind a recording: bearing kind, shaft speed, fault orders.

Light: the web asks it. Names of fields and properties are read without regard to case, spaces,
underscores and brackets, so ``speed_rpm``, ``Speed (rpm)`` and ``SPEED RPM`` are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from math import cos, isfinite, radians
from typing import Any, Literal

from integrations.core.data.dataset import DatasetInfo, Recording, once_per_data_set

BearingKind = Literal["rolling", "journal", "unknown"]
FAULT_LINES = ("BPFO", "BPFI", "2×BSF", "FTF")
"""Outer race, inner race, ball (it strikes both races in a turn) and cage, as multiples of shaft
speed."""

RPM_NAMES = ("rpm", "speed rpm", "shaft speed rpm", "shaft rpm", "rotational speed rpm")
HZ_NAMES = ("shaft speed", "shaft speed hz", "shaft hz", "shaft frequency", "shaft frequency hz")
CRITICAL_NAMES = ("critical speed", "critical speed hz", "f crit")
BALLS_NAMES = ("balls", "n balls", "number of balls", "rolling elements", "n rolling elements")
BALL_DIAMETER_NAMES = ("ball diameter", "ball diameter mm", "ball diameter in", "roller diameter")
PITCH_DIAMETER_NAMES = ("pitch diameter", "pitch diameter mm", "pitch diameter in")
CONTACT_ANGLE_NAMES = ("contact angle", "contact angle deg", "contact angle °")


@once_per_data_set
def bearing_kind(info: DatasetInfo) -> BearingKind:
    """Say which physics holds: ``bearing_kind``, or rolling where orders are known.

    The data set's property counts, else the recordings' field where all of them agree.
    """
    told = _kind_told(info.properties)
    if told == "unknown":
        kinds = {_kind_told(recording.fields) for recording in info.recordings}
        told = kinds.pop() if len(kinds) == 1 else "unknown"
    if told != "unknown":
        return told
    known = any(fault_orders(info, recording) for recording in info.recordings)
    return "rolling" if known else "unknown"


def _kind_told(facts: Mapping[str, Any]) -> BearingKind:
    told = str(_folded(facts).get("bearing kind", "")).strip().lower()
    if told == "rolling":
        return "rolling"
    return "journal" if told == "journal" else "unknown"


def shaft_hz(recording: Recording) -> float | None:
    """Give the revolutions per second of a recording, or None when no field tells them."""
    fields = _folded(recording.fields)
    rpm = _first(fields, RPM_NAMES)
    return rpm / 60 if rpm is not None else _first(fields, HZ_NAMES)


def fault_orders(info: DatasetInfo, recording: Recording) -> dict[str, float]:
    """Give the fault lines of a recording's bearing in multiples of shaft speed.

    They come from the recording's fields, so that two rigs can share a data set, else from the
    properties: named ``bpfo``, ``bpfi``, ``bsf``, ``ftf`` as in the bearing-datasets tables, a
    property ``bearing_orders`` with a dict by name, or the geometry (balls, ball diameter, pitch
    diameter, contact angle in degrees; fixed outer race).

    Returns:
        Name (``FAULT_LINES`` first, then others of ``bearing_orders``) to order; may be empty.
    """
    properties = _folded(info.properties)
    table = properties.get("bearing orders")
    found = {
        **_geometry_orders(properties),
        **_named_orders(properties),
        **(_table_orders(table) if isinstance(table, Mapping) else {}),
    }
    fields = _folded(recording.fields)
    found |= {**_geometry_orders(fields), **_named_orders(fields)}
    ordered = (*FAULT_LINES, *(name for name in found if name not in FAULT_LINES))
    return {name: found[name] for name in ordered if name in found}


@once_per_data_set
def known_lines(info: DatasetInfo) -> tuple[str, ...]:
    """Name the fault lines whose frequency is known in every recording; bearings may differ."""
    known: dict[str, None] | None = None
    for recording in info.recordings:
        if not recording.sampling_rate_hz or shaft_hz(recording) is None:
            return ()
        orders = fault_orders(info, recording)
        known = {name: None for name in (orders if known is None else known) if name in orders}
    return tuple(known or ())


def critical_hz(recording: Recording) -> float | None:
    """Give the rotor's nominal first critical speed in Hz, or None when no field tells it."""
    return field_number(recording, CRITICAL_NAMES)


def field_number(recording: Recording, names: tuple[str, ...]) -> float | None:
    """Give the positive number in the first of these metadata fields that has one, else None."""
    return _first(_folded(recording.fields), names)


def number(value: object) -> float | None:
    """Read a finite positive number from a metadata value, else None; "30 Hz" reads as 30."""
    try:
        read = float(str(value).split(maxsplit=1)[0])
    except (ValueError, IndexError):
        return None
    return read if isfinite(read) and read > 0 else None


def _geometry_orders(facts: Mapping[str, Any]) -> dict[str, float]:
    """Kinematics without slip (Harris & Kotzalas 2006, chapter 10)."""
    balls, ball, pitch = (
        _first(facts, names) for names in (BALLS_NAMES, BALL_DIAMETER_NAMES, PITCH_DIAMETER_NAMES)
    )
    if balls is None or ball is None or pitch is None or ball >= pitch:
        return {}
    ratio = ball / pitch * cos(radians(_first(facts, CONTACT_ANGLE_NAMES) or 0.0))
    return {
        "BPFO": balls / 2 * (1 - ratio),
        "BPFI": balls / 2 * (1 + ratio),
        "2×BSF": pitch / ball * (1 - ratio**2),
        "FTF": (1 - ratio) / 2,
    }


def _named_orders(facts: Mapping[str, Any]) -> dict[str, float]:
    found = {name: _first(facts, (name.lower(),)) for name in ("BPFO", "BPFI", "FTF")}
    spin = _first(facts, ("bsf",))
    found["2×BSF"] = _first(facts, ("2×bsf", "2xbsf")) or (2 * spin if spin else None)
    return {name: order for name, order in found.items() if order is not None}


def _table_orders(table: Mapping[str, Any]) -> dict[str, float]:
    known = _named_orders(_folded(table))
    plain = {"bpfo", "bpfi", "ftf", "bsf", "2×bsf", "2xbsf"}
    others = {name: number(order) for name, order in table.items() if _fold(name) not in plain}
    return known | {name: order for name, order in others.items() if order is not None}


def _first(facts: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    read = (number(facts[name]) for name in names if name in facts)
    return next((value for value in read if value is not None), None)


def _folded(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {_fold(name): value for name, value in facts.items()}


@lru_cache(maxsize=4096)
def _fold(name: str) -> str:
    return " ".join(re.sub(r"[\s_()\[\]/-]+", " ", name.lower()).split())
