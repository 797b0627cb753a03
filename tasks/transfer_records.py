"""What an archive of exported experiments says, line by line; it may come from an enemy."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

FORMAT = "signalbench-experiments"
EXPERIMENTS, DATASETS = "experiments.jsonl", "datasets.jsonl"
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=100_000)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Record(BaseModel):
    """Base of the records: unknown members are left out, so that newer archives can be read."""

    model_config = ConfigDict(extra="ignore", from_attributes=True)


class DatasetRecord(Record):
    """A data set that exported experiments were made with.

    Attributes:
        included: The samples are in the archive; else only the manifest is.
    """

    fingerprint: Sha256
    name: Name
    kind: Annotated[str, Field(max_length=20)] = "signal"
    summary: Text = ""
    window_samples: Annotated[int, Field(ge=4, le=1_048_576)] | None = None
    overlap: Annotated[float, Field(ge=0, le=0.95)] = 0.5
    included: bool = False


class ArtifactRecord(Record):
    """A file of an experiment; ``file`` is its name in the archive."""

    name: Name
    kind: Annotated[str, Field(max_length=40)]
    file: Annotated[str, Field(max_length=1000)]


class EpochRecord(Record):
    """The metrics of one epoch."""

    epoch: Annotated[int, Field(ge=0, le=2**31 - 1)]
    values: dict[Annotated[str, Field(max_length=100)], Number | None]
    created_at: AwareDatetime


class EventRecord(Record):
    """A line of a timeline."""

    level: Literal["info", "warning", "error", "success"]
    kind: Annotated[str, Field(max_length=40)]
    message: Text
    created_at: AwareDatetime


class ExperimentRecord(Record):
    """An ended experiment with all that is known of it.

    Attributes:
        parent: Task id of the experiment it is a clone of, "" for none.
        refers: Task ids of the experiments its settings name, by their numbers at home.
        log: Name in the archive of its log, "" for none.
    """

    task_id: Annotated[str, Field(pattern="^[0-9a-f-]{36}$")]
    name: Name
    family: Annotated[str, Field(max_length=64)]
    preset: Annotated[str, Field(max_length=64)] = ""
    dataset_fingerprint: Sha256
    config: dict[str, Any]
    status: Literal["completed", "failed", "cancelled", "stopped"]
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    epochs_done: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    epochs_total: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    progress: Annotated[float, Field(ge=0, le=1)] = 0.0
    split_name: Annotated[str, Field(max_length=300)] = ""
    split_digest: Annotated[str, Field(max_length=64)] = ""
    leaky: bool = False
    accuracy: Number | None = None
    macro_f1: Number | None = None
    metrics: dict[Annotated[str, Field(max_length=100)], Number] = Field(default_factory=dict)
    n_parameters: Count = 0
    work_units: Number = 0.0
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    forecast: dict[str, Any] | None = None
    time_limit_seconds: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    memory_bytes: Count = 0
    host: Annotated[str, Field(max_length=200)] = ""
    error: Text = ""
    note: Text = ""
    tags: Annotated[list[Annotated[str, Field(max_length=50)]], Field(max_length=100)] = Field(
        default_factory=list
    )
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    parent: Annotated[str, Field(max_length=36)] = ""
    refers: dict[str, Annotated[str, Field(max_length=36)]] = Field(default_factory=dict)
    epochs: list[EpochRecord] = Field(default_factory=list)
    events: list[EventRecord] = Field(default_factory=list)
    artifacts: list[ArtifactRecord] = Field(default_factory=list)
    log: Annotated[str, Field(max_length=1000)] = ""
