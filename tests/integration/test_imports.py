"""Imports through the limited child: real files, real limits, nothing half done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from integrations.core.data.dataset import Dataset
from integrations.core.data.options import DerivedField, ImportOptions, RateRule
from tasks.imports import ROOT, ChildLimits, ImportFailed, run_import, run_inspect
from tests.support.recordings import CWRU, put

X = np.sin(np.arange(5000) / 5)
LOADS = DerivedField(
    name="load", source="rpm", values={"1797": 0, "1772": 1, "1750": 2, "1730": 3}
)  # fmt: skip
CWRU_OPTIONS = ImportOptions(
    name="CWRU",
    unit="g",
    sampling_rate_hz=12000,
    rate_rules=(RateRule(match="1797_Normal*", sampling_rate_hz=48000),),
    target_sampling_rate_hz=12000,
    derived=(LOADS,),
)


def sentences(folder: Path, limits: ChildLimits | None = None) -> dict[str, str]:
    inspection = run_inspect(folder, ImportOptions(), limits=limits)
    return {f.shown: f.sentence for f in inspection.files if f.status == "problem"}


@pytest.mark.skipif(not CWRU.is_dir(), reason="the shared bearing recordings are not here")
def test_the_bearing_recordings_import_as_they_are(tmp_path: Path) -> None:
    outcome = run_import(CWRU, CWRU_OPTIONS, tmp_path / "set")
    info = outcome.info
    assert outcome.skipped == []
    assert info.classes == ("B", "IR", "Normal", "OR")
    assert info.channels == ("DE",)
    assert len({r.group for r in info.recordings}) == 10
    assert info.field_values()["load"] == ("0", "1", "2", "3")
    assert info.field_values()["size"] == ("7", "14", "21")
    assert {r.sampling_rate_hz for r in info.recordings} == {12000}
    normal = next(r for r in info.recordings if r.label == "Normal")
    assert normal.n_samples == pytest.approx(243938 / 4, abs=1)
    Dataset(tmp_path / "set").verify()


@pytest.mark.skipif(not CWRU.is_dir(), reason="the shared bearing recordings are not here")
def test_the_resampled_normal_recording_turns_at_its_speed(tmp_path: Path) -> None:
    """Peaks fall on whole orders of 29.95 Hz only when 48 kHz was taken for its rate."""
    run_import(CWRU, CWRU_OPTIONS, tmp_path / "set")
    data = Dataset(tmp_path / "set")
    index = next(i for i, r in enumerate(data.info.recordings) if r.label == "Normal")
    signal = data.signal(index)[0]
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(signal.size)))
    frequencies = np.fft.rfftfreq(signal.size, 1 / 12000)
    low = (frequencies > 50) & (frequencies < 500)
    orders = frequencies[low][spectrum[low].argmax()] / (1797 / 60)
    assert orders == pytest.approx(round(orders), abs=0.05)


def test_good_files_are_kept_beside_bad_ones(tmp_path: Path) -> None:
    np.savez(tmp_path / "good.npz", x=X)
    put(tmp_path, "bad.npz", b"hello")
    outcome = run_import(tmp_path, ImportOptions(name="a"), tmp_path / "out" / "set")
    assert [r.name for r in outcome.info.recordings] == ["good.npz"]
    assert [s.name for s in outcome.skipped] == ["bad.npz"]


def test_a_failed_import_leaves_nothing_behind(tmp_path: Path) -> None:
    put(tmp_path, "up/bad.npz", b"hello")
    with pytest.raises(ImportFailed, match="Nothing could be imported"):
        run_import(tmp_path / "up", ImportOptions(), tmp_path / "out" / "set")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_that_needs_too_much_memory_costs_only_itself(tmp_path: Path) -> None:
    from scipy.io import savemat

    rng = np.random.default_rng(0)
    np.savez(tmp_path / "a.npz", x=X)
    savemat(tmp_path / "b.mat", {"x": rng.integers(0, 255, 60_000_000).astype("u1").astype("f8")})
    np.savez(tmp_path / "c.npz", x=X)
    found = sentences(tmp_path, ChildLimits(memory_bytes=300 << 20))
    assert list(found) == ["b.mat"]
    assert "memory" in found["b.mat"]


def test_a_silent_child_is_given_up_and_the_next_file_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X)
    put(tmp_path, "b.csv", b"a,b\n" + b"1,1\n" * 50_000_000)
    np.savez(tmp_path / "c.npz", x=X)
    start = time.monotonic()
    found = sentences(tmp_path, ChildLimits(cpu_s=2))
    assert list(found) == ["b.csv"]
    assert "longer than allowed" in found["b.csv"]
    assert time.monotonic() - start < 60


def test_a_table_of_two_million_columns_is_refused_at_once(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", (b",".join([b"1"] * 2_000_000) + b"\n") * 3)
    start = time.monotonic()
    assert "one channel per column" in sentences(tmp_path)["a.csv"]
    assert time.monotonic() - start < 20


def test_bombs_and_claims_are_refused(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(50_000_000))
    with h5py.File(tmp_path / "claim.h5", "w") as file:
        file.create_dataset("x", (10**12,), "f8", chunks=(1024,))
    secret = put(tmp_path.parent, "secret.txt", b"password" * 200)
    with h5py.File(tmp_path / "spy.h5", "w") as file:
        file.create_dataset("x", (900,), "u1", external=[(str(secret), 0, 900)])
    found = sentences(tmp_path)
    assert "stores only" in found["bomb.npz"]
    assert "8.0 TB" in found["claim.h5"]
    assert "another file" in found["spy.h5"]


def test_an_uploaded_module_is_never_imported(tmp_path: Path) -> None:
    for name in ("json.py", "numpy.py", "sitecustomize.py"):
        put(tmp_path, name, b"raise SystemExit('imported')")
    np.savez(tmp_path / "a.npz", x=X)
    assert "a.npz" not in sentences(tmp_path)


def test_files_are_looked_at_once_and_again_when_they_change(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X)
    assert len(run_inspect(tmp_path, ImportOptions()).wanted) == 1
    before = (tmp_path / ".signalbench-scan.json").stat().st_mtime_ns
    start = time.monotonic()
    assert run_inspect(tmp_path, ImportOptions(pattern="{a}")).pattern == "{a}"
    assert time.monotonic() - start < 0.5
    np.savez(tmp_path / "a.npz", x=X[:4])
    assert not run_inspect(tmp_path, ImportOptions()).wanted
    assert (tmp_path / ".signalbench-scan.json").stat().st_mtime_ns > before


def test_the_child_sees_no_secrets_and_ends_with_its_parent(tmp_path: Path) -> None:
    from tasks.imports import _clean_environment

    assert not {"DATABASE_URL", "REDIS_URL", "HOME"} & set(_clean_environment())
    put(tmp_path, "b.csv", b"a,b\n" + b"".join(b"%d,%d\n" % (i, i) for i in range(4_000_000)))
    limits = {
        "memory_bytes": 2 << 30,
        "address_bytes": 64 << 30,
        "cpu_s": 60,
        "file_bytes": 1 << 30,
    }
    job = {"job": "scan", "folder": str(tmp_path), "files": ["b.csv"] * 50, "options": {}}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "tasks.import_child"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/",
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write((json.dumps({**job, "limits": limits}) + "\n").encode())
    child.stdin.flush()
    child.stdout.readline()
    child.stdin.close()
    assert child.wait(timeout=10) == 3
    child.stdout.close()


def test_reading_a_large_table_takes_little_memory(tmp_path: Path) -> None:
    """A table of 200 MB is scanned and converted within 400 MB of private memory."""
    block = b"".join(b"%d.5;%d.25;%d\n" % (i, i, i) for i in range(100_000))
    path = put(tmp_path, "up/a.csv", b"a;b;c\n")
    with path.open("ab") as file:
        for _ in range(90):
            file.write(block)
    limits = ChildLimits(memory_bytes=400 << 20)
    outcome = run_import(tmp_path / "up", ImportOptions(), tmp_path / "set", limits=limits)
    assert outcome.info.recordings[0].n_samples == 9_000_000
