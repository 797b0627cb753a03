"""Creates experiments: preset and overrides become a checked configuration, then a pending row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.exc import IntegrityError

from integrations.core.config import FamilyConfig
from integrations.core.contract import Family, Problem, Severity
from integrations.core.data.dataset import DatasetError, DatasetInfo, read_info
from integrations.core.data.defaults import apply_suggestions
from integrations.core.data.split_checks import split_problems
from integrations.presets import load_preset
from integrations.registry import family
from storage.entities import (
    ConflictError,
    DatasetEntity,
    DatasetStatus,
    ExperimentEntity,
    NotFoundError,
)
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from tasks import disk
from tasks.dataset_files import manifest_folder
from tasks.earlier import SEVERAL, earlier_problems, joined_data, pickers, value_at
from tasks.forecast import forecast

KEYS = uuid.UUID("6f0f2f0e-3f5b-5c0b-9d55-6b1f5c1e7a10")
"""Name space of the task ids that are made from people's keys."""


class QueueError(Exception):
    """Work cannot be queued; the text is a sentence for the user."""


class RefusedError(QueueError):
    """The configuration does not suit the data set.

    Attributes:
        problems: Every reason, with the setting it belongs to.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class NewRun:
    """A run as somebody asks for it.

    Attributes:
        preset: Name of a preset; "" for the family's defaults.
        config: Nested settings that replace those of the preset.
        name: "" for a generated one.
        priority: 0 to 9; larger ones run first.
        time_limit_seconds: Longest training time; None for the installation's.
        parent_id: The experiment it is a clone of.
        study_id: The study it belongs to, None for none.
        key: Chosen by who asks; asking again with the same one gives the same experiment.
    """

    family: str
    dataset_id: int
    preset: str = ""
    config: Mapping[str, Any] | None = None
    name: str = ""
    tags: tuple[str, ...] = ()
    priority: int = 5
    parent_id: int | None = None
    study_id: int | None = None
    time_limit_seconds: int | None = None
    key: str = ""


def plan_config(request: NewRun) -> FamilyConfig:
    """Give the whole configuration a request stands for, without side effects.

    Raises:
        UnknownFamilyError: There is no such family.
        PresetError: There is no such preset.
        ValidationError: A setting is not allowed (pydantic's).
        NotFoundError: The data set does not exist.
        ConflictError: The data set is not imported yet.
    """
    dataset = _ready_dataset(request.dataset_id)
    return _config(family(request.family), request, dataset, _info(dataset))


def store_experiment(request: NewRun) -> ExperimentEntity:
    """Check a request and store its experiment as pending; ``tasks.queue`` rings the bell.

    Raises:
        RefusedError: The data cannot be divided as asked, or do not suit the family.
        QueueError: The disk is full, or the key was used for something else.
        Exception: As ``plan_config``.
    """
    if not request.key:
        return _store(request, "")
    task_id = str(uuid.uuid5(KEYS, request.key))
    try:
        return _same_as(request, task_id) or _store(request, task_id)
    except IntegrityError:
        # Asked twice at once: the database lets one through, both get it.
        found = _same_as(request, task_id)
        if found is None:
            raise QueueError("The experiment of this key was deleted. Use a new key.") from None
        return found


def _same_as(request: NewRun, task_id: str) -> ExperimentEntity | None:
    try:
        found = ExperimentStore().by_task(task_id)
    except NotFoundError:
        return None
    if (found.family, found.dataset_id) != (request.family, request.dataset_id):
        raise QueueError("This key was used for another experiment. Use a new key.")
    return found


def _store(request: NewRun, task_id: str) -> ExperimentEntity:
    return ExperimentStore().create(checked(request, task_id))


def checked(request: NewRun, task_id: str = "") -> NewExperiment:
    """Check a request and give the experiment it stands for, without storing it.

    Raises:
        Exception: As ``store_experiment``.
    """
    if reason := disk.refusal():
        raise QueueError(reason)
    chosen = family(request.family)
    dataset = _ready_dataset(request.dataset_id)
    info = _info(dataset)
    config = _config(chosen, request, dataset, info)
    problems = [
        *chosen.problems(info),
        *split_problems(info, config.data),
        *earlier_problems(chosen.name, config, info),
    ]
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        raise RefusedError(errors)
    expected = forecast(chosen.name, config, info)
    return NewExperiment(
        name=request.name.strip()[:200] or generated_name(chosen, dataset.name, request.preset),
        family=chosen.name,
        dataset_id=dataset.id,
        config=config.model_dump(mode="json"),
        preset=request.preset,
        tags=request.tags,
        priority=request.priority,
        parent_id=request.parent_id,
        study_id=request.study_id,
        epochs_total=expected.work.steps,
        work_units=expected.work.work_units,
        forecast=expected.kept,
        time_limit_seconds=request.time_limit_seconds,
        task_id=task_id,
    )


def copy_of(original: ExperimentEntity, **changes: Any) -> NewRun:
    """Ask for an experiment's run once more.

    Args:
        original: The experiment.
        changes: Members of ``NewRun`` that shall be other than the original's; None is no change.
    """
    request = NewRun(
        family=original.family,
        dataset_id=original.dataset_id,
        preset=original.preset,
        config=original.config,
        name=f"{original.name[:190]} (copy)",
        tags=tuple(original.tags),
        parent_id=original.id,
        time_limit_seconds=original.time_limit_seconds,
    )
    given = {key: value for key, value in changes.items() if value is not None}
    return replace(request, **given)


def generated_name(chosen: Family, dataset_name: str, preset: str) -> str:
    """Name a run after its model, data and preset."""
    parts = [chosen.title, dataset_name, preset.replace("_", " ")]
    return " · ".join(part for part in parts if part)[:200]


def _ready_dataset(dataset_id: int) -> DatasetEntity:
    dataset = DatasetStore().get(dataset_id)
    if dataset.status is not DatasetStatus.READY:
        raise ConflictError(f"“{dataset.name}” is not imported yet. Finish its import first.")
    return dataset


def _info(dataset: DatasetEntity) -> DatasetInfo:
    try:
        return read_info(manifest_folder(dataset.folder))
    except DatasetError as error:
        raise QueueError(str(error)) from error


def _config(
    chosen: Family, request: NewRun, dataset: DatasetEntity, info: DatasetInfo
) -> FamilyConfig:
    given: dict[str, Any] = {}
    if request.preset:
        given = load_preset(chosen.name, request.preset).config
    asked = request.config or {}
    given = _merged(given, asked)
    if "data" not in asked:
        ids = _members(chosen, given)
        given = _merged(given, {"data": joined_data(chosen.Config, info.fingerprint, ids)})
    if dataset.window_samples:
        view = {"window_samples": dataset.window_samples, "overlap": dataset.overlap}
        given = _merged({"data": view}, given)
    return apply_suggestions(chosen.Config.model_validate(given), info)


def _members(chosen: Family, given: Mapping[str, Any]) -> list[int]:
    """Give the members that were chosen of a family that joins runs."""
    config = chosen.Config.model_validate(given)
    named = [path for path, widget in pickers(chosen.Config).items() if widget == SEVERAL]
    return [number for path in named for number in value_at(config, path)]


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
