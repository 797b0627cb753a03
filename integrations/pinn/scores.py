"""Which order lines are scored: what the physics head of each bearing kind may look at."""

from __future__ import annotations

from integrations.core.data.dataset import DatasetInfo
from integrations.core.signal.machine import FAULT_LINES, BearingKind
from integrations.pinn.lines import CRITICAL, SHAFT, WHIRL, Line, reference_hz

SHAFT_HARMONICS = (1, 2, 3)
FAULT_HARMONICS = (1, 2, 3, 4)
JOURNAL_ORDERS = (0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6)


def score_lines(info: DatasetInfo, kind: BearingKind) -> list[Line]:
    """Give the lines whose prominences are scores, those that every recording can place."""
    wanted = _rolling() if kind == "rolling" else _journal()
    known = [set(reference_hz(info, recording)) for recording in info.recordings]
    everywhere = set.intersection(*known) if known else set()
    return [line for line in wanted if line.reference in everywhere]


def _rolling() -> list[Line]:
    faults = [Line(name, h, h) for name in FAULT_LINES for h in FAULT_HARMONICS]
    return faults + [Line(SHAFT, h, h) for h in SHAFT_HARMONICS]


def _journal() -> list[Line]:
    orders = [Line(SHAFT, *WHIRL)] + [Line(SHAFT, order, order) for order in JOURNAL_ORDERS]
    return [*orders, Line(CRITICAL, 1, 1), Line(CRITICAL, 2, 2)]
