"""Predicts new recordings with a finished model: read in the sandbox, checked, asked, voted."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from integrations.core.contract import Predictor, TrainingError
from integrations.core.data.dataset import (
    Dataset,
    DatasetError,
    common_rate,
    read_info,
    write_info,
)
from integrations.core.data.options import ImportOptions
from integrations.core.evaluation.store import ResultError
from integrations.core.files import write_atomically
from integrations.core.prediction.fitting import (
    ChosenChannels,
    FitError,
    match_channels,
    rate_question,
)
from integrations.core.prediction.options import PredictionOptions
from integrations.core.prediction.outcome import (
    LeftOut,
    PredictionOutcome,
    recordings_csv,
    windows_csv,
)
from integrations.core.prediction.predict import predict_recordings
from integrations.core.signal.machine import shaft_hz
from integrations.registry import family
from storage.entities import ExperimentEntity, JobEntity, NotFoundError, StorageError
from storage.shared_files import shared_files
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from tasks.calibrations import stored_calibration
from tasks.dataset_files import manifest_folder
from tasks.imports import ImportFailed, run_import, run_inspect
from tasks.outlier_meters import meter_of
from tasks.prediction_orders import (
    OUTCOME,
    RECORDINGS,
    SAMPLES,
    UPLOAD,
    WINDOWS,
    place,
    predictions_folder,
)
from tasks.predictors import MODEL, model_folder, predictor_of

Say = Callable[[float, str], None]
NO_METER = (
    "Whether these recordings are like the training data cannot be told: that data set is no "
    "longer here."
)
NO_RATE = "The model's data had no sampling rate, so the rate of these recordings was not checked."


class PredictionError(StorageError):
    """New recordings cannot be predicted; the text says why and what to do."""


def predict_job(job: JobEntity, say: Say) -> dict[str, Any]:
    """Do a prediction that was ordered; the recordings are removed when it is over.

    Raises:
        PredictionError: They do not fit, or cannot be read.
    """
    folder = shared_files().ensure(place(str(job.payload.get("key", ""))))
    options = PredictionOptions.model_validate(job.payload.get("options", {}))
    experiment = ExperimentStore().get(job.experiment_id or 0)
    outcome = None
    try:
        outcome = predict_folder(experiment, folder, options, say)
        write_outcome(folder, outcome)
    finally:
        for name in (UPLOAD, SAMPLES):
            shutil.rmtree(folder / name, ignore_errors=True)
        if outcome is None:
            shutil.rmtree(folder, ignore_errors=True)
            shared_files().forget(folder)
    shared_files().publish(folder)
    return {"recordings": len(outcome.recordings), "left_out": len(outcome.left_out)}


def predict_folder(
    experiment: ExperimentEntity, folder: Path, options: PredictionOptions, say: Say
) -> PredictionOutcome:
    """Predict the files of ``folder/upload`` or the data set in ``folder/samples``.

    Raises:
        PredictionError: They do not fit, or cannot be read.
        StorageError: The model cannot be loaded.
    """
    say(0.0, "Loading the model")
    predictor = predictor_of(experiment)
    try:
        wanted_hz = wanted_rate(experiment, predictor)
        if (folder / UPLOAD).is_dir():
            shutil.rmtree(folder / SAMPLES, ignore_errors=True)  # of an attempt that died
            notes, left_out = _read(folder, predictor, wanted_hz, options, say)
        else:
            notes, left_out = _check_samples(folder / SAMPLES, predictor, wanted_hz, options)
        _tell_machine(folder / SAMPLES, experiment, options)
        return _predicted(experiment, predictor, Dataset(folder / SAMPLES), notes, left_out, say)
    except (ImportFailed, TrainingError, DatasetError, ResultError) as error:
        raise PredictionError(str(error)) from error


def predict_files(
    experiment: ExperimentEntity, files: list[Path], options: PredictionOptions, say: Say
) -> PredictionOutcome:
    """Predict files where they lie, for the command line; nothing is left behind.

    Raises:
        PredictionError: They do not fit, or cannot be read.
        StorageError: The model cannot be loaded.
        OSError: A file cannot be read or the disk is full.
    """
    predictions_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=predictions_folder()) as name:
        upload = Path(name) / UPLOAD
        upload.mkdir()
        for number, file in enumerate(files):
            target = upload / file.name
            if target.exists():
                target = upload / f"{file.stem} ({number}){file.suffix}"
            shutil.copyfile(file, target)
        return predict_folder(experiment, Path(name), options, say)


def write_outcome(folder: Path, outcome: PredictionOutcome) -> None:
    """Write the result as JSON and as two tables.

    Raises:
        OSError: The disk is full.
    """
    contents = {
        OUTCOME: outcome.model_dump_json().encode(),
        RECORDINGS: recordings_csv(outcome),
        WINDOWS: windows_csv(outcome),
    }
    for name, content in contents.items():
        write_atomically(folder / name, lambda file, content=content: file.write(content))  # type: ignore[misc]


def _predicted(
    experiment: ExperimentEntity,
    predictor: Predictor,
    data: Dataset,
    notes: list[str],
    left_out: list[LeftOut],
    say: Say,
) -> PredictionOutcome:
    config = family(experiment.family).Config.model_validate(experiment.config)
    say(0.4, "Looking up what the training data were like")
    meter = meter_of(experiment, predictor)
    calibration = stored_calibration(experiment.id)
    temperature = 1.0 if calibration is None else calibration.temperature
    said, short = predict_recordings(
        predictor, data, config.data, temperature, meter,
        lambda fraction, name: say(0.5 + 0.5 * fraction, f"Predicting {name}"),
    )  # fmt: skip
    if not said:
        raise PredictionError(f"Nothing could be predicted. {short[0].name}: {short[0].sentence}")
    if meter is None:
        notes.append(NO_METER)
    if wanted_rate(experiment, predictor) is None:
        notes.append(NO_RATE)
    return PredictionOutcome(
        experiment_id=experiment.id,
        experiment_name=experiment.name,
        family=experiment.family,
        classes=predictor.classes,
        window_samples=predictor.window_samples,
        sampling_rate_hz=wanted_rate(experiment, predictor),
        temperature=temperature,
        recordings=tuple(said),
        left_out=(*left_out, *short),
        notes=tuple(notes),
    )


def wanted_rate(experiment: ExperimentEntity, predictor: Predictor) -> float | None:
    """Give the model's sampling rate; models of before 0.4 did not keep it, their data set does."""
    if predictor.sampling_rate_hz is not None:
        return predictor.sampling_rate_hz
    try:
        dataset = DatasetStore().get(experiment.dataset_id)
        return common_rate(read_info(manifest_folder(dataset.folder)))
    except (DatasetError, NotFoundError):
        return None


