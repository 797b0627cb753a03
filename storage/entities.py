"""What leaves the stores: plain frozen objects, no ORM."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """Where an experiment stands."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STOPPED = "stopped"

    @property
    def ended(self) -> bool:
        """True when the experiment will not change any more by itself."""
        return self in ENDED


ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.STOPPED})


REPEATS, LEARNING_CURVE = "repeats", "learning-curve"
"""Kinds of studies."""


class DatasetStatus(StrEnum):
    """Where a data set stands between upload and use."""

    UPLOADED = "uploaded"
    IMPORTING = "importing"
    READY = "ready"
    FAILED = "failed"


class JobStatus(StrEnum):
    """Where a background job (report, import) stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class DatasetEntity:
    """A data set as the lists and cards show it; its recordings lie in ``folder``/manifest.json.

    Attributes:
        folder: Relative to ``settings().datasets_folder``.
        builtin_key: Key of the built-in set it was made from, or None for an upload.
        inspection: What the importer understood of an upload (JSON), {} when ready or built in.
        window_samples: Suggested window of the view, None before import.
    """

    id: int
    owner_id: str
    name: str
    kind: str
    version: int
    status: DatasetStatus
    source: str
    summary: str
    builtin_key: str | None
    fingerprint: str
    folder: str
    n_recordings: int
    n_groups: int
    n_channels: int
    n_samples: int
    sampling_rate_hz: float | None
    classes: list[str]
    bytes: int
    window_samples: int | None
    overlap: float
    inspection: dict[str, Any]
    error: str
    created_at: datetime


@dataclass(frozen=True)
class ExperimentEntity:
    """One configured run with its state and headline figures.

    Attributes:
        task_id: Public id of the run in progress keys and the task routes.
        control: Standing order: "" | "pause" | "stop" | "cancel".
        metrics: Headline values by name, e.g. {"accuracy": 0.968, "accuracy_low": …}.
        progress: Fraction done at the last durable report, 0–1.
        error: A sentence for the user when failed.
        study_id: The study (repeats, learning curve, …) it belongs to, None for none.
        queue_rank: Larger ones are claimed first among runs of the same priority.
        time_limit_seconds: Longest training time; None for the installation's.
        kept: True when retention must leave its files alone.
        memory_bytes: Most memory its process was seen to use, 0 when unknown.
        trimmed_at: When its intermediate checkpoints were removed.
        purged_at: When all its files were removed.
        forecast: What the run was expected to take when it was created: seconds "low", "mid" and
            "high", and "basis" in words; None for runs of a version that kept none.
    """

    id: int
    task_id: str
    owner_id: str
    name: str
    family: str
    preset: str
    dataset_id: int
    dataset_name: str
    dataset_fingerprint: str
    config: dict[str, Any]
    status: Status
    control: str
    priority: int
    token: int
    attempts: int
    epochs_done: int
    epochs_total: int
    progress: float
    split_name: str
    split_digest: str
    leaky: bool
    accuracy: float | None
    macro_f1: float | None
    metrics: dict[str, Any]
    n_parameters: int
    work_units: float
    seconds: float
    host: str
    error: str
    note: str
    tags: list[str]
    parent_id: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    forecast: dict[str, Any] | None = None
    queue_rank: int = 0
    time_limit_seconds: int | None = None
    kept: bool = False
    memory_bytes: int = 0
    trimmed_at: datetime | None = None
    purged_at: datetime | None = None
    study_id: int | None = None


@dataclass(frozen=True)
class StudyEntity:
    """A set of experiments made together.

    Attributes:
        kind: "repeats" or "learning-curve".
        settings: What it was made with, e.g. {"seeds": [0, 1, 2]} or {"shares": [0.25, 0.5, 1]}.
        experiment_id: The run it was made about, None for none.
    """

    id: int
    name: str
    kind: str
    settings: dict[str, Any]
    experiment_id: int | None
    created_at: datetime


@dataclass(frozen=True)
class EpochEntity:
    """The metrics of one finished epoch (or fold)."""

    epoch: int
    values: dict[str, float]
    created_at: datetime


@dataclass(frozen=True)
class EventEntity:
    """A line in an experiment's timeline; level is info, warning, error or success."""

    seq: int
    level: str
    kind: str
    message: str
    created_at: datetime


@dataclass(frozen=True)
class ArtifactEntity:
    """A file an experiment made; ``path`` is relative to the artifact store's root."""

    name: str
    kind: str
    path: str
    bytes: int
    sha256: str
    created_at: datetime


@dataclass(frozen=True)
class JobEntity:
    """A background job other than training: a report or an import."""

    id: int
    kind: str
    status: JobStatus
    payload: dict[str, Any]
    result: dict[str, Any]
    error: str
    experiment_id: int | None
    dataset_id: int | None
    created_at: datetime
    finished_at: datetime | None
    priority: int = 5


@dataclass(frozen=True)
class SavedConfigEntity:
    """A configuration kept by the user: a preset of a family, or bound to one data set."""

    id: int
    name: str
    family: str
    dataset_id: int | None
    config: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class Page:
    """One page of a longer list."""

    items: list[Any] = field(default_factory=list)
    total: int = 0


class StorageError(Exception):
    """Base of what the stores raise; the text is a sentence for the user."""


class NotFoundError(StorageError):
    """There is no such row."""


class ConflictError(StorageError):
    """The request does not fit the present state."""


class LeaseLostError(StorageError):
    """Another worker owns this run now; the caller must stop at once."""
