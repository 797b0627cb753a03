"""What the REST interface says about data sets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from dash_app.api._fields import Name
from storage.entities import DatasetEntity, DatasetStatus


class DatasetRow(BaseModel):
    """A data set as lists show it."""

    id: int
    name: str
    kind: str
    status: DatasetStatus
    source: str
    summary: str
    builtin_key: str | None
    fingerprint: str
    n_recordings: int
    n_groups: int
    n_channels: int
    n_samples: int
    sampling_rate_hz: float | None
    classes: list[str]
    bytes: int
    window_samples: int | None
    overlap: float
    error: str
    created_at: datetime


class DatasetList(BaseModel):
    """All data sets, newest first."""

    items: list[DatasetRow]
    total: int


class DatasetDetail(DatasetRow):
    """A data set with its facts; ``left_out`` says what an import did not take, and why."""

    channels: list[str] = Field(default_factory=list)
    unit: str = ""
    fields: dict[str, list[str]] = Field(default_factory=dict)
    properties: dict[str, Any] = Field(default_factory=dict)
    left_out: list[dict[str, str]] = Field(default_factory=list)


class DatasetChange(BaseModel):
    """What may be changed about a data set; its samples never are."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = Field(None, min_length=1)
    window_samples: int | None = Field(None, ge=4, le=1_048_576)
    overlap: float | None = Field(None, ge=0, le=0.95, allow_inf_nan=False)


class Accepted(BaseModel):
    """A data set is on its way; its job looks at it, imports it or simulates it."""

    id: int
    job_id: int
    status: DatasetStatus


def row_of(entity: DatasetEntity) -> DatasetRow:
    """Turn a stored data set into its row."""
    return DatasetRow(**{name: getattr(entity, name) for name in DatasetRow.model_fields})
