"""Everything that can be said about a draft: is it valid, how is it split, what will it cost."""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml
from pydantic import BaseModel

from dash_app.forms import all_fields, check
from dash_app.forms.values import same
from dash_app.pages.experiment_new.choices import (
    PresetChoice,
    family_problems,
    find_dataset,
    find_family,
    find_preset,
    info_of,
    preset_values,
)
from dash_app.pages.experiment_new.division import division_of
from dash_app.pages.experiment_new.draft import Draft
from dash_app.pages.experiment_new.machine import Machine, about_machine, training_machine
from dash_app.pages.experiment_new.notices import MODEL_STEP, Notice
from integrations.core.config import FamilyConfig
from integrations.core.contract import Family, Problem, Severity
from integrations.core.data.dataset import DatasetInfo
from integrations.core.evaluation.evaluation import SplitSummary
from storage.entities import DatasetEntity
from tasks.queue import Forecast, earlier_problems, forecast


@dataclass(frozen=True)
class Assessment:
    """A draft, looked at from all sides."""

    draft: Draft
    entity: DatasetEntity | None = None
    info: DatasetInfo | None = None
    family: Family | None = None
    preset: PresetChoice | None = None
    config: FamilyConfig | None = None
    split: SplitSummary | None = None
    forecast: Forecast | None = None
    machine: Machine | None = None
    notices: tuple[Notice, ...] = ()
    preset_changes: int = 0
    field_errors: dict[str, str] = field(default_factory=dict)

    @property
    def errors(self) -> list[Notice]:
        """What forbids the start."""
        return [notice for notice in self.notices if notice.level == "error"]

    @property
    def can_start(self) -> bool:
        """True when the draft is a complete, valid experiment."""
        return self.config is not None and self.entity is not None and not self.errors

    def faults(self, step: int) -> int:
        """Count what must be mended on a step."""
        return sum(notice.step == step for notice in self.errors)

    @property
    def name(self) -> str:
        """The name the run will get."""
        return self.draft.name.strip() or self.generated_name

    @property
    def generated_name(self) -> str:
        """A name made from family, data and preset."""
        parts = [
            self.family.title if self.family else "",
            self.entity.name if self.entity else "",
            self.preset.title.lower() if self.preset and not self.preset_changes else "custom",
        ]
        return " · ".join(part for part in parts if part)[:200]


def assess(draft: Draft) -> Assessment:
    """Look at a draft; never raises for what a user can choose."""
    entity = find_dataset(draft.dataset_id)
    family = find_family(draft.family)
    info = info_of(entity) if entity else None
    if entity is None or family is None or info is None:
        return Assessment(
            draft, entity, info, family, notices=(_what_is_missing(draft, entity, family),)
        )
    checked = check(family.Config, draft.values)
    preset = find_preset(draft.family, draft.preset, draft.dataset_id)
    notices = [
        *_about_family(family, info),
        *(Notice("error", text, path) for path, text in checked.errors.items()),
    ]
    split, cost, machine = None, None, training_machine()
    problems, split = division_of(draft, entity)
    notices += [Notice(_level(p), p.message, p.field) for p in problems]
    if checked.config is not None:
        digest = split.digest if split else ""
        earlier = earlier_problems(family.name, checked.config, info, digest)
        notices += [Notice(_level(p), p.message, p.field) for p in earlier]
        cost = forecast(family.name, checked.config, info, host=machine.host)
        machine = machine.for_work(cost.work)
        notices += about_machine(cost, machine)
    known = all_fields(family.Config)
    return Assessment(
        draft, entity, info, family, preset, checked.config, split, cost, machine, tuple(notices),
        _changes(draft, family, preset, info),
        {n.field: n.message for n in reversed(notices) if n.level == "error" and n.field in known},
    )  # fmt: skip


def as_yaml(config: BaseModel) -> str:
    """Write a config the way it is stored with the run."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _what_is_missing(draft: Draft, entity: DatasetEntity | None, family: Family | None) -> Notice:
    if entity is None:
        gone = "The chosen data set does not exist any more. " if draft.dataset_id else ""
        return Notice("error", f"{gone}Choose a data set.", step=MODEL_STEP)
    if family is None:
        return Notice("error", "Choose a model.", step=MODEL_STEP)
    text = f"The files of “{entity.name}” cannot be read. Import it again or choose another one."
    return Notice("error", text, step=MODEL_STEP)


def _about_family(family: Family, info: DatasetInfo) -> list[Notice]:
    errors, warnings = family_problems(family, info)
    return [Notice("error", text, step=MODEL_STEP) for text in errors] + [
        Notice("warning", text, step=MODEL_STEP) for text in warnings
    ]


def _level(problem: Problem) -> str:
    return "error" if problem.severity is Severity.ERROR else "warning"


def _changes(draft: Draft, family: Family, preset: PresetChoice | None, info: DatasetInfo) -> int:
    if preset is None:
        return 0
    begun = preset_values(family, preset, info)
    return sum(not same(value, draft.values.get(path)) for path, value in begun.items())


def differences(assessment: Assessment) -> list[tuple[str, str, str]]:
    """List what a clone changes: setting, former value, new value, in words."""
    draft, family = assessment.draft, assessment.family
    if family is None or not draft.original:
        return []
    return [
        (spec.title, _words(draft.original.get(path)), _words(draft.values.get(path)))
        for path, spec in all_fields(family.Config).items()
        if not same(draft.original.get(path), draft.values.get(path))
    ]


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return "empty" if value in ("", None) else str(value)
