"""What a report is made of: plain values, no database, no layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel

from integrations.core.compare.verdict import Judgement
from integrations.core.config import FamilyConfig
from integrations.core.contract import StoredResult
from integrations.core.evaluation.calibration import Calibration
from integrations.core.evaluation.evaluation import Evaluation
from integrations.core.evaluation.measures import Measures
from integrations.core.figures.chart import Chart
from tasks.report_options import ReportOptions


@dataclass(frozen=True)
class Setting:
    """One setting of the run as a person reads it.

    Attributes:
        section: Heading of the section it stands in, e.g. "Training"; "General" for the top level.
        path: Dotted config path, e.g. "training.learning_rate".
        changed: It differs from the family's default.
        active: It has an effect beside the other settings.
    """

    section: str
    path: str
    title: str
    value: Any
    unit: str
    changed: bool
    active: bool


@dataclass(frozen=True)
class ShownWindow:
    """One test window and what the decision on it rests on.

    Attributes:
        title: What it is and what it was taken for.
        charts: Its wave, occlusion and envelope spectra, in pairs.
    """

    title: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class Example:
    """What one class looks like: a wave and a spectrum, and whose they are."""

    caption: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class Failure:
    """One test window that was named wrongly.

    Attributes:
        title: What it is, what it was taken for, and where it lies.
        facts: Measured facts about it, a sentence each.
        caption: Says what the charts show.
        charts: Its wave and the spectrum with the lines of either class.
    """

    title: str
    facts: tuple[str, ...]
    caption: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class Gallery:
    """The test windows that the model got wrong most surely.

    Attributes:
        common: What they have in common, where that was analysed; sentences.
        wrong: How many test windows were named wrongly.
    """

    failures: tuple[Failure, ...] = ()
    common: tuple[str, ...] = ()
    wrong: int = 0


@dataclass(frozen=True)
class Part:
    """How many recordings with one value of a metadata field each part holds."""

    value: str
    train: int
    validation: int
    test: int


@dataclass(frozen=True)
class Condition:
    """One metadata field over the parts of the split."""

    field: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Rival:
    """Another run that this one is compared with on the same test recordings.

    Attributes:
        role: Why it is the one, e.g. "best other run on the same data and split".
        differing: Settings that differ: title, here, there.
        curves: Validation curves of both, laid over one another.
    """

    id: int
    name: str
    role: str
    family_title: str
    evaluation: Evaluation
    judgement: Judgement
    seconds: float
    n_parameters: int
    differing: tuple[tuple[str, ...], ...] = ()
    curves: tuple[Chart, ...] = ()


@dataclass(frozen=True)
class Advice:
    """One recommendation: what to do, and the numbers it follows from."""

    title: str
    evidence: str
    warning: bool = False


@dataclass(frozen=True)
class ReportContent:
    """Everything a report says about one run.

    Attributes:
        made_at: The only thing in which two reports of one run differ.
        step_name: "Epoch" or "Fold": what the history counts.
        common: Charts that every run has, by key.
        panels: The family's own charts.
        versions: Software of the run, by name.
        machine: Facts about the host, by name.
        command: Repeats the run on another bench.
        config_yaml: The whole configuration.
        options: What a person chose for this report.
        windows: Telling test windows with what the model looked at.
        examples: A wave and a spectrum of each class.
        conditions: How the metadata fields are spread over the parts of the split.
        measures: Classes, areas, calibration and slices with intervals; None where unknown.
        temperature: What was learnt to mend overconfidence; None where nobody asked for it.
        forecast: What it was expected to take against what it took, a sentence; "" unknown.
    """

    experiment_id: int
    name: str
    status: str
    note: str
    tags: tuple[str, ...]
    made_at: datetime
    finished_at: datetime | None
    seconds: float
    family: str
    family_title: str
    family_summary: str
    preset: str
    result: StoredResult
    evaluation: Evaluation
    best_epoch: int
    step_name: str
    n_parameters: int
    settings: tuple[Setting, ...]
    common: dict[str, Chart]
    panels: tuple[Chart, ...]
    versions: dict[str, str]
    machine: dict[str, str]
    command: str
    config_yaml: str
    options: ReportOptions = field(default_factory=ReportOptions)
    panel_problem: str = ""
    windows: tuple[ShownWindow, ...] = ()
    examples: tuple[Example, ...] = ()
    conditions: tuple[Condition, ...] = ()
    gallery: Gallery = Gallery()
    measures: Measures | None = None
    temperature: Calibration | None = None
    rivals: tuple[Rival, ...] = ()
    advice: tuple[Advice, ...] = ()
    forecast: str = ""

    @property
    def title(self) -> str:
        """What the cover says: the chosen title, else the experiment's name."""
        return self.options.title or self.name


def settings_of(config: FamilyConfig) -> tuple[Setting, ...]:
    """List the settings of a configuration, section by section, in the order of its form."""
    default = type(config)()
    general = list(_section(config, default, "", "General"))
    sections = [
        setting
        for name, info in type(config).model_fields.items()
        if isinstance(getattr(config, name), BaseModel)
        for setting in _section(
            getattr(config, name), getattr(default, name), f"{name}.", info.title or name
        )
    ]
    return (*sections, *general)


def _section(values: BaseModel, default: BaseModel, prefix: str, heading: str) -> list[Setting]:
    plain = values.model_dump(mode="json")
    usual = default.model_dump(mode="json")
    settings = []
    for name, info in type(values).model_fields.items():
        if isinstance(getattr(values, name), BaseModel):
            continue
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        settings.append(
            Setting(
                section=heading,
                path=f"{prefix}{name}",
                title=info.title or name.replace("_", " "),
                value=_in_words(getattr(values, name), plain[name]),
                unit=str(extra.get("unit") or ""),
                changed=plain[name] != usual.get(name),
                active=_has_effect(extra.get("show_if"), plain),
            )
        )
    return settings


def _in_words(value: Any, plain: Any) -> Any:
    return plain.replace("_", " ") if isinstance(value, Enum) and isinstance(plain, str) else plain


def _has_effect(condition: Any, values: dict[str, Any]) -> bool:
    return all(values.get(name) in allowed for name, allowed in (condition or {}).items())
