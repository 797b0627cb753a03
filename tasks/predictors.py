"""Finished models of experiments, brought from the shared store and ready for new windows."""

from __future__ import annotations

from pathlib import Path

from integrations.core.contract import (
    CombiningFamily,
    PredictingFamily,
    Predictor,
    TrainingError,
)
from integrations.registry import UnknownFamilyError, family
from storage.artifacts import run_folder
from storage.entities import ExperimentEntity, NotFoundError, StorageError
from storage.stores.experiments import ExperimentStore

MODEL = "model.json"


class PredictorError(StorageError):
    """A model cannot be used; the text says why."""


def predictor_of(experiment: ExperimentEntity, device: str = "cpu") -> Predictor:
    """Load the finished model of an experiment, and those of its members.

    Raises:
        PredictorError: Its family cannot, it did not end, or files are missing or damaged.
        SharedFilesError: The store of shared files is away.
        OSError: The disk is full.
    """
    try:
        chosen = family(experiment.family)
    except UnknownFamilyError as error:
        raise PredictorError(str(error)) from error
    try:
        if isinstance(chosen, PredictingFamily):
            return chosen.load(model_folder(experiment), device)
        if isinstance(chosen, CombiningFamily):
            return _combined(experiment, chosen, device)
    except TrainingError as error:
        raise PredictorError(f"“{experiment.name}” cannot be used: {error}") from error
    raise PredictorError(f"Models of {chosen.title} cannot be used on new recordings.")


def model_folder(experiment: ExperimentEntity) -> Path:
    """Give the folder with an experiment's results and model files, brought here.

    Raises:
        PredictorError: It has no finished model.
        SharedFilesError: The store of shared files is away.
    """
    files = ExperimentStore().artifacts(experiment.id)
    folder = run_folder(files, MODEL, models=True)
    if folder is None:
        why = "its files were removed" if experiment.purged_at else f"it is {experiment.status}"
        raise PredictorError(f"“{experiment.name}” has no finished model: {why}.")
    return folder


def _combined(experiment: ExperimentEntity, chosen: CombiningFamily, device: str) -> Predictor:
    folder = model_folder(experiment)
    members = {}
    for number in chosen.members(folder):
        try:
            members[number] = predictor_of(ExperimentStore().get(number), device)
        except NotFoundError as error:
            raise PredictorError(
                f"“{experiment.name}” needs experiment {number}, which was deleted."
            ) from error
    return chosen.combine(folder, members)
