"""The same configuration gives the same samples, in any order, on any machine."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from integrations.core.config import DataConfig, SplitStrategy
from integrations.core.data.dataset import Dataset
from integrations.core.data.defaults import suggest_split, suggest_window
from integrations.core.data.splits import preview_split
from integrations.core.simulator.config import CHANNELS, SimulatorConfig
from integrations.core.simulator.simulate import TRUTH_FIELDS, make_dataset, simulate_one

ROOT = Path(__file__).resolve().parents[3]
SMALL = {"content": {"signals_per_class": 6, "machines": 6}, "recording": {"samples": 1024}}
PINNED = {
    "journal": "3e0d49a5e5c085059c72027739e56c606f56dea83ca785ee7e955a97c167f75a",
    "rolling": "67bb5c28fb681e5f47304643747025efccef6e6c8927f6df75cf77e56a916955",
}
"""SHA-256 over rounded samples; a change here means that everybody's simulated data change."""


def small(**changes: object) -> SimulatorConfig:
    return SimulatorConfig.model_validate({**SMALL, **changes})


EXACTLY = """
import hashlib
from integrations.core.simulator.config import SimulatorConfig
from integrations.core.simulator.simulate import simulate_one

config = SimulatorConfig.model_validate({"content": {"signals_per_class": 5}})
made = b"".join(simulate_one(config, index).samples.tobytes() for index in range(config.n_signals))
print(hashlib.sha256(made).hexdigest())
"""


def test_a_processor_without_vector_instructions_makes_the_same_bytes() -> None:
    """NumPy's sines differ in the last bit between instruction sets; the samples do not."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    prints = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", EXACTLY],
            cwd=ROOT,
            env={**os.environ, **disabled},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for disabled in ({}, {"NPY_DISABLE_CPU_FEATURES": " ".join(found)})
    ]
    assert prints[0] == prints[1] != ""


@pytest.mark.parametrize("kind", PINNED)
def test_samples_are_the_pinned_ones(kind: str) -> None:
    config = small(content={**SMALL["content"], "kind": kind})
    digest = hashlib.sha256()
    for index in range(config.n_signals):
        made = simulate_one(config, index)
        digest.update(np.rint(made.samples * 100).astype("<i4").tobytes())
    assert digest.hexdigest() == PINNED[kind]


def test_a_signal_alone_is_the_one_of_the_whole_set(tmp_path: Path) -> None:
    config = small()
    make_dataset(config, tmp_path / "set")
    data = Dataset(tmp_path / "set")
    for index in (65, 3, 40):
        made = simulate_one(config, index)
        assert np.array_equal(made.samples, data.signal(index))
        assert made.recording.fields == data.info.recordings[index].fields


def test_two_makings_have_one_fingerprint_and_another_seed_another(tmp_path: Path) -> None:
    prints = [
        make_dataset(small(seed=seed), tmp_path / str(number)).fingerprint
        for number, seed in enumerate((4, 4, 5))
    ]
    assert prints[0] == prints[1] != prints[2]


def test_samples_stand_on_the_converters_steps() -> None:
    made = simulate_one(small(), 20)
    steps = made.samples[:3].astype(np.float64) * 2**12
    assert np.array_equal(steps, np.rint(steps))


def test_the_set_says_what_it_is(tmp_path: Path) -> None:
    seen: list[float] = []
    config = small(seed=7)
    info = make_dataset(config, tmp_path / "set", lambda fraction, _: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert info.channels == CHANNELS
    assert info.properties["bearing_kind"] == "journal"
    assert info.properties["truth_fields"] == ["severity", "faults"]
    assert info.truth_fields == TRUTH_FIELDS
    assert info.properties["licence"]
    assert SimulatorConfig.model_validate(info.properties["simulator"]) == config
    names = {"rpm", "unit load", "oil temperature", "oil grade", "Sommerfeld", "critical speed",
             "machine", "sensor path", "SNR", "severity", "faults"}  # fmt: skip
    assert all(set(recording.fields) == names for recording in info.recordings)
    assert len(info.recordings) == 66


def test_the_suggested_split_holds_back_whole_machines(tmp_path: Path) -> None:
    info = make_dataset(small(), tmp_path / "set")
    suggested = suggest_split(info)
    assert suggested == {"split": SplitStrategy.GROUP}
    assert suggest_window(info) == 1024
    summary = preview_split(info, DataConfig(window_samples=1024, **suggested))
    assert not summary.leaky
    assert summary.test_groups >= 1


def test_truth_is_never_the_suggested_field_to_split_by(tmp_path: Path) -> None:
    content = {"signals_per_class": 8, "machines": 2, "classes": ["wear", "imbalance"]}
    info = make_dataset(small(content=content), tmp_path / "set")
    for recording in info.recordings:
        object.__setattr__(recording, "group", recording.label)
    assert suggest_split(info).get("split_field") not in TRUTH_FIELDS


def test_the_tacho_has_one_pulse_per_turn() -> None:
    config = SimulatorConfig.model_validate({"operation": {"changing_share": 0.0}})
    for index in (0, 500, 900):
        made = simulate_one(config, index)
        pulses = int(((made.samples[3][1:] > 0.5) & (made.samples[3][:-1] <= 0.5)).sum())
        assert abs(pulses - float(made.recording.fields["rpm"]) / 60) <= 1
