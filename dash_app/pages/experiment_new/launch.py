"""Turns a draft into a stored experiment, a saved configuration or a preset."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from dash_app.pages.experiment_new.assess import Assessment, assess
from dash_app.pages.experiment_new.choices import SAVED
from dash_app.pages.experiment_new.draft import Draft
from integrations.presets import PresetError
from integrations.registry import UnknownFamilyError
from storage.entities import ConflictError, ExperimentEntity, SavedConfigEntity, StorageError
from storage.stores.saved_configs import SavedConfigStore
from tasks.queue import NewRun, QueueError, create_experiment, create_repeats


@dataclass(frozen=True)
class NotStartedError(Exception):
    """The experiment was not created; the text says why and what to do."""

    message: str

    def __str__(self) -> str:
        return self.message


def launch(draft: Draft) -> ExperimentEntity:
    """Create the experiment, or its repeats, and wake a worker.

    Returns:
        The experiment; the first one of repeats, which carries their study.

    Raises:
        NotStartedError: Something must be mended first.
    """
    assessment = assess(draft)
    if not assessment.can_start or assessment.config is None or assessment.entity is None:
        raise NotStartedError(" ".join(notice.message for notice in assessment.errors))
    request = NewRun(
        family=draft.family,
        dataset_id=assessment.entity.id,
        preset="" if draft.preset.startswith(SAVED) else draft.preset,
        config=assessment.config.model_dump(mode="json"),
        name=assessment.name,
        parent_id=draft.parent_id,
        priority=draft.priority,
        time_limit_seconds=draft.time_limit_seconds,
    )
    try:
        if draft.repeats > 1:
            return create_repeats(request, draft.repeats, vary_split=draft.vary_split).made[0]
        return create_experiment(request)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
        raise NotStartedError(f"Some settings are not valid: {fields}.") from error
    except (StorageError, QueueError, PresetError, UnknownFamilyError) as error:
        raise NotStartedError(str(error)) from error


def save_config(draft: Draft) -> SavedConfigEntity:
    """Keep the draft for its data set, under its name.

    Raises:
        NotStartedError: It is not valid, or the name is taken.
    """
    assessment = assess(draft)
    return _save(assessment, assessment.name, draft.dataset_id)


def save_preset(draft: Draft, name: str) -> SavedConfigEntity:
    """Keep the draft's settings as a preset of its family.

    Raises:
        NotStartedError: It is not valid, or the name is empty or taken.
    """
    if not name.strip():
        raise NotStartedError("Enter a name for the preset.")
    return _save(assess(draft), name.strip()[:200], None)


def _save(assessment: Assessment, name: str, dataset_id: int | None) -> SavedConfigEntity:
    if assessment.config is None:
        raise NotStartedError("Mend the settings first; what is not valid is not kept.")
    config = assessment.config.model_dump(mode="json")
    try:
        return SavedConfigStore().save(name, assessment.draft.family, config, dataset_id)
    except ConflictError as error:
        raise NotStartedError(str(error)) from error
