"""A finished run with a real model in the real stores: a 1D CNN on toy signals, seconds to make."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from integrations.core.contract import FitResult
from integrations.core.data.dataset import Dataset
from integrations.core.data.splits import split
from integrations.core.evaluation.evaluate import evaluate
from integrations.core.evaluation.store import save_result
from integrations.core.testing import TOY_RATE_HZ, RecordingContext, toy_signals
from integrations.registry import family
from storage.artifacts import artifacts
from storage.entities import DatasetStatus, ExperimentEntity, Status
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.runs import Epoch, Finished, RunStore
from tasks.import_jobs import ready_facts

CONFIG = {
    "data": {"window_samples": 128, "overlap": 0.5},
    "training": {"epochs": 12, "patience": 0},
    "architecture": {"filters": 8, "n_blocks": 2, "head_units": 16},
}


def usable_model() -> ExperimentEntity:
    """Make the data set, the run and its files in this process' data folder."""
    data = toy_signals(settings().datasets_folder / "toy")
    dataset = DatasetStore().create("toy", source="upload", status=DatasetStatus.IMPORTING)
    DatasetStore().set_ready(dataset.id, ready_facts(data.info, data.folder, "toy"))
    chosen = family("cnn1d")
    config = chosen.Config.model_validate(CONFIG)
    new = NewExperiment("Toy network", "cnn1d", dataset.id, config.model_dump(mode="json"))
    created = ExperimentStore().create(new)
    lease = RunStore().claim_next("test", "test host", 60.0)
    assert lease is not None
    assert lease.id == created.id
    folder, result = _trained()
    parts = split(data.info, config.data)
    evaluation = evaluate(result, parts, data.info)
    saved = save_result(
        folder, result, evaluation, family="cnn1d", config=created.config, info=data.info
    )
    files = [(path, "result") for path in saved] + [(path, "model") for path in result.model_files]
    stored = [artifacts().put(created.id, lease.token, p, p.name, kind) for p, kind in files]
    for epoch, row in enumerate(result.history, start=1):
        RunStore().commit_epoch(lease, Epoch(epoch, len(result.history), row, 0.1))
    summary = evaluation.split
    RunStore().finish(
        lease,
        Finished(
            Status.COMPLETED,
            {name: interval.value for name, interval in evaluation.headline.items()},
            summary.name, summary.digest, summary.leaky, result.n_parameters, 1.0, stored,
        ),
    )  # fmt: skip
    return ExperimentStore().get(created.id)


@cache
def _trained() -> tuple[Path, FitResult]:
    """Train once in a test process; the toy data are the same every time."""
    folder = Path(mkdtemp(prefix="usable-"))
    data = toy_signals(folder / "toy")
    chosen = family("cnn1d")
    context = RecordingContext(folder)
    return folder, chosen.fit(chosen.Config.model_validate(CONFIG), data, context)


def write_csv(
    path: Path, samples: np.ndarray, channel: str = "channel 1", rate_hz: float = TOY_RATE_HZ
) -> Path:
    """Write one channel with its time column, as a logger would."""
    time = np.arange(len(samples)) / rate_hz
    table = np.column_stack([time, samples])
    np.savetxt(path, table, delimiter=",", header=f"time [s],{channel}", comments="", fmt="%.7g")
    return path


def toy_recording(experiment: ExperimentEntity, number: int) -> np.ndarray:
    """Give one channel of a recording of the toy data."""
    folder = DatasetStore().get(experiment.dataset_id).folder
    return np.array(Dataset(settings().datasets_folder / folder).signal(number)[0])
