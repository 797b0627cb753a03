"""What there is to choose from: data sets, families, presets; and choosing one of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from dash_app.forms import FieldKind, all_fields, check, to_values
from dash_app.forms.values import nested
from dash_app.pages.experiment_new.draft import Draft
from integrations.core.config import FamilyConfig
from integrations.core.contract import Family, Problem, Severity
from integrations.core.data.dataset import DatasetError, DatasetInfo, read_info
from integrations.core.data.defaults import apply_suggestions
from integrations.presets import Measured, PresetError, presets
from integrations.registry import UnknownFamilyError, families, family
from storage.entities import DatasetEntity, ExperimentEntity, NotFoundError, StorageError
from storage.stores.datasets import DatasetStore
from storage.stores.experiment_queries import ExperimentQuery
from storage.stores.experiments import ExperimentStore, flatten
from storage.stores.finished_runs import FinishedRuns
from storage.stores.saved_configs import SavedConfigStore
from tasks.dataset_files import manifest_folder
from tasks.queue import joined_data

log = logging.getLogger("signalbench.web")
DEFAULT_PRESET = "standard"
SAVED = "saved-"


@dataclass(frozen=True)
class PresetChoice:
    """A named starting point; ``config`` is nested and may leave settings open."""

    key: str
    title: str
    summary: str
    config: dict[str, Any] = field(default_factory=dict)
    measured: tuple[Measured, ...] = ()
    saved: bool = False


def ready_datasets() -> list[DatasetEntity]:
    """Give the data sets that can be trained on, newest first."""
    return DatasetStore().all(ready_only=True)


def find_dataset(dataset_id: int | None) -> DatasetEntity | None:
    """Give a data set that still exists and is ready."""
    if dataset_id is None:
        return None
    try:
        found = DatasetStore().get(dataset_id)
    except NotFoundError:
        return None
    return found if found.status == "ready" else None


def info_of(entity: DatasetEntity) -> DatasetInfo | None:
    """Give all that is known of a data set's recordings; None when its folder is damaged."""
    try:
        return stored_info(entity.folder, entity.fingerprint)
    except DatasetError:
        return None


@lru_cache(maxsize=32)
def stored_info(folder: str, fingerprint: str) -> DatasetInfo:
    """Read a data set's manifest once per version.

    Raises:
        DatasetError: It cannot be read.
    """
    return read_info(manifest_folder(folder))


def find_family(name: str) -> Family | None:
    """Give a family by name, None when this installation has none of that name."""
    try:
        return family(name)
    except UnknownFamilyError:
        return None


def presets_of(name: str, dataset_id: int | None) -> list[PresetChoice]:
    """Give a family's shipped presets, then the user's own, newest first."""
    return [*_shipped(name), *_own(name, dataset_id)]


def find_preset(name: str, key: str, dataset_id: int | None) -> PresetChoice | None:
    """Give one preset by its key."""
    return next((p for p in presets_of(name, dataset_id) if p.key == key), None)


@lru_cache(maxsize=64)
def _shipped(name: str) -> tuple[PresetChoice, ...]:
    try:
        found = presets(name)
    except PresetError:
        log.exception("the presets of %s cannot be read", name)
        found = []
    choices = tuple(PresetChoice(p.name, p.title, p.summary, p.config, p.measured) for p in found)
    return choices or (PresetChoice(DEFAULT_PRESET, "Standard", "The family's own defaults."),)


def _own(name: str, dataset_id: int | None) -> list[PresetChoice]:
    kept = [s for s in SavedConfigStore().all(name) if s.dataset_id in (None, dataset_id)]
    return [
        PresetChoice(
            key=f"{SAVED}{item.id}",
            title=item.name,
            summary="Your preset" if item.dataset_id is None else "Saved for this data set",
            config=item.config,
            saved=True,
        )
        for item in kept
    ]


def preset_values(
    chosen: Family, preset: PresetChoice | None, info: DatasetInfo | None
) -> dict[str, Any]:
    """Give a preset's form values, with what it leaves open suggested for the data."""
    return to_values(preset_config(chosen, preset, info))


def preset_config(
    chosen: Family, preset: PresetChoice | None, info: DatasetInfo | None
) -> FamilyConfig:
    """Give a preset as a config, with what it leaves open suggested for the data."""
    given = dict(preset.config) if preset else {}
    # A family that joins runs divides the data as they did, whatever the preset says.
    if info is not None and not (preset and preset.saved):
        joined = joined_data(chosen.Config, info.fingerprint)
        given["data"] = {**given.get("data", {}), **joined}
    try:
        config = chosen.Config.model_validate(given)
    except ValidationError:
        # A saved preset of an older version; the form shows the defaults instead.
        config = chosen.Config()
    return apply_suggestions(config, info) if info is not None and info.recordings else config


def family_problems(chosen: Family, info: DatasetInfo) -> tuple[list[str], list[str]]:
    """Give what speaks against a family on a data set: errors, warnings."""
    problems: list[Problem] = chosen.problems(info)
    errors = [p.message for p in problems if p.severity is Severity.ERROR]
    return errors, [p.message for p in problems if p.severity is not Severity.ERROR]


def fresh_draft(dataset_id: int | None = None, family_name: str = "") -> Draft:
    """Begin: the asked or most sensible data set, a family that suits it, its default preset."""
    latest = _latest_run()
    entity = find_dataset(dataset_id) or _sensible_dataset(latest)
    draft = Draft(family=_sensible_family(family_name, latest, entity))
    return choose_dataset(draft, entity.id if entity else None)


