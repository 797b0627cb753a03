"""Presets of the families: named configurations in YAML files, with what they were measured at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from integrations.core.config import FamilyConfig

FOLDER = Path(__file__).resolve().parents[1] / "templates" / "presets"
ORDER = ("quick_test", "fast_iteration", "standard", "maximum_accuracy")


class PresetError(LookupError):
    """A preset does not exist or its file is damaged; the text says which exist."""


class Measured(BaseModel):
    """One real run of a preset.

    Attributes:
        accuracy: Of test windows, with its 95 % interval in ``low`` and ``high``.
        recordings: Test recordings the accuracy rests on.
        seconds: Processor time of fit and evaluation on one core, about the wall time when idle.
        machine: What it ran on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    split: str
    accuracy: float = Field(ge=0, le=1)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)
    recordings: int = Field(ge=1)
    seconds: float = Field(gt=0)
    machine: str


class Preset(BaseModel):
    """A named configuration; what it leaves out keeps the family's default or is suggested.

    Attributes:
        config: Only the settings that the preset decides, by section.
        measured: Real runs, the most telling one first; written by the families benchmark.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    summary: str
    config: dict[str, Any]
    measured: tuple[Measured, ...] = ()

    def apply(self, config_class: type[FamilyConfig]) -> FamilyConfig:
        """Make a config; give it to ``apply_suggestions`` with a data set to complete it."""
        return config_class.model_validate(self.config)


def presets(family: str) -> list[Preset]:
    """Give a family's presets, from quickest to most accurate, then others by name.

    Raises:
        PresetError: A file is damaged.
    """
    names = [path.stem for path in (FOLDER / family).glob("*.yaml")]
    ordered = [name for name in ORDER if name in names]
    return [load_preset(family, name) for name in (*ordered, *sorted(set(names) - set(ordered)))]


def load_preset(family: str, name: str) -> Preset:
    """Read one preset.

    Raises:
        PresetError: There is none of that name, or its file is damaged.
    """
    path = FOLDER / family / f"{name}.yaml"
    known = {found.stem: found for found in (FOLDER / family).glob("*.yaml")}
    if name not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise PresetError(f"{family} has no preset “{name}”. There are: {listed}.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Preset.model_validate({"name": name, **content})
    except (OSError, TypeError, yaml.YAMLError, ValidationError) as error:
        raise PresetError(f"The preset file {path.name} of {family} is damaged.") from error
