"""Data sets of the bearing ladder: CWRU in three labellings, simulated rigs, and rigs joined."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from scipy.signal import decimate  # noqa: E402

from integrations.core.data.dataset import Dataset, DatasetWriter, Recording  # noqa: E402
from integrations.core.simulator.config import SimulatorConfig  # noqa: E402
from integrations.core.simulator.simulate import make_dataset  # noqa: E402

CWRU = ROOT.parent / "shared" / "data" / "cwru"
SPEEDS_RPM = ("1797", "1772", "1750", "1730")
ORDERS_6205 = {"bpfo": 3.5848, "bpfi": 5.4152, "bsf": 2.357, "ftf": 0.3983}
FAULTS = {"Normal": "N", "IR": "IR", "B": "B", "ORat6": "OR"}
RATE_HZ = 12_000.0
LONG_SAMPLES = 16_384
PIECES = 5
RIG_CLASSES = {"normal": "N", "inner race": "IR", "outer race": "OR"}

Labelling = Callable[[str, str], str | None]
"""Fault and size to a class name, None to leave a recording out."""


def nine_faults(fault: str, size: str) -> str | None:
    """Fault with size, without the normal recording, which exists at one load only."""
    return f"{fault} {size}" if size else None


def four_kinds(fault: str, size: str) -> str | None:
    """Normal, inner race, ball or outer race, whatever the size."""
    return fault


@cache
def cwru_signals() -> tuple[tuple[str, str, str, np.ndarray], ...]:
    """Speed, fault, size and samples of every file; the 48 kHz normal one decimated by four."""
    found = []
    for path in sorted(CWRU.glob("*.npz")):
        speed, name, *size = path.stem.split("_")
        with np.load(path, allow_pickle=False) as content:
            samples = content["DE"].reshape(-1)
        if name == "Normal":
            samples, size = decimate(samples, 4, ftype="fir"), [""]
        found.append((speed, FAULTS[name], size[0], samples.astype(np.float32)))
    return tuple(found)


def cwru(folder: Path, labelling: Labelling, tested_load: str = "") -> Dataset:
    """Write CWRU with the classes that a labelling gives.

    Recordings at another load than a tested one are cut into pieces, so that validation takes
    pieces of every load and leaves all of them to train on.
    """
    properties = {"group_noun": "bearing", "bearing_kind": "rolling", **ORDERS_6205}
    with DatasetWriter(
        folder, name="CWRU drive end", channels=["DE"], unit="g", properties=properties
    ) as writer:
        for speed, fault, size, samples in cwru_signals():
            label = labelling(fault, size)
            if label is not None:
                row = _recording(speed, fault, size, label)
                count = PIECES if tested_load and row.fields["load"] != tested_load else 1
                for number, piece in enumerate(np.array_split(samples, count), 1):
                    name = f"{row.name}, piece {number}" if count > 1 else row.name
                    writer.add(piece, replace(row, name=name))
    return Dataset(folder)


def _recording(speed: str, fault: str, size: str, label: str) -> Recording:
    fields: dict[str, str | float] = {"load": str(SPEEDS_RPM.index(speed)), "rpm": float(speed)}
    if size:
        fields["fault size"] = size
    bearing = f"{fault} {size}".strip()
    return Recording(f"{speed} {bearing}", label, bearing, 0, RATE_HZ, fields=fields)


def simulated(folder: Path, kind: str, **content: object) -> Dataset:
    """Simulate the usual data set of a bearing kind, 26 machines unless told otherwise."""
    make_dataset(SimulatorConfig.model_validate({"content": {"kind": kind, **content}}), folder)
    return Dataset(folder)


def without_speed(folder: Path) -> Dataset:
    """The simulated journal bearings for whoever may not know the speed: no tacho, no fields."""
    whole = simulated(folder / "whole", "journal")
    kept = [i for i, channel in enumerate(whole.info.channels) if channel != "tacho"]
    names = [whole.info.channels[i] for i in kept]
    with DatasetWriter(folder / "blind", name="without speed", channels=names) as writer:
        for number, recording in enumerate(whole.info.recordings):
            writer.add(whole.signal(number)[kept], replace(recording, fields={}))
    return Dataset(folder / "blind")


def two_rigs(folder: Path) -> Dataset:
    """Join simulated rolling bearings, as rig S, with CWRU, as rig C: normal, inner, outer."""
    long = SimulatorConfig.model_validate(
        {
            "content": {"kind": "rolling", "signals_per_class": 52, "machines": 13},
            "recording": {"samples": LONG_SAMPLES},
        }
    )
    make_dataset(long, folder / "simulated")
    rig_s = Dataset(folder / "simulated")
    with DatasetWriter(
        folder / "joined", name="two rigs", channels=["a"], properties={"bearing_kind": "rolling"}
    ) as writer:
        for number, recording in enumerate(rig_s.info.recordings):
            if recording.label in RIG_CLASSES:
                label = RIG_CLASSES[recording.label]
                fields = {k: v for k, v in recording.fields.items() if k in KNOWN} | {"rig": "S"}
                name = f"S {recording.name}"
                row = replace(recording, name=name, label=label, fields=fields)
                writer.add(rig_s.signal(number)[0], row)
        for speed, fault, size, samples in cwru_signals():
            if fault in RIG_CLASSES.values():
                row = _recording(speed, fault, size, fault)
                fields = {"rpm": float(speed), **ORDERS_6205, "rig": "C"}
                writer.add(samples, replace(row, group=f"C {row.group}", fields=fields))
    return Dataset(folder / "joined")


KNOWN = ("rpm", "BPFO", "BPFI", "BSF", "FTF")
