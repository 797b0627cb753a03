"""What the experiment routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from dash_app.api._fields import LARGEST_ID, JsonObject, Name, Note, Tag, Word
from storage.entities import ExperimentEntity, Status
from tasks.queue import MOST_REPEATS

Tags = Annotated[list[Tag], Field(max_length=50)]
DatasetNumber = Annotated[int, Field(ge=1, le=LARGEST_ID, strict=True)]
Priority = Annotated[int, Field(ge=0, le=9, strict=True, description="Larger runs first.")]
TimeLimit = Annotated[
    int,
    Field(
        ge=10,
        le=31_536_000,
        description="Longest training time in seconds; null for the installation's.",
    ),
]


Repeats = Annotated[
    int,
    Field(ge=1, le=MOST_REPEATS, strict=True, description="Runs that differ in their seed."),
]
VarySplit = Annotated[
    bool, Field(description="Give each repeat its own split as well.", strict=True)
]


class Body(BaseModel):
    """Base of request bodies: unknown members are refused, so that a typo is noticed."""

    model_config = ConfigDict(extra="forbid")


class ExperimentRequest(Body):
    """Order a new run; ``config`` holds only what differs from the preset."""

    family: Word
    dataset_id: DatasetNumber
    preset: Word | None = None
    config: JsonObject | None = None
    name: Name = ""
    tags: Tags = []
    priority: Priority = 5
    time_limit_seconds: TimeLimit | None = None
    repeats: Repeats = 1
    vary_split: VarySplit = False


class ExperimentChange(Body):
    """Change what people decide about a run; members left out stay as they are.

    ``kept`` protects its files from the retention, ``time_limit_seconds`` counts from its next
    attempt on.
    """

    name: Annotated[Name, Field(min_length=1)] | None = None
    note: Note | None = None
    tags: Tags | None = None
    priority: Priority | None = None
    kept: bool | None = None
    time_limit_seconds: TimeLimit | None = None


class CloneRequest(Body):
    """Order a copy of a run; ``config`` is merged over the copied one."""

    name: Name = ""
    config: JsonObject | None = None
    priority: Priority = 5
    time_limit_seconds: TimeLimit | None = None
    repeats: Repeats = 1
    vary_split: VarySplit = False


class Ordered(BaseModel):
    """A run that was accepted; of repeats the first one, with the study that holds them all."""

    experiment_id: int
    task_id: str
    study_id: int | None = None
    experiment_ids: list[int] = []


class ExperimentRow(BaseModel):
    """One run as lists show it; ``accuracy_low`` and ``_high`` bound the 95 % interval."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    task_id: str
    name: str
    family: str
    preset: str
    dataset_id: int
    dataset_name: str
    status: Status
    control: str
    priority: int
    time_limit_seconds: int | None
    kept: bool
    progress: float
    epochs_done: int
    epochs_total: int
    accuracy: float | None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    macro_f1: float | None
    split_name: str
    leaky: bool
    seconds: float
    error: str
    note: str
    tags: list[str]
    parent_id: int | None
    study_id: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ForecastModel(BaseModel):
    """What a run was expected to take when it was created: seconds, and where the speed is from."""

    low: float
    mid: float
    high: float
    basis: str


class ExperimentDetail(ExperimentRow):
    """One run with its configuration and everything measured."""

    config: dict[str, Any]
    metrics: dict[str, Any]
    dataset_fingerprint: str
    split_digest: str
    n_parameters: int
    host: str
    attempts: int
    forecast: ForecastModel | None


class ExperimentList(BaseModel):
    """One page of runs, and how many there are under the same filters."""

    items: list[ExperimentRow]
    total: int


class Epoch(BaseModel):
    """The metrics of one finished epoch or fold."""

    model_config = ConfigDict(from_attributes=True)

    epoch: int
    values: dict[str, float | None]
    created_at: datetime


class EpochList(BaseModel):
    """Epochs, oldest first; ``total`` counts those after ``since``."""

    items: list[Epoch]
    total: int


class Event(BaseModel):
    """A line of a run's timeline; ``level`` is info, success, warning or error."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    level: str
    kind: str
    message: str
    created_at: datetime


class EventList(BaseModel):
    """Events, newest first."""

    items: list[Event]
    total: int


class ArtifactRow(BaseModel):
    """A file that a run made; ``url`` downloads it."""

    name: str
    kind: str
    bytes: int
    sha256: str
    created_at: datetime
    url: str


class ArtifactList(BaseModel):
    """Files by name."""

    items: list[ArtifactRow]
    total: int


class ReportJob(BaseModel):
    """A report that is being made; ``url`` gives the PDF when it is done."""

    job_id: int
    status: str
    url: str


def row_of(entity: ExperimentEntity) -> ExperimentRow:
    """Show an experiment as a list row."""
    return ExperimentRow.model_validate(entity).model_copy(update=_interval(entity))


def detail_of(entity: ExperimentEntity) -> ExperimentDetail:
    """Show an experiment whole."""
    return ExperimentDetail.model_validate(entity).model_copy(update=_interval(entity))


def _interval(entity: ExperimentEntity) -> dict[str, Any]:
    return {key: entity.metrics.get(key) for key in ("accuracy_low", "accuracy_high")}
