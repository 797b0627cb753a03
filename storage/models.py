"""The tables. Times are UTC, owners are there from the first migration, leases carry a token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A time that is UTC in the database and aware in Python, on SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store as UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")
OptionalJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
LARGEST_ID = 2**63 - 1
"""What an id column holds; databases refuse to look for a larger number."""
BigId = BigInteger().with_variant(Integer(), "sqlite")


def utc_now() -> datetime:
    """Give the present time, aware, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Declarative base with names for all constraints (SQLite's batch mode needs them)."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this mapping as it is
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[str]: Json,
    }


class LeaseColumns:
    """Columns of a row that a worker claims: who holds it, until when, under which token."""

    token: Mapped[int] = mapped_column(Integer, default=0)
    lease_owner: Mapped[str] = mapped_column(String(200), default="")
    lease_until: Mapped[float] = mapped_column(Float(53), default=0.0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    stalled: Mapped[int] = mapped_column(Integer, default=0)


class Dataset(Base):
    """A data set; its samples lie in a folder."""

    __tablename__ = "dataset"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(64), default="local")
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20), default="signal")
    version: Mapped[int] = mapped_column(Integer, default=1)
    status: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    summary: Mapped[str] = mapped_column(Text, default="")
    builtin_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    folder: Mapped[str] = mapped_column(String(200), default="")
    n_recordings: Mapped[int] = mapped_column(Integer, default=0)
    n_groups: Mapped[int] = mapped_column(Integer, default=0)
    n_channels: Mapped[int] = mapped_column(Integer, default=0)
    n_samples: Mapped[int] = mapped_column(BigInteger, default=0)
    sampling_rate_hz: Mapped[float | None] = mapped_column(Float(53))
    classes: Mapped[list[str]] = mapped_column(default=list)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    window_samples: Mapped[int | None] = mapped_column(Integer)
    overlap: Mapped[float] = mapped_column(Float(53), default=0.5)
    inspection: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    deleted_at: Mapped[datetime | None]


