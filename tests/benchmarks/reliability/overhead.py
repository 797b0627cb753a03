"""What being durable costs: the same fit inside the bench, and alone without any of it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from integrations.core.testing import toy_signals
from storage.entities import DatasetStatus
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from tasks.import_jobs import ready_facts
from tests.benchmarks.reliability.common import Row, await_ended, bench
from tests.chaos.patient import Patient
from tests.support.bench import REPOSITORY

BARE = Path(__file__).with_name("bare_fit.py")
MOST = 0.03
SAMPLES, GROUPS, CHANNELS = 4096, 16, 2
EPOCHS = 12
CONFIG = {
    "data": {"window_samples": 512, "overlap": 0.5},
    "architecture": {"filters": 32},
    "training": {"epochs": EPOCHS, "patience": 0, "batch_size": 32},
}
SKIPPED_EPOCHS = 2
"""The first ones warm up caches and kernels."""


def measure(rounds: int) -> list[Row]:
    """Alternate the run in the bench and the bare fit; compare the times of their epochs."""
    durable: list[float] = []
    bare: list[float] = []
    with bench(variables={"SIGNALBENCH_WORKERS": "2"}) as subject:
        dataset, folder = _dataset()
        for _ in range(rounds):
            durable.append(_in_the_bench(subject, dataset))
            bare.append(_alone(folder))
    shares = [a / b - 1.0 for a, b in zip(durable, bare, strict=True)]
    middle = statistics.median(durable) / statistics.median(bare) - 1.0
    figure = (
        f"{middle:+.1%} (pairs {min(shares):+.1%} to {max(shares):+.1%}); "
        f"{statistics.median(durable):.2f} s durable, {statistics.median(bare):.2f} s bare, "
        f"epochs {SKIPPED_EPOCHS + 1}–{EPOCHS}, n = {rounds}"
    )
    what = "a run with heartbeats, checkpoints, reports and control, against the bare fit"
    return [Row(what, "≤ 3 %", figure, middle <= MOST)]


def _dataset() -> tuple[int, Path]:
    folder = settings().datasets_folder / "larger"
    data = toy_signals(folder, groups=GROUPS, samples=SAMPLES, channels=CHANNELS)
    entity = DatasetStore().create("larger", source="upload", status=DatasetStatus.IMPORTING)
    DatasetStore().set_ready(entity.id, ready_facts(data.info, folder, "larger"))
    return entity.id, folder


def _in_the_bench(subject: Patient, dataset: int) -> float:
    """Give the seconds between the commits of the first and the last counted epoch."""
    body = {"family": "cnn1d", "dataset_id": dataset, "config": CONFIG}
    number = int(subject.http.post("/api/experiments", body)["experiment_id"])
    wrong = await_ended([number])
    assert not wrong, wrong
    rows = ExperimentStore().epochs(number)
    return (rows[-1].created_at - rows[SKIPPED_EPOCHS - 1].created_at).total_seconds()


def _alone(folder: Path) -> float:
    """Give the seconds of the same epochs in a process without the bench."""
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [sys.executable, BARE, folder, scratch, json.dumps(CONFIG), str(SKIPPED_EPOCHS)],
            check=True, capture_output=True, text=True, cwd=REPOSITORY,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
                 "MKL_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        )  # fmt: skip
    return float(done.stdout.split()[-1])