def choose_dataset(draft: Draft, dataset_id: int | None) -> Draft:
    """Change the data; settings that were suggested for the former are suggested anew."""
    if draft.original:
        return _rebase(draft, dataset_id)
    bare = draft.changed(dataset_id=dataset_id, values={})
    return choose_preset(bare, draft.preset or DEFAULT_PRESET)


def choose_family(draft: Draft, name: str) -> Draft:
    """Change the family; its default preset is taken."""
    return choose_preset(draft.changed(family=name, original={}, values={}), DEFAULT_PRESET)


def choose_preset(draft: Draft, key: str) -> Draft:
    """Take over all values of a preset; members that were chosen stay, and the split with them."""
    chosen = find_family(draft.family)
    if chosen is None:
        return draft.changed(preset="", values={})
    entity = find_dataset(draft.dataset_id)
    info = info_of(entity) if entity else None
    preset = find_preset(draft.family, key, draft.dataset_id)
    values = preset_values(chosen, preset, info) | _chosen_members(chosen, draft.values)
    return draft.changed(preset=preset.key if preset else "", values=values)


def join_runs(ids: Sequence[int]) -> Draft | None:
    """Begin an experiment that joins finished runs, on their data, windows and split.

    Returns:
        None when no family joins runs, or none of these has finished.
    """
    chosen = next((item for item in families().values() if member_paths(item)), None)
    runs = FinishedRuns().with_ids(ids)
    entity = find_dataset(runs[0].dataset_id) if runs else None
    if chosen is None or entity is None:
        return None
    draft = choose_preset(Draft(dataset_id=entity.id, family=chosen.name), DEFAULT_PRESET)
    data = joined_data(chosen.Config, entity.fingerprint, ids)
    members: dict[str, Any] = {path: [str(n) for n in ids] for path in member_paths(chosen)}
    given = nested(draft.values | members) | {"data": data}
    read = check(chosen.Config, dict(flatten(given)))
    values = to_values(read.config) if read.config else draft.values | members
    return draft.changed(values=values)


def member_paths(chosen: Family) -> list[str]:
    """Give the settings of a family that name the runs it joins."""
    fields = all_fields(chosen.Config)
    return [path for path, spec in fields.items() if spec.kind is FieldKind.EXPERIMENTS]


def _chosen_members(chosen: Family, values: dict[str, Any]) -> dict[str, Any]:
    paths = [path for path in member_paths(chosen) if values.get(path)]
    if not paths:
        return {}
    return {p: raw for p, raw in values.items() if p in paths or p.startswith("data.")}


def _rebase(draft: Draft, dataset_id: int | None) -> Draft:
    """Keep a clone's settings on other data, except for what depends on the data."""
    chosen, entity = find_family(draft.family), find_dataset(dataset_id)
    info = info_of(entity) if entity else None
    if chosen is None or info is None:
        return draft.changed(dataset_id=dataset_id)
    suggested = preset_values(chosen, None, info)
    data = {path: value for path, value in suggested.items() if path.startswith("data.")}
    return draft.changed(dataset_id=dataset_id, values=draft.values | data)


def clone_draft(run: ExperimentEntity) -> Draft:
    """Begin with an earlier run's settings; ones this version no longer knows are left out."""
    chosen = find_family(run.family)
    if chosen is None:
        return fresh_draft(run.dataset_id)
    given = dict(flatten(run.config))
    read = check(chosen.Config, given)
    values = to_values(read.config) if read.config else to_values(chosen.Config()) | given
    entity = find_dataset(run.dataset_id)
    return Draft(
        dataset_id=entity.id if entity else None,
        family=run.family,
        preset=run.preset,
        values=values,
        name=f"{run.name} (copy)"[:200],
        expert=True,
        parent_id=run.id,
        parent_name=run.name,
        time_limit=round(run.time_limit_seconds / 3600, 2) if run.time_limit_seconds else "",
        original=values,
    )


def _latest_run() -> ExperimentEntity | None:
    items = ExperimentStore().page(ExperimentQuery(limit=1)).items
    return items[0] if items else None


def _sensible_dataset(latest: ExperimentEntity | None) -> DatasetEntity | None:
    """The one used last, else the newest upload, else the first built-in set."""
    used = find_dataset(latest.dataset_id) if latest else None
    ready = ready_datasets()
    uploads = [entity for entity in ready if entity.builtin_key is None]
    return used or next(iter(uploads), None) or (ready[-1] if ready else None)


def _sensible_family(
    asked: str, latest: ExperimentEntity | None, entity: DatasetEntity | None
) -> str:
    known = families()
    info = info_of(entity) if entity else None
    suitable = [
        name for name, item in known.items() if info is None or not family_problems(item, info)[0]
    ]
    wished = [asked, latest.family if latest else "", *suitable, *known]
    return next((name for name in wished if name in known), "")


def best_run(name: str, dataset_id: int) -> ExperimentEntity | None:
    """Give the user's best finished run of a family on a data set, on a split without leaks."""
    query = ExperimentQuery(
        families=(name,), dataset_ids=(dataset_id,), sort=(("macro_f1", True),), limit=20
    )
    try:
        runs = ExperimentStore().page(query).items
    except StorageError:
        return None
    return next((run for run in runs if run.accuracy is not None and not run.leaky), None)
