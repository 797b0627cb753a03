"""Which order lines a fault must show: told by the class names, or by the user; light, no torch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.signal.fault_lines import NEAR_CRITICAL, ROLLING_FAULTS, WHIRL
from integrations.core.signal.machine import (
    FAULT_LINES,
    BearingKind,
    critical_hz,
    fault_orders,
    shaft_hz,
)

CRITICAL = "critical speed"
SHAFT = ""


class LineSyntaxError(ValueError):
    """A text of required lines cannot be read; says where and how to write it."""


@dataclass(frozen=True)
class Line:
    """A line that a fault must show.

    Attributes:
        reference: "" for multiples of shaft speed, a fault line ("BPFO") or "critical speed".
        low: Lowest multiple of the reference; None asks for its first few harmonics.
        high: Highest multiple; equal to ``low`` for a single line.
    """

    reference: str
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.low is None:
            return self.reference
        width = f"–{self.high:g}" if self.high != self.low else ""
        return f"{self.reference} {self.low:g}{width}×".strip()


def required_lines(
    classes: Sequence[str], kind: BearingKind, told: str = ""
) -> dict[str, tuple[Line, ...]]:
    """Give the lines each class must show; a class that need not show any has an empty tuple.

    Args:
        classes: Class names of the data set.
        kind: Which physics holds.
        told: What the user wrote; replaces what the name of a class says.

    Raises:
        LineSyntaxError: The text cannot be read or names a class that is not there.
    """
    chosen = parse_lines(told)
    known = {name.lower(): name for name in classes}
    strangers = [name for name in chosen if name.lower() not in known]
    if strangers:
        raise LineSyntaxError(
            f"Required lines name “{strangers[0]}”, which is no class of this data set. Its "
            f"classes are {', '.join(classes)}."
        )
    lines = {name: lines_of_name(name, kind) for name in classes}
    return lines | {known[name.lower()]: given for name, given in chosen.items()}


def lines_of_name(name: str, kind: BearingKind) -> tuple[Line, ...]:
    """Read from a class name which lines it must show; () where it need not show any."""
    rules = {"rolling": _ROLLING, "journal": _JOURNAL}.get(kind, ())
    return tuple(line for pattern, lines in rules if pattern.search(name) for line in lines)


def _rule(pattern: str, *lines: Line) -> tuple[re.Pattern[str], tuple[Line, ...]]:
    return re.compile(pattern), lines


_ROLLING = tuple((pattern, (Line(line),)) for pattern, line in ROLLING_FAULTS)
_JOURNAL = (
    _rule(r"(?i)im-?balance|unbalance", Line(SHAFT, 1, 1)),
    _rule(r"(?i)mis-?align", Line(SHAFT, 2, 2)),
    _rule(r"(?i)loose", Line(SHAFT, 1, 1), Line(SHAFT, 2, 2), Line(SHAFT, 3, 3)),
    _rule(r"(?i)whirl", Line(SHAFT, *WHIRL)),
    _rule(r"(?i)whip", Line(CRITICAL, *NEAR_CRITICAL)),
)

_ITEM = re.compile(
    r"(?P<reference>[a-z×2 ]*?[a-z])?\s*"
    r"(?:(?P<low>\d+(?:\.\d+)?)(?:\s*[-–]\s*(?P<high>\d+(?:\.\d+)?))?\s*[x×])?$"
)
_REFERENCES = {
    "": SHAFT, "shaft": SHAFT, "critical speed": CRITICAL, "bsf": "2×BSF", "2xbsf": "2×BSF",
    **{name.lower(): name for name in FAULT_LINES},
}  # fmt: skip
HOW_TO_WRITE = (
    "Write it like “fault A: BPFO; fault B: 0.38-0.48x, 2x; healthy: none”, with the lines "
    "BPFO, BPFI, 2xBSF, FTF, critical speed or multiples of shaft speed."
)


def parse_lines(text: str) -> dict[str, tuple[Line, ...]]:
    """Read what a user wrote, e.g. ``fault A: BPFO; fault B: 0.43x, 2x; healthy: none``.

    Raises:
        LineSyntaxError: With the piece that cannot be read.
    """
    found: dict[str, tuple[Line, ...]] = {}
    for piece in filter(None, (piece.strip() for piece in text.split(";"))):
        name, colon, wanted = piece.rpartition(":")
        if not colon or not name.strip() or not wanted.strip():
            raise LineSyntaxError(f"“{piece}” is not a class and its lines. {HOW_TO_WRITE}")
        items = [item.strip() for item in wanted.split(",")]
        found[name.strip()] = () if items == ["none"] else tuple(map(_line, items))
    return found


def _line(item: str) -> Line:
    match = _ITEM.fullmatch(item.lower())
    reference = _REFERENCES.get((match["reference"] or "").strip()) if match else None
    if match is None or reference is None or not (match["low"] or reference in FAULT_LINES):
        raise LineSyntaxError(f"“{item}” is no line. {HOW_TO_WRITE}")
    if match["low"] is None:
        return Line(reference)
    low, high = sorted((float(match["low"]), float(match["high"] or match["low"])))
    if low == 0:
        raise LineSyntaxError(f"“{item}” is at frequency 0. {HOW_TO_WRITE}")
    return Line(reference, low, high)


def reference_hz(info: DatasetInfo, recording: Recording) -> dict[str, float]:
    """Give what lines are multiples of, in Hz; what is not known is left out."""
    shaft = shaft_hz(recording)
    found = {} if shaft is None else {SHAFT: shaft}
    if shaft is not None:
        found |= {name: order * shaft for name, order in fault_orders(info, recording).items()}
    critical = critical_hz(recording)
    return found | ({} if critical is None else {CRITICAL: critical})
