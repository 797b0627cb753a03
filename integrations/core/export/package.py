"""Everything of a model in one zip file: files, hashes, and how to use it without Signalbench."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MANIFEST, README, SCRIPT, EXAMPLES = "manifest.json", "README.md", "predict.py", "examples.npz"
EXAMPLE_WINDOWS = 8
FORMAT = "signalbench-model"

SCRIPT_TEXT = '''\
"""Predicts with model.onnx; needs numpy and onnxruntime, nothing of Signalbench."""

import json
import sys

import numpy as np
import onnxruntime

file = sys.argv[1] if len(sys.argv) > 1 else "examples.npz"
with open("manifest.json", encoding="utf-8") as manifest:
    classes = json.load(manifest)["classes"]
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
with np.load(file) as content:
    inputs = {each.name: content[each.name] for each in session.get_inputs()}
for row in session.run(["probability"], inputs)[0]:
    print(f"{classes[row.argmax()]}\\t" + "\\t".join(f"{p:.6f}" for p in row))
'''


@dataclass(frozen=True)
class PackageFacts:
    """What the README says.

    Attributes:
        facts: For the manifest: classes, channels, window, rate, split digest, versions …
        cannot: Sentences about what this model cannot be exported as.
        inputs: Lines about the graph's inputs; () without a graph.
        figures: Lines about how well it does and how much to believe it.
    """

    name: str
    facts: Mapping[str, Any]
    cannot: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    figures: tuple[str, ...] = field(default=())


def write_package(path: Path, files: Mapping[str, Path], about: PackageFacts) -> None:
    """Write the archive; the manifest names every other file with size and SHA-256.

    Args:
        path: Where it goes.
        files: Paths by the names they get.
        about: What is known of the model.
    """
    calibrated = "calibration.json" in files
    texts = {README: readme(about, has_graph="model.onnx" in files, has_calibration=calibrated)}
    if "model.onnx" in files:
        texts[SCRIPT] = SCRIPT_TEXT
    listed = [_entry(name, each.read_bytes()) for name, each in files.items()]
    listed += [_entry(name, text.encode()) for name, text in texts.items()]
    manifest = {
        "format": FORMAT,
        "format_version": 1,
        "name": about.name,
        **about.facts,
        "files": sorted(listed, key=lambda entry: str(entry["name"])),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False))
        for name, text in texts.items():
            archive.writestr(name, text)
        for name, each in files.items():
            archive.write(each, name)


def readme(about: PackageFacts, *, has_graph: bool, has_calibration: bool = False) -> str:
    """Say in plain words what the archive holds and how to use it."""
    facts = about.facts
    lines = [
        f"# {_plain(about.name)}",
        "",
        f"A {facts['family_title']} model made with Signalbench {facts['signalbench']}.",
        "",
        f"- Classes, in the order of the probabilities: {', '.join(map(_plain, facts['classes']))}",
        f"- Channels, in order: {', '.join(map(_plain, facts['channels']))}",
        f"- Window: {facts['window_samples']} samples{_rate(facts['sampling_rate_hz'])}",
        *(f"- {line}" for line in about.figures),
        "",
    ]
    if has_graph:
        lines += _how_to(about)
    if has_calibration:
        lines += [
            "`calibration.json` holds a temperature T learnt on validation windows: Signalbench "
            "raises probabilities to the power 1/T and scales them to sum to 1; `predict.py` gives "
            "them as the model says them.",
            "",
        ]
    lines += [f"{sentence}\n" for sentence in about.cannot]
    lines += [
        "`manifest.json` lists every file with its SHA-256. `config.yaml` repeats the run in "
        "Signalbench, `model.json` and `model.safetensors` are the model as Signalbench keeps it.",
        "",
    ]
    return "\n".join(lines)


def _how_to(about: PackageFacts) -> list[str]:
    return [
        "## Use it",
        "",
        "    pip install numpy onnxruntime",
        "    python predict.py             # the first test windows, kept in examples.npz",
        "    python predict.py mine.npz    # your own windows",
        "",
        "One line per window: the class, then the probability of every class. The lines for "
        "`examples.npz` are the first rows of `predictions.csv` (to rounding).",
        "",
        "Inputs of the graph, float32, any number of windows:",
        "",
        *(f"- {line}" for line in about.inputs),
        "",
    ]


def _entry(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _rate(rate: float | None) -> str:
    return "" if rate is None else f" at {rate:g} Hz"


def _plain(text: str) -> str:
    """Give a name as one line that is no markup."""
    return " ".join(str(text).split()).replace("<", "‹").replace(">", "›").replace("`", "'")
