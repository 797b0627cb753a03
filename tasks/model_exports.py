"""Makes the exports of a finished model and keeps them with the run's files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from integrations.core.contract import Predictions, Predictor, TrainingError
from integrations.core.data.dataset import Dataset
from integrations.core.data.splits import Split, split
from integrations.core.evaluation.store import ResultError, load_evaluation, load_predictions
from integrations.registry import family
from storage.artifacts import artifacts, record
from storage.entities import ExperimentEntity, JobEntity, StorageError
from storage.settings import VERSION, settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from tasks.dataset_files import dataset_folder
from tasks.export_orders import (
    INT8,
    INT8_REPORT,
    ONNX,
    ONNX_REPORT,
    PACKAGE,
    TABLE,
    Export,
    why_not,
)
from tasks.predictions import wanted_rate
from tasks.predictors import model_folder, predictor_of

Say = Callable[[float, str], None]
PACKED = (
    "config.yaml", "model.json", "model.safetensors", "metrics.json", "predictions.csv",
    "history.json", "calibration.json",
)  # fmt: skip


class ModelExportError(StorageError):
    """A model cannot be exported; the text says why."""


def export_job(job: JobEntity, say: Say) -> dict[str, Any]:
    """Make one export.

    Raises:
        ModelExportError: It cannot be made.
    """
    try:
        what = Export(str(job.payload.get("what")))
    except ValueError as error:
        raise ModelExportError("This Signalbench knows no such export. Update it.") from error
    names = export(ExperimentStore().get(job.experiment_id or 0), what, say)
    return {"names": names}


def export(experiment: ExperimentEntity, what: Export, say: Say) -> list[str]:
    """Make one export and what it rests on; gives the names of the files kept.

    Raises:
        ModelExportError: It cannot be made.
        StorageError: The model cannot be loaded.
        OSError: The disk is full.
    """
    reason = why_not(experiment, what)
    if reason:
        raise ModelExportError(reason)
    settings().runs_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="report-", dir=settings().runs_folder) as folder:
        try:
            made = _MAKERS[what](_Run(experiment, Path(folder), say))
        except (TrainingError, ResultError) as error:
            raise ModelExportError(str(error)) from error
        return [_keep(experiment.id, path) for path in made]


class _Run:
    """One run and a folder to work in; opens what is asked for once."""

    def __init__(self, experiment: ExperimentEntity, folder: Path, say: Say) -> None:
        self.experiment = experiment
        self.folder = folder
        self.say = say
        self.model = model_folder(experiment)
        self._predictor: Predictor | None = None

    @property
    def predictor(self) -> Predictor:
        if self._predictor is None:
            self.say(0.05, "Loading the model")
            self._predictor = predictor_of(self.experiment)
        return self._predictor

    def data(self) -> Dataset:
        dataset = DatasetStore().get(self.experiment.dataset_id)
        return Dataset(dataset_folder(dataset.folder))

    def parts(self, data: Dataset) -> Split:
        config = family(self.experiment.family).Config.model_validate(self.experiment.config)
        return split(data.info, config.data)

    def stored(self, name: str) -> Path | None:
        """Give a file kept earlier, brought here."""
        rows = ExperimentStore().artifacts(self.experiment.id)
        row = next((row for row in rows if row.name == name), None)
        path = None if row is None else artifacts().path(row.path)
        return path if path is not None and path.is_file() else None

    def write(self, name: str, content: BaseModel) -> Path:
        path = self.folder / name
        path.write_text(content.model_dump_json(indent=1), encoding="utf-8")
        return path


def _onnx(run: _Run) -> list[Path]:
    from integrations.core.export.onnx_model import export_onnx

    data, path = run.data(), run.folder / ONNX
    predictor = _network(run)
    run.say(0.2, "Writing the graph and checking it on test windows")
    report = export_onnx(predictor, data, run.parts(data).test, path, run.model)
    return [path, run.write(ONNX_REPORT, report)]


def _int8(run: _Run) -> list[Path]:
    from integrations.core.export.quantised import quantise

    made = [] if run.stored(ONNX) and run.stored(ONNX_REPORT) else _onnx(run)
    whole = made[0] if made else run.stored(ONNX)
    assert whole is not None  # noqa: S101 - either stored or just made
    data, path = run.data(), run.folder / INT8
    run.say(0.6, "Quantising by training windows and testing")
    report = quantise(_network(run), data, run.parts(data), whole, path)
    return [*made, path, run.write(INT8_REPORT, report)]


def _tensorboard(run: _Run) -> list[Path]:
    from integrations.core.export.tensorboard_log import write_event_file

    run.say(0.2, "Writing the event file")
    rows = ExperimentStore().epochs(run.experiment.id)
    folder = run.folder / "events"
    folder.mkdir()
    figures = {
        name: value
        for name, value in run.experiment.metrics.items()
        if name != "best_epoch" and not name.startswith("validation_")
    }
    history = ((row.epoch, row.created_at.timestamp(), row.values) for row in rows)
    return [write_event_file(folder, history, figures, run.experiment.config)]


def _table(run: _Run) -> list[Path]:
    from integrations.core.export.tables import write_predictions

    run.say(0.2, "Writing the table")
    path = run.folder / TABLE
    write_predictions(path, _said(run), run.data().info)
    return [path]


def _package(run: _Run) -> list[Path]:
    from integrations.core.export.package import EXAMPLES, write_package

    reason = why_not(run.experiment, Export.ONNX)
    made = [] if reason or run.stored(ONNX) else _onnx(run)
    made += [] if run.stored(TABLE) else _table(run)
    files = {path.name: path for path in made}
    for name in (*PACKED, ONNX, ONNX_REPORT, INT8, INT8_REPORT, TABLE):
        kept = run.stored(name)
        if kept is not None and name not in files:
            files[name] = kept
    if ONNX in files:
        files[EXAMPLES] = _examples(run)
    run.say(0.9, "Packing")
    path = run.folder / PACKAGE
    write_package(path, files, _facts(run, reason))
    return [*made, path]


def _examples(run: _Run) -> Path:
    """Keep the first test windows as the graph reads them."""
    from integrations.core.export.package import EXAMPLE_WINDOWS, EXAMPLES

    data, predictor = run.data(), _network(run)
    test = run.parts(data).test
    some = test.take(np.arange(min(len(test), EXAMPLE_WINDOWS)))
    inputs = next(predictor.inputs(data, some))
    arrays = {
        name: part.cpu().numpy() for name, part in zip(predictor.input_names, inputs, strict=False)
    }
    path = run.folder / EXAMPLES
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    return path


def _facts(run: _Run, cannot: str) -> Any:
    from integrations.core.export.package import PackageFacts

    entity, predictor = run.experiment, run.predictor
    facts = {
        "signalbench": VERSION,
        "experiment": entity.id,
        "task_id": entity.task_id,
        "family": entity.family,
        "family_title": family(entity.family).title,
        "classes": list(predictor.classes),
        "channels": list(predictor.channels),
        "window_samples": predictor.window_samples,
        "sampling_rate_hz": wanted_rate(entity, predictor),
        "dataset": entity.dataset_name,
        "data_fingerprint": entity.dataset_fingerprint,
        "split": entity.split_name,
        "split_digest": entity.split_digest,
    }
    return PackageFacts(
        entity.name, facts, (cannot,) if cannot else (), _inputs(run), _figures(run)
    )


def _inputs(run: _Run) -> tuple[str, ...]:
    from integrations.core.export.report import OnnxReport

    path = run.folder / ONNX_REPORT
    kept = path if path.exists() else run.stored(ONNX_REPORT)
    if kept is None:
        return ()
    report = OnnxReport.model_validate_json(kept.read_bytes())
    tracked = bool(run.experiment.config.get("input", {}).get("order_tracking"))
    note = " Windows are resampled to equal steps of shaft angle first." if tracked else ""
    return tuple(f"`{one.name}` {list(one.shape)}: {one.about}.{note}" for one in report.inputs)


def _figures(run: _Run) -> tuple[str, ...]:
    evaluation = load_evaluation(run.model)
    accuracy = evaluation.headline["accuracy"]
    said = (
        f"Test accuracy {100 * accuracy.value:.1f} % ({100 * accuracy.low:.1f}–"
        f"{100 * accuracy.high:.1f}; {evaluation.interval_method}), on {evaluation.split.name}."
    )
    return (said, *evaluation.notes)


def _said(run: _Run) -> dict[str, Predictions]:
    try:
        return {part: load_predictions(run.model, part) for part in ("validation", "test")}
    except (OSError, KeyError, ValueError) as error:
        raise ModelExportError(
            "The predictions of this run are missing or damaged. Start the run again."
        ) from error


def _network(run: _Run) -> Any:
    from integrations.core.training.predictor import NetworkPredictor

    if not isinstance(run.predictor, NetworkPredictor):
        raise ModelExportError("Models of this family cannot be exported to ONNX.")
    return run.predictor


def _keep(experiment_id: int, path: Path) -> str:
    made = artifacts().put(experiment_id, 0, path, path.name, "export")
    record(experiment_id, made)
    return made.name


_MAKERS: dict[Export, Callable[[_Run], list[Path]]] = {
    Export.ONNX: _onnx,
    Export.INT8: _int8,
    Export.TENSORBOARD: _tensorboard,
    Export.TABLE: _table,
    Export.PACKAGE: _package,
}
