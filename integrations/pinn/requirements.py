"""What the physics needs to know of a data set, and what is missing, in words; light."""

from __future__ import annotations

from collections.abc import Callable

from integrations.core.contract import Problem, Severity
from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.signal.machine import (
    bearing_kind,
    critical_hz,
    fault_orders,
    field_number,
    shaft_hz,
)
from integrations.pinn.lines import CRITICAL, required_lines
from integrations.pinn.regime import SOMMERFELD_FIELDS

ORDER_HELP = (
    "When importing, state it under “Facts about the whole set” (BPFO = 3.58, BPFI, BSF, FTF in "
    "multiples of shaft speed, or balls and diameters), or as fields of each recording."
)


def missing_metadata(info: DatasetInfo) -> list[Problem]:
    """List what the physics cannot do without; empty when it can be applied."""
    kind = bearing_kind(info)
    found = [
        _missing(info, lambda r: not r.sampling_rate_hz, "no sampling rate",
                 "State it when importing."),
        _missing(info, lambda r: shaft_hz(r) is None, "no shaft speed",
                 "Add a field rpm, as a column or in the file names, when importing."),
    ]  # fmt: skip
    if kind == "unknown":
        found.append(
            "The bearing is not known, and it decides which physics holds. "
            + ORDER_HELP
            + " For a journal bearing state bearing_kind = journal."
        )
    if kind == "rolling":
        found.append(_missing_orders(info))
    return [Problem(Severity.ERROR, text) for text in found if text]


def worth_knowing(info: DatasetInfo) -> list[Problem]:
    """List what the physics will leave out on this data set."""
    kind = bearing_kind(info)
    lines = required_lines(info.classes, kind)
    found = []
    if kind != "unknown" and not any(lines.values()):
        found.append(
            "No class name says which lines a fault must show, so missing lines are not charged. "
            "Name them under Physics, Required lines, such as “fault A: BPFO; fault B: 0.43x”."
        )
    if any(line.reference == CRITICAL for each in lines.values() for line in each):
        found.append(
            _missing(info, lambda r: critical_hz(r) is None, "no critical speed",
                     "Their whip lines are not asked for; add a field critical speed in Hz.")
        )  # fmt: skip
    if kind == "journal":
        found.append(
            _missing(info, lambda r: field_number(r, SOMMERFELD_FIELDS) is None,
                     "no Sommerfeld number",
                     "They are left out of that side task; add a field Sommerfeld to include them.")
        )  # fmt: skip
    return [Problem(Severity.WARNING, text) for text in found if text]


def lines_in_words(info: DatasetInfo) -> str:
    """Say which lines each class must show, as its name tells."""
    lines = required_lines(info.classes, bearing_kind(info))
    told = [f"{name}: {', '.join(map(str, each))}" for name, each in lines.items() if each]
    return "; ".join(told)


def _missing_orders(info: DatasetInfo) -> str:
    lines = required_lines(info.classes, "rolling").values()
    wanted = {line.reference for each in lines for line in each}
    absent = {
        name
        for recording in info.recordings
        for name in (wanted or {"BPFO"}) - set(fault_orders(info, recording))
    }
    if not absent:
        return ""
    return _missing(
        info,
        lambda r: not absent <= set(fault_orders(info, r)),
        f"no fault order {', '.join(sorted(absent))}",
        ORDER_HELP,
    )


def _missing(
    info: DatasetInfo, lacks: Callable[[Recording], bool], what: str, what_to_do: str
) -> str:
    count = sum(map(lacks, info.recordings))
    if not count:
        return ""
    total = len(info.recordings)
    verb = "has" if count == 1 else "have"
    return f"{count} of {total} recordings {verb} {what}. {what_to_do}"
