"""Writes a run's history as a TensorBoard event file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tensorboardX.event_file_writer import EventFileWriter  # type: ignore[import-untyped]
from tensorboardX.proto.event_pb2 import Event  # type: ignore[import-untyped]
from tensorboardX.proto.summary_pb2 import Summary  # type: ignore[import-untyped]
from tensorboardX.summary import scalar, text  # type: ignore[import-untyped]

NAME = "events.out.tfevents.0.signalbench"
"""TensorBoard asks only for the middle part; the usual name would tell the host's."""
Row = tuple[int, float, Mapping[str, float]]


def write_event_file(
    folder: Path, rows: Iterable[Row], test: Mapping[str, float], config: Mapping[str, Any]
) -> Path:
    """Write one event file and give it.

    Metrics of the same kind share a chart: ``val_loss`` becomes ``loss/validation``.

    Args:
        folder: An empty folder.
        rows: Epoch (or fold) from 1, seconds since 1970, metrics; odd values are left out.
        test: Figures of the test part, looked at once; written at the last epoch.
        config: The run's settings, as a text.
    """
    writer = EventFileWriter(str(folder))
    last, moment = 0, 0.0
    for last, moment, values in rows:
        for name, value in values.items():
            _add(writer, tag(name), value, last, moment)
    for name, value in test.items():
        _add(writer, f"test/{name}", value, last, moment)
    settings = f"```json\n{json.dumps(config, indent=1)}\n```"
    _write(writer, text("settings", settings), last, moment)
    writer.close()
    return next(folder.glob("events.out.tfevents.*")).rename(folder / NAME)


def tag(name: str) -> str:
    """Name a metric so that TensorBoard groups it."""
    for prefix, part in (("train_", "training"), ("val_", "validation")):
        if name.startswith(prefix):
            return f"{name.removeprefix(prefix)}/{part}"
    return name


def _add(writer: EventFileWriter, name: str, value: float, step: int, moment: float) -> None:
    if isinstance(value, int | float) and math.isfinite(value):
        _write(writer, scalar(name, float(value)), step, moment)


def _write(writer: EventFileWriter, summary: Summary, step: int, moment: float) -> None:
    writer.add_event(Event(step=step, wall_time=moment, summary=summary))