class Experiment(LeaseColumns, Base):
    """One configured run; the columns people sort and filter by are real columns."""

    __tablename__ = "experiment"
    __table_args__ = (
        Index("ix_experiment_claim", "status", "priority", "id"),
        Index("ix_experiment_list", "deleted_at", "created_at", "id"),
        Index("ix_experiment_family_accuracy", "deleted_at", "family", "accuracy", "id"),
        # What follows their id lets groups be summed up from the index alone.
        Index("ix_experiment_dataset_f1", "deleted_at", "dataset_id", "macro_f1", "id", "accuracy"),
        Index(
            "ix_experiment_family_f1",
            "deleted_at",
            "family",
            "macro_f1",
            "id",
            "accuracy",
            "dataset_id",
            "status",
            "study_id",
        ),
        Index("ix_experiment_status_created", "deleted_at", "status", "created_at", "id"),
        # Holds what the run list sorts and filters by, so that it never reads the wide rows.
        Index(
            "ix_experiment_cover",
            "deleted_at",
            "created_at",
            "id",
            "status",
            "family",
            "dataset_id",
            "accuracy",
            "macro_f1",
            "seconds",
            "finished_at",
            "name",
        ),
        Index("ix_experiment_accuracy", "deleted_at", "accuracy", "id"),
        Index("ix_experiment_macro_f1", "deleted_at", "macro_f1", "id"),
        Index("ix_experiment_rival", "dataset_fingerprint", "split_digest", "macro_f1", "id"),
        Index(
            "ix_experiment_noted",
            "id",
            sqlite_where=text("note != ''"),
            postgresql_where=text("note != ''"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[str] = mapped_column(String(36), unique=True)
    owner_id: Mapped[str] = mapped_column(String(64), default="local")
    name: Mapped[str] = mapped_column(String(200))
    family: Mapped[str] = mapped_column(String(64))
    preset: Mapped[str] = mapped_column(String(64), default="")
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"))
    dataset_fingerprint: Mapped[str] = mapped_column(String(64))
    config: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(String(20))
    control: Mapped[str] = mapped_column(String(20), default="")
    priority: Mapped[int] = mapped_column(Integer, default=5)
    queue_rank: Mapped[int] = mapped_column(Integer, default=0)
    epochs_done: Mapped[int] = mapped_column(Integer, default=0)
    epochs_total: Mapped[int] = mapped_column(Integer, default=0)
    progress: Mapped[float] = mapped_column(Float(53), default=0.0)
    checkpoint: Mapped[str] = mapped_column(String(300), default="")
    checkpoint_sha256: Mapped[str] = mapped_column(String(64), default="")
    split_name: Mapped[str] = mapped_column(String(300), default="")
    split_digest: Mapped[str] = mapped_column(String(64), default="")
    leaky: Mapped[bool] = mapped_column(default=False)
    accuracy: Mapped[float | None] = mapped_column(Float(53))
    macro_f1: Mapped[float | None] = mapped_column(Float(53))
    metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    n_parameters: Mapped[int] = mapped_column(BigInteger, default=0)
    work_units: Mapped[float] = mapped_column(Float(53), default=0.0)
    seconds: Mapped[float] = mapped_column(Float(53), default=0.0)
    forecast: Mapped[dict[str, Any] | None] = mapped_column(OptionalJson)
    time_limit_seconds: Mapped[int | None] = mapped_column(Integer)
    kept: Mapped[bool] = mapped_column(default=False)
    memory_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    host: Mapped[str] = mapped_column(String(200), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("experiment.id"))
    study_id: Mapped[int | None] = mapped_column(ForeignKey("study.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    trimmed_at: Mapped[datetime | None]
    purged_at: Mapped[datetime | None]


class Study(Base):
    """A set of experiments made together: repeats with other seeds, a learning curve, a search."""

    __tablename__ = "study"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(64), default="local")
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    experiment_id: Mapped[int | None] = mapped_column(BigInteger)
    """The run it was made about, where there is one; no foreign key, as runs point here."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class DismissedFinding(Base):
    """A recommendation about a run that somebody does not want to see again."""

    __tablename__ = "dismissed_finding"

    experiment_id: Mapped[int] = mapped_column(
        ForeignKey("experiment.id", ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class RegisteredModel(Base):
    """A named model; its versions are results of experiments."""

    __tablename__ = "model"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(64), default="local")
    name: Mapped[str] = mapped_column(String(200), unique=True)
    task: Mapped[str] = mapped_column(String(40), default="classification")
    category: Mapped[str] = mapped_column(String(100), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class ModelVersion(Base):
    """An experiment's result under a model's name; ``parent_id`` is the version it came from."""

    __tablename__ = "model_version"
    __table_args__ = (UniqueConstraint("model_id", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(Integer)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiment.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"))
    stage: Mapped[str] = mapped_column(String(20), default="none")
    note: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class StageChange(Base):
    """A line in a model's history: which version went from which stage to which."""

    __tablename__ = "stage_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version_id: Mapped[int] = mapped_column(
        ForeignKey("model_version.id", ondelete="CASCADE"), index=True
    )
    before: Mapped[str] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class SavedView(Base):
    """A named state of a table; ``query`` is the query string that opens it."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("owner_id", "page", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(64), default="local")
    page: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    query: Mapped[str] = mapped_column(Text)
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class ExperimentTag(Base):
    """A tag of a run, for filtering; ``Experiment.tags`` keeps them in order for showing."""

    __tablename__ = "experiment_tag"
    __table_args__ = ({"sqlite_with_rowid": False},)

    tag: Mapped[str] = mapped_column(String(50), primary_key=True)
    experiment_id: Mapped[int] = mapped_column(
        ForeignKey("experiment.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ExperimentMetric(Base):
    """Any metric of a run at its chosen epoch, for sorting and filtering by it."""

    __tablename__ = "experiment_metric"
    __table_args__ = (
        Index("ix_experiment_metric_key_value", "key", "value", "experiment_id"),
        {"sqlite_with_rowid": False},
    )

    experiment_id: Mapped[int] = mapped_column(
        ForeignKey("experiment.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[float] = mapped_column(Float(53))


class ExperimentParam(Base):
    """Any setting of a run (dotted path), for sorting and filtering by it."""

    __tablename__ = "experiment_param"
    __table_args__ = (
        Index("ix_experiment_param_key_text", "key", "text", "experiment_id"),
        Index("ix_experiment_param_key_number", "key", "number", "experiment_id"),
        {"sqlite_with_rowid": False},
    )

    experiment_id: Mapped[int] = mapped_column(
        ForeignKey("experiment.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    text: Mapped[str] = mapped_column(String(200))
    number: Mapped[float | None] = mapped_column(Float(53))


class ExperimentHeldOut(Base):
    """A value of a metadata field that a run was tested on and never trained on."""

    __tablename__ = "experiment_held_out"
    __table_args__ = (
        Index("ix_experiment_held_out_field_number", "field", "number", "experiment_id"),
        {"sqlite_with_rowid": False},
    )

    field: Mapped[str] = mapped_column(String(100), primary_key=True)
    text: Mapped[str] = mapped_column(String(200), primary_key=True)
    experiment_id: Mapped[int] = mapped_column(
        ForeignKey("experiment.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    number: Mapped[float | None] = mapped_column(Float(53))


class EpochRow(Base):
    """The metrics of one epoch while a run is open; sealed into chunks at its end."""

    __tablename__ = "epoch_row"

    experiment_id: Mapped[int] = mapped_column(
        ForeignKey("experiment.id", ondelete="CASCADE"), primary_key=True
    )
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True)
    values: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class MetricChunk(Base):
    """A sealed piece of one metric's history; level 0 is exact, higher levels hold min and max.

    ``steps`` is int32: all of them, or the first and the stride where they are evenly spaced.
    ``low`` and ``high`` are float64 (level 0 stores its values in ``low``).
    """

    __tablename__ = "metric_chunk"

    experiment_id: Mapped[int] = mapped_column(
        ForeignKey("experiment.id", ondelete="CASCADE"), primary_key=True
    )
    series: Mapped[str] = mapped_column(String(100), primary_key=True)
    level: Mapped[int] = mapped_column(Integer, primary_key=True)
    chunk: Mapped[int] = mapped_column(Integer, primary_key=True)
    steps: Mapped[bytes] = mapped_column(LargeBinary)
    low: Mapped[bytes] = mapped_column(LargeBinary)
    high: Mapped[bytes] = mapped_column(LargeBinary)


class Event(Base):
    """A line in an experiment's timeline."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("experiment_id", "seq"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiment.id", ondelete="CASCADE"))
    seq: Mapped[int] = mapped_column(Integer)
    level: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(40))
    message: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Artifact(Base):
    """A file an experiment made."""

    __tablename__ = "artifact"
    __table_args__ = (UniqueConstraint("experiment_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiment.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    path: Mapped[str] = mapped_column(String(400))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Job(LeaseColumns, Base):
    """A background job other than training: report or import; claimed like a run."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_claim", "status", "priority", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(64), default="local")
    kind: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(20))
    priority: Mapped[int] = mapped_column(Integer, default=5)
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str] = mapped_column(Text, default="")
    experiment_id: Mapped[int | None] = mapped_column(
        ForeignKey("experiment.id", ondelete="CASCADE")
    )
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]


class SavedConfig(Base):
    """A configuration the user kept: a preset (no data set) or one for a data set."""

    __tablename__ = "saved_config"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(64), default="local")
    name: Mapped[str] = mapped_column(String(200))
    family: Mapped[str] = mapped_column(String(64))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"))
    config: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class WorkerRow(Base):
    """A living worker process; its heartbeat tells the health page who can train."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    host: Mapped[str] = mapped_column(String(200))
    slots: Mapped[int] = mapped_column(Integer)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seen_at: Mapped[float] = mapped_column(Float(53))


class Notification(Base):
    """Something people want to know without looking; written with what caused it."""

    __tablename__ = "notification"
    __table_args__ = (Index("ix_notification_unread", "owner_id", "read_at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(64), default="local")
    level: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(300))
    message: Mapped[str] = mapped_column(Text, default="")
    experiment_id: Mapped[int | None] = mapped_column(
        ForeignKey("experiment.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    read_at: Mapped[datetime | None]


class Channel(Base):
    """A way notifications leave the bench: e-mail, Slack, Teams or a webhook."""

    __tablename__ = "channel"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(64), default="local")
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    config: Mapped[dict[str, Any]]
    secret: Mapped[str] = mapped_column(Text, default="")
    kinds: Mapped[list[str]] = mapped_column(default=list)
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Delivery(LeaseColumns, Base):
    """The outbox: one message to one channel, claimed and sent by a worker."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_claim", "status", "next_at", "id"),
        UniqueConstraint("channel_id", "notification_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(36), unique=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    notification_id: Mapped[int | None] = mapped_column(
        ForeignKey("notification.id", ondelete="CASCADE")
    )
    status: Mapped[str] = mapped_column(String(20))
    payload: Mapped[dict[str, Any]]
    next_at: Mapped[float] = mapped_column(Float(53), default=0.0)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    sent_at: Mapped[datetime | None]


class Setting(Base):
    """A setting of the installation that people change on the screen."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class Chore(Base):
    """Something to be done now and then by whichever worker takes it first."""

    __tablename__ = "chore"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    due_at: Mapped[float] = mapped_column(Float(53), default=0.0)
