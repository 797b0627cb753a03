"""What a person decides about an import; the same model validates the API and the screen."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from integrations.core.data.readers.base import ReadLimits, ReadSettings

LabelSource = Literal["auto", "folder", "pattern", "column", "single"]
GroupSource = Literal["auto", "file", "folder", "pattern", "column"]
NanPolicy = Literal["refuse", "drop", "interpolate"]


class RateRule(BaseModel):
    """A sampling rate for the files whose name fits."""

    model_config = ConfigDict(extra="forbid")

    match: str = Field(
        max_length=255, description="File names this holds for; * stands for anything."
    )
    sampling_rate_hz: float = Field(gt=0, le=1e9, allow_inf_nan=False)


class DerivedField(BaseModel):
    """A field made from another one, e.g. the load in hp from the speed."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=60)
    source: str = Field(min_length=1, max_length=60, description="The field it is made from.")
    values: dict[str, str | float] = Field(max_length=1000)


class ImportOptions(BaseModel):
    """How to understand the files of one upload; every value has a default that finds out itself.

    ``pattern`` names the parts of a file name: ``{rpm}_{fault}[_{size}_DE12]``; square brackets
    hold parts that may be missing, ``*`` stands for anything.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=120, description="Name of the data set.")
    kind: Literal["signal"] = "signal"
    unit: str = Field("", max_length=30, description="Physical unit of the samples, e.g. g.")
    pattern: str | None = Field(
        None, max_length=300, description="Parts of the file names; empty switches it off."
    )
    label_source: LabelSource = Field("auto", description="Where the class of a recording stands.")
    label_template: str = Field("", max_length=200, description="Class from fields, e.g. {fault}.")
    label_column: str = Field("", max_length=120, description="Column or variable with the class.")
    group_source: GroupSource = Field(
        "auto", description="What recordings have in common that a split must not divide."
    )
    group_template: str = Field("", max_length=200, description="Group, e.g. {fault}-{size}.")
    group_column: str = Field("", max_length=120)
    channels: tuple[str, ...] = Field(
        (), max_length=256, description="Channels to take; * stands for anything."
    )
    sampling_rate_hz: float | None = Field(
        None, gt=0, le=1e9, allow_inf_nan=False, description="For files that do not say it."
    )
    rate_rules: tuple[RateRule, ...] = Field((), max_length=1000)
    target_sampling_rate_hz: float | None = Field(
        None, gt=0, le=1e9, allow_inf_nan=False, description="Resample everything to this rate."
    )
    derived: tuple[DerivedField, ...] = Field((), max_length=50)
    nan_policy: NanPolicy = Field("refuse", description="What to do about missing values.")
    keep_whole_part: bool = Field(False, description="Use the whole part of files cut short.")
    csv_delimiter: Literal[",", ";", "\t", "|", " "] | None = None
    csv_decimal: Literal[".", ","] | None = None
    properties: dict[str, str | float] = Field(default_factory=dict, max_length=100)

    def read_settings(self) -> ReadSettings:
        """Give the part that decides how files are read."""
        return ReadSettings(
            limits=ReadLimits(),
            delimiter=self.csv_delimiter,
            decimal=self.csv_decimal,
            keep_whole_part=self.keep_whole_part,
        )
