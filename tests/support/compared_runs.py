"""Finished runs on one split with results of known quality, seeded through the real stores."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.contract import FitResult, Predictions
from integrations.core.data.dataset import Dataset, DatasetInfo, DatasetWriter, Recording
from integrations.core.data.splits import Split, split
from integrations.core.data.windows import WindowIndex, class_indices
from integrations.core.evaluation.evaluate import evaluate
from integrations.core.evaluation.store import save_result
from integrations.registry import family
from storage.artifacts import artifacts
from storage.database import write_session
from storage.entities import Status
from storage.models import EpochRow, Experiment, utc_now
from storage.settings import settings
from storage.stores.datasets import DatasetStore, ReadyFacts
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.runs import Finished, RunStore

WINDOW = 16
RATE_HZ = 12_000.0


@dataclass(frozen=True)
class Bearing:
    """The data set: as many test windows as its recordings give."""

    classes: tuple[str, ...] = ("ball", "inner race", "normal", "outer race")
    recordings_per_class: int = 60
    windows_per_recording: int = 4
    name: str = "Toy bearing"


@dataclass(frozen=True)
class Run:
    """One run: how often it is right, and with what settings it was made."""

    name: str
    accuracy: float
    seed: int = 0
    luck: int = 0
    split_seed: int = 0
    epochs: int = 12
    learning_rate: float = 1e-3
    study_id: int | None = None
    family: str = "cnn1d"
    tags: tuple[str, ...] = field(default=())
    train_share: float = 1.0


def toy_dataset(bearing: Bearing, key: str = "compared") -> int:
    """Write recordings of noise with loads and speeds, and give the data set's id."""
    folder = settings().datasets_folder / key
    rng = np.random.default_rng(1)
    samples = WINDOW * bearing.windows_per_recording
    with DatasetWriter(folder, name=bearing.name, channels=("drive end",), unit="g") as writer:
        for label in bearing.classes:
            for j in range(bearing.recordings_per_class):
                name = f"{label}-{j}.mat"
                fields: dict[str, str | float] = {"load": str(j % 4), "rpm": 1500.0 + 7 * j}
                writer.add(
                    rng.standard_normal((1, samples)),
                    Recording(name, label, name, 0, RATE_HZ, fields=fields),
                )
    info = Dataset(folder).info
    dataset = DatasetStore().create(bearing.name, source="upload")
    count = len(info.recordings)
    DatasetStore().set_ready(
        dataset.id,
        ReadyFacts(
            info.fingerprint, key, count, count, 1, info.n_samples_total, RATE_HZ,
            list(info.classes), 0, WINDOW,
        ),
    )  # fmt: skip
    return dataset.id


def seeded_run(dataset_id: int, run: Run) -> int:
    """Store a finished run and its files; gives its id."""
    folder = settings().datasets_folder / DatasetStore().get(dataset_id).folder
    info = Dataset(folder).info
    config = family(run.family).Config.model_validate(_settings(run))
    number = ExperimentStore().create(
        NewExperiment(
            run.name, run.family, dataset_id, config.model_dump(mode="json"),
            tags=run.tags, study_id=run.study_id, epochs_total=run.epochs,
        )
    ).id  # fmt: skip
    division = split(info, config.data)
    result = _fit(info, division, run)
    saved = save_result(
        settings().runs_folder / f"seeded-{number}", result, evaluate(result, division, info),
        family=run.family, config=config.model_dump(mode="json"), info=info,
    )  # fmt: skip
    _store(number, run, result, division, saved, info)
    return number


def _settings(run: Run) -> dict[str, Any]:
    data = {"window_samples": WINDOW, "overlap": 0.0, "test_fraction": 0.5, "seed": run.split_seed}
    data["train_share"] = run.train_share
    if run.family != "cnn1d":
        return {"data": data, "seed": run.seed}
    training = {"epochs": max(1, run.epochs), "learning_rate": run.learning_rate}
    return {"data": data, "seed": run.seed, "training": training}


def _store(
    number: int, run: Run, result: FitResult, division: Split, saved: Any, info: DatasetInfo
) -> None:
    runs = RunStore()
    lease = runs.claim_next("test", "test host", 60.0)
    assert lease is not None
    _write_epochs(number, result.history)
    stored = [artifacts().put(number, lease.token, p, p.name, "result") for p in saved]
    headline: dict[str, float] = {}
    for name, interval in evaluate(result, division, info).headline.items():
        headline |= {name: interval.value, f"{name}_low": interval.low,
                     f"{name}_high": interval.high}  # fmt: skip
    summary = division.summary
    runs.finish(
        lease,
        Finished(
            Status.COMPLETED, headline, summary.name, summary.digest, summary.leaky, 1234,
            3.5 * run.epochs, stored,
        ),
    )  # fmt: skip


def _write_epochs(number: int, history: list[dict[str, float]]) -> None:
    began = utc_now()
    with write_session() as session:
        row = session.get_one(Experiment, number)
        row.epochs_done = len(history)
        session.add_all(
            EpochRow(
                experiment_id=number,
                epoch=k,
                values=values,
                created_at=began + timedelta(seconds=k),
            )
            for k, values in enumerate(history, 1)
        )


def _fit(info: DatasetInfo, division: Split, run: Run) -> FitResult:
    rng = np.random.default_rng([run.seed, run.luck, 7])
    final = 1 - run.accuracy
    history = [
        {
            "train_loss": 1.4 * 0.97**k + 0.01 * float(rng.standard_normal()),
            "val_loss": final + 1.3 * 0.98**k + 0.02 * float(rng.standard_normal()),
            "train_accuracy": 1 - 0.7 * 0.97**k,
            "val_accuracy": run.accuracy - 0.6 * 0.98**k + 0.01 * float(rng.standard_normal()),
            "epoch_seconds": 0.5 + run.seed * 0.1,
        }
        for k in range(run.epochs)
    ]
    return FitResult(
        test=_predictions(info, division.test, run, rng),
        validation=_predictions(info, division.validation, run, rng),
        history=history,
        best_epoch=run.epochs,
        stopped=False,
        n_parameters=1234,
    )


def _predictions(
    info: DatasetInfo, index: WindowIndex, run: Run, rng: np.random.Generator
) -> Predictions:
    """Be right as often as asked; half of what decides is common to all runs, as with real ones."""
    truth = class_indices(info)[index.recording].astype(np.int64)
    common = np.random.default_rng(3).random(len(truth))
    hardness = np.where(rng.random(len(truth)) < 0.7, common, rng.random(len(truth)))
    said = np.where(hardness < run.accuracy, truth, (truth + 1) % len(info.classes))
    probability = _sure(said, len(info.classes), rng)
    return Predictions(index.recording, index.start, truth, probability)


def _sure(
    said: npt.NDArray[np.int64], n_classes: int, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    weight = rng.random((len(said), n_classes)) * 0.5
    weight[np.arange(len(said)), said] += 1.0
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