def _read(
    folder: Path,
    predictor: Predictor,
    wanted_hz: float | None,
    options: PredictionOptions,
    say: Say,
) -> tuple[list[str], list[LeftOut]]:
    """Read the files through the limited child into a data set beside them."""
    upload = folder / UPLOAD
    base = ImportOptions(
        label_source="single",
        group_source="file",
        nan_policy="interpolate" if options.interpolate else "refuse",
        sampling_rate_hz=options.sampling_rate_hz,
    )
    seen = run_inspect(upload, base, lambda f, name: say(0.1 * f, f"Reading {name}"))
    readable = [file for file in seen.files if file.status == "ok"]
    if not readable:
        reasons = [f"{file.shown}: {file.sentence}" for file in seen.files if file.sentence]
        raise FitError(f"No file could be read. {reasons[0] if reasons else ''}".strip())
    offered = [c.name for c in seen.channels if c.chosen or c.n_files == len(readable)]
    chosen: ChosenChannels = match_channels(predictor.channels, offered, options)
    rates = [recording.sampling_rate_hz for recording in seen.recordings]
    question = rate_question(wanted_hz, rates, options)
    if question:
        raise FitError(question)
    plan = base.model_copy(
        update={
            "channels": chosen.names,
            "target_sampling_rate_hz": wanted_hz if options.resample else None,
        }
    )
    done = run_import(
        upload, plan, folder / SAMPLES, lambda f, name: say(0.1 + 0.3 * f, f"Reading {name}")
    )
    left_out = [LeftOut(name=each.name, sentence=each.sentence) for each in done.skipped]
    return [chosen.note] if chosen.note else [], left_out


def _check_samples(
    folder: Path, predictor: Predictor, wanted_hz: float | None, options: PredictionOptions
) -> tuple[list[str], list[LeftOut]]:
    """Check recordings that were sent as numbers; they are never resampled."""
    info = read_info(folder)
    chosen = match_channels(predictor.channels, info.channels, options)
    rates = [recording.sampling_rate_hz for recording in info.recordings]
    question = rate_question(wanted_hz, rates, options.model_copy(update={"resample": False}))
    if question:
        raise FitError(question)
    if tuple(chosen.names) != info.channels:
        raise FitError(f"Send the channels in the model's order: {', '.join(predictor.channels)}.")
    return [chosen.note] if chosen.note else [], []


def _tell_machine(folder: Path, experiment: ExperimentEntity, options: PredictionOptions) -> None:
    """Note the model's machine and the given speed on the recordings, for models that ask."""
    info = read_info(folder)
    recordings = tuple(
        replace(each, fields={**each.fields, "rpm": options.rpm})
        if options.rpm and shaft_hz(each) is None
        else each
        for each in info.recordings
    )
    write_info(folder, replace(info, recordings=recordings, properties=_properties(experiment)))


def _properties(experiment: ExperimentEntity) -> dict[str, Any]:
    try:
        dataset = DatasetStore().get(experiment.dataset_id)
        return read_info(manifest_folder(dataset.folder)).properties
    except (DatasetError, NotFoundError):
        pass
    try:
        card = json.loads((model_folder(experiment) / MODEL).read_text(encoding="utf-8"))
        return dict(card.get("properties", {}))
    except (OSError, ValueError):
        return {}
