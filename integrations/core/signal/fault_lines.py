"""Which frequencies a fault class is expected to show, read from its name: for cursors in spectra.

Rolling-element lines are given only where a recording's bearing is known, journal-bearing lines
where its speed is (Randall 2011, chapters 2 and 5; Bently & Hatch 2002). A class whose name says
nothing, or a fault without lines of its own (cavitation, starved lubrication), has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.signal.machine import bearing_kind, critical_hz, fault_orders, shaft_hz

WHIRL = (0.38, 0.48)
"""Oil whirl lies a little below half the shaft speed: leakage lowers the 0.5 of theory."""
HARMONICS = 3
NEAR_CRITICAL = (0.75, 1.25)
"""Supports move the first bending frequency from what the plate says."""

Place = Literal["envelope", "spectrum"]


@dataclass(frozen=True)
class FaultLine:
    """One line, or band, that a fault shows, and how many of its harmonics.

    Attributes:
        low: In Hz; equal to ``high`` for a line.
        place: Where to look for it first: rolling elements strike, so the envelope shows them.
    """

    label: str
    low: float
    high: float
    harmonics: int = 1
    place: Place = "spectrum"

    @property
    def centre(self) -> float:
        """Middle of the band in Hz."""
        return (self.low + self.high) / 2


def expected_lines(info: DatasetInfo, recording: Recording, name: str) -> tuple[FaultLine, ...]:
    """Give the lines that a class must show in this recording; () where none is known.

    Args:
        info: The data set.
        recording: Whose speed and bearing hold.
        name: Class name, or several faults ("imbalance + wear").
    """
    shaft = shaft_hz(recording)
    if shaft is None:
        return ()
    orders = {} if bearing_kind(info) == "journal" else fault_orders(info, recording)
    found = [
        FaultLine(line, orders[line] * shaft, orders[line] * shaft, HARMONICS, "envelope")
        for pattern, line in ROLLING_FAULTS
        if line in orders and pattern.search(name)
    ]
    if not found:
        found = [_at(multiple, shaft) for pattern, multiples in _JOURNAL
                 if pattern.search(name) for multiple in multiples]  # fmt: skip
        found += _whip(recording) if _WHIP.search(name) else []
    return tuple(dict.fromkeys(found))


def known_lines(info: DatasetInfo, recording: Recording) -> tuple[FaultLine, ...]:
    """Give all lines a cursor can be put on: shaft speed, the bearing's fault lines, whirl."""
    shaft = shaft_hz(recording)
    if shaft is None:
        return ()
    kind = bearing_kind(info)
    orders = {} if kind == "journal" else fault_orders(info, recording)
    found = [FaultLine(name, order * shaft, order * shaft, HARMONICS, "envelope")
             for name, order in orders.items()]  # fmt: skip
    whirl = [] if kind == "rolling" else [_at(WHIRL, shaft), *_whip(recording)]
    return (_at(1, shaft), *found, *whirl)


def _at(multiple: float | tuple[float, float], shaft: float) -> FaultLine:
    if isinstance(multiple, tuple):
        low, high = multiple
        return FaultLine(f"{low:g}–{high:g}×", low * shaft, high * shaft)
    return FaultLine(f"{multiple:g}×", multiple * shaft, multiple * shaft)


def _whip(recording: Recording) -> list[FaultLine]:
    critical = critical_hz(recording)
    if critical is None:
        return []
    low, high = (multiple * critical for multiple in NEAR_CRITICAL)
    return [FaultLine("near the critical speed", low, high)]


_START, _END = r"(?<![A-Za-z])", r"(?![A-Za-z])"
ROLLING_FAULTS = (
    (re.compile(rf"(?i:inner|bpfi)|{_START}(?:IR|ir){_END}"), "BPFI"),
    (re.compile(rf"(?i:outer|bpfo)|{_START}(?:OR|or)(?:{_END}|at\d)"), "BPFO"),
    (
        re.compile(rf"(?i:{_START}balls?{_END}|roller|rolling.?element|bsf)|{_START}B{_END}"),
        "2×BSF",
    ),
    (re.compile(r"(?i)cage|ftf"), "FTF"),
)
"""What class names of rolling bearings are called, and the fault line they mean."""
_JOURNAL: tuple[tuple[re.Pattern[str], tuple[float | tuple[float, float], ...]], ...] = (
    (re.compile(r"(?i)im-?balance|unbalance"), (1,)),
    (re.compile(r"(?i)mis-?align"), (1, 2, 3)),
    (re.compile(r"(?i)loose"), (0.5, 1, 2, 3, 4, 5)),
    (re.compile(r"(?i)whirl"), (WHIRL,)),
    (re.compile(r"(?i)clearance"), (WHIRL, 1, 2)),
    (re.compile(r"(?i)\bwear"), (1, 2)),
)
_WHIP = re.compile(r"(?i)whip")
