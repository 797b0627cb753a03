"""A finished run in a moment: toy recordings, a nearest-centroid model, the real stores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.contract import FitResult, Predictions
from integrations.core.data.dataset import Dataset, DatasetInfo, DatasetWriter, Recording
from integrations.core.data.splits import split
from integrations.core.data.windows import WindowIndex, class_indices, gather
from integrations.core.evaluation.evaluate import evaluate
from integrations.core.evaluation.store import save_result
from integrations.core.explain.explain import explain
from integrations.registry import family
from storage.artifacts import artifacts
from storage.entities import Status
from storage.settings import settings
from storage.stores.datasets import DatasetStore, ReadyFacts
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.runs import Finished, RunStore

WINDOW = 64
RATE_HZ = 12_000.0


@dataclass(frozen=True)
class Toy:
    """What the run is like; names are as hostile as a test wants."""

    classes: tuple[str, ...] = ("ball", "inner race", "normal", "outer race")
    recordings_per_class: int = 6
    name: str = "Toy run"
    dataset: str = "Toy bearing"
    note: str = ""
    tags: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("drive end",)
    split: str = "group"
    noise: float = 1.2
    epochs: int = 12
    poisoned: bool = False
    """Losses, filters and explanations are not numbers."""
    explained: bool = False
    """The speed and the bearing are known, and the run explained its telling windows."""


def finished_run(toy: Toy, key: str = "toy") -> int:
    """Make the data set, the run and its files in this process' data folder; gives the run's id."""
    folder = settings().datasets_folder / key
    info = _write(folder, toy)
    dataset = DatasetStore().create(toy.dataset, source="upload")
    DatasetStore().set_ready(
        dataset.id,
        ReadyFacts(
            info.fingerprint, key, len(info.recordings), len(info.recordings), len(info.channels),
            info.n_samples_total, RATE_HZ, list(info.classes), 0, WINDOW,
        ),
    )  # fmt: skip
    config = family("cnn1d").Config.model_validate(
        {"data": {"window_samples": WINDOW, "overlap": 0.25, "split": toy.split}}
    )
    new = NewExperiment(
        toy.name, "cnn1d", dataset.id, config.model_dump(mode="json"), preset="", tags=toy.tags
    )
    experiment_id = ExperimentStore().create(new).id
    if toy.note:
        ExperimentStore().describe(experiment_id, note=toy.note)
    _finish(experiment_id, toy, folder)
    return experiment_id


def _finish(experiment_id: int, toy: Toy, folder: Path) -> None:
    runs = RunStore()
    lease = runs.claim_next("test", "test host", 60.0)
    assert lease is not None
    experiment = ExperimentStore().get(experiment_id)
    config = family("cnn1d").Config.model_validate(experiment.config)
    data = Dataset(folder)
    division = split(data.info, config.data)
    result = _fit(data, division.train, division.validation, division.test, toy)
    evaluation = evaluate(result, division, data.info)
    saved = save_result(
        settings().runs_folder / folder.name, result, evaluation,
        family="cnn1d", config=experiment.config, info=data.info,
    )  # fmt: skip
    stored = [artifacts().put(experiment_id, lease.token, p, p.name, "result") for p in saved]
    headline = {name: interval.value for name, interval in evaluation.headline.items()}
    summary = evaluation.split
    runs.finish(
        lease,
        Finished(
            Status.COMPLETED, headline, summary.name, summary.digest, summary.leaky, 1234, 3.5,
            stored,
        ),
    )  # fmt: skip


def _write(folder: Path, toy: Toy) -> DatasetInfo:
    rng = np.random.default_rng(1)
    speed = {"rpm": "1800"} if toy.explained else {}
    time = np.arange(8 * WINDOW) / WINDOW
    known = {"bpfo": 3.5, "bpfi": 5.5, "bsf": 2.3} if toy.explained else {}
    with DatasetWriter(
        folder, name=toy.dataset, channels=toy.channels, unit="g", properties=known
    ) as writer:
        for i, label in enumerate(toy.classes):
            for j in range(toy.recordings_per_class):
                tone = np.sin(2 * np.pi * (1 + i % 30) * time + i // 30)
                samples = tone + toy.noise * rng.standard_normal((len(toy.channels), len(time)))
                name, fields = f"{label}-{j}.mat", {"load": str(j % 4)} | speed
                writer.add(samples, Recording(name, label, name, 0, RATE_HZ, fields=fields))
    return Dataset(folder).info


def _fit(
    data: Dataset, train: WindowIndex, validation: WindowIndex, test: WindowIndex, toy: Toy
) -> FitResult:
    """Compare each window's spectrum with the mean spectrum of each class."""
    spectra, labels = _spectra(gather(data, train)[:, 0]), class_indices(data.info)[train.recording]
    centres = np.stack([spectra[labels == k].mean(axis=0) for k in range(len(data.info.classes))])
    bad = float("nan") if toy.poisoned else 1.0
    history = [
        {
            "train_loss": bad * 1.4 * 0.8**k,
            "val_loss": bad * (0.2 + 1.3 * 0.8**k),
            "train_accuracy": bad * (1 - 0.7 * 0.8**k),
            "val_accuracy": bad * (0.95 - 0.7 * 0.8**k),
        }
        for k in range(toy.epochs)
    ]
    filters = bad * np.random.default_rng(2).standard_normal((16, 1, 16))
    said = _predictions(data, test, centres)
    extras = {"first_filters": filters} | (_explanations(data, said, centres, bad, toy))
    return FitResult(
        test=said,
        validation=_predictions(data, validation, centres),
        history=history,
        best_epoch=toy.epochs,
        stopped=False,
        n_parameters=1234,
        extras=extras,
    )


def _explanations(
    data: Dataset, said: Predictions, centres: npt.NDArray[np.float64], bad: float, toy: Toy
) -> dict[str, Any]:
    if not toy.explained:
        return {}
    found = explain(lambda w, _: _probability(w[:, 0], centres), data, said, WINDOW)
    cam = np.linspace(0, 1, 128) * np.ones((len(found["explained_start"]), 1))
    found["explained_occlusion"] = bad * found["explained_occlusion"]
    return found | {"explained_cam": bad * cam}


def _predictions(
    data: Dataset, index: WindowIndex, centres: npt.NDArray[np.float64]
) -> Predictions:
    truth = class_indices(data.info)[index.recording].astype(np.int64)
    probability = _probability(gather(data, index)[:, 0], centres)
    return Predictions(index.recording, index.start, truth, probability)


def _probability(
    windows: npt.NDArray[np.float32], centres: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    distance = np.linalg.norm(_spectra(windows)[:, None, :] - centres, axis=2)
    weight = np.exp(-distance)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _spectra(windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    return np.asarray(np.abs(np.fft.rfft(windows.astype(np.float64), axis=1)) / 8)
