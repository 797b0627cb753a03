"""Add studies, the register of models and saved views."""

from __future__ import annotations

import json
import math
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "v0_4_0"
down_revision = "v0_3_0"
branch_labels = None
depends_on = None


ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "study",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("experiment_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
    )
    op.create_table(
        "model",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("task", sa.String(length=40), nullable=False),
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
        sa.UniqueConstraint("name", name=op.f("uq_model_name")),
    )
    op.create_table(
        "model_version",
        sa.Column("id", ID, nullable=False),
        sa.Column("model_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("experiment_id", ID, nullable=False),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"],
            ["model.id"],
            name=op.f("fk_model_version_model_id_model"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiment.id"],
            name=op.f("fk_model_version_experiment_id_experiment"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["model_version.id"],
            name=op.f("fk_model_version_parent_id_model_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_version")),
        sa.UniqueConstraint("model_id", "version", name=op.f("uq_model_version_model_id")),
    )
    op.create_index(op.f("ix_model_version_experiment_id"), "model_version", ["experiment_id"])
    op.create_table(
        "stage_change",
        sa.Column("id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("before", sa.String(length=20), nullable=False),
        sa.Column("after", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["model_version.id"],
            name=op.f("fk_stage_change_version_id_model_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_change")),
    )
    op.create_index(op.f("ix_stage_change_version_id"), "stage_change", ["version_id"])
    op.create_table(
        "saved_view",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("page", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("owner_id", "page", "name", name=op.f("uq_saved_view_owner_id")),
    )
    _add_study_to_runs()
    _make_runs_searchable()
    _add_dismissals()


def _add_dismissals() -> None:
    op.create_table(
        "dismissed_finding",
        sa.Column("experiment_id", ID, nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiment.id"],
            name=op.f("fk_dismissed_finding_experiment_id_experiment"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", "code", name=op.f("pk_dismissed_finding")),
    )


def _make_runs_searchable() -> None:
    op.create_table(
        "experiment_held_out",
        sa.Column("field", sa.String(length=100), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("experiment_id", ID, nullable=False),
        sa.Column("number", sa.Float(53), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiment.id"],
            name=op.f("fk_experiment_held_out_experiment_id_experiment"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "field", "text", "experiment_id", name=op.f("pk_experiment_held_out")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_experiment_held_out_experiment_id"), "experiment_held_out", ["experiment_id"]
    )
    op.create_index(
        "ix_experiment_held_out_field_number",
        "experiment_held_out",
        ["field", "number", "experiment_id"],
    )
    for column in ("accuracy", "macro_f1"):
        op.create_index(f"ix_experiment_{column}", "experiment", ["deleted_at", column, "id"])
    op.drop_index("ix_experiment_dataset_f1", "experiment")
    wanted = ["deleted_at", "dataset_id", "macro_f1", "id", "accuracy"]
    op.create_index("ix_experiment_dataset_f1", "experiment", wanted)
    wanted = ["deleted_at", "family", "macro_f1", "id", "accuracy", "dataset_id", "status"]
    op.create_index("ix_experiment_family_f1", "experiment", [*wanted, "study_id"])
    _name_metrics_alike()
    _copy_metrics_of_chosen_epochs()
    _copy_held_out_values()
    _read_numbers_in_settings()


def _name_metrics_alike() -> None:
    op.execute(
        "UPDATE experiment_metric SET key = 'val_' || substr(key, 12) "
        "WHERE substr(key, 1, 11) = 'validation_'"
    )


def _copy_metrics_of_chosen_epochs() -> None:
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            'SELECT m.experiment_id, e."values" FROM experiment_metric m JOIN epoch_row e '
            "ON e.experiment_id = m.experiment_id AND e.epoch = m.value WHERE m.key = 'best_epoch'"
        )
    ).all()
    copy = sa.text(
        "INSERT INTO experiment_metric (experiment_id, key, value) "
        "VALUES (:number, :key, :value) ON CONFLICT DO NOTHING"
    )
    found = [
        {"number": number, "key": key[:100], "value": value}
        for number, values in rows
        for key, value in _json(values).items()
        if isinstance(value, int | float)
    ]
    if found:
        connection.execute(copy, found)


def _copy_held_out_values() -> None:
    connection = op.get_bind()
    found = [
        {"number": number, "field": str(data["split_field"])[:100], "text": text,
         "value": _number(text)}
        for number, config in connection.execute(sa.text("SELECT id, config FROM experiment"))
        for data in [_json(config).get("data") or {}]
        if data.get("split") == "field" and data.get("split_field")
        for text in sorted({str(value)[:200] for value in data.get("test_values") or ()})
    ]  # fmt: skip
    if found:
        insert = "INSERT INTO experiment_held_out (experiment_id, field, text, number) "
        connection.execute(sa.text(insert + "VALUES (:number, :field, :text, :value)"), found)


def _read_numbers_in_settings() -> None:
    connection = op.get_bind()
    words = sa.text("SELECT DISTINCT text FROM experiment_param WHERE number IS NULL")
    found = [
        {"text": text, "value": _number(text)}
        for text in connection.scalars(words)
        if _number(text) is not None
    ]
    if found:
        change = "UPDATE experiment_param SET number = :value WHERE number IS NULL AND text = :text"
        connection.execute(sa.text(change), found)


def _json(value: Any) -> dict[str, Any]:
    parsed = json.loads(value) if isinstance(value, str) else value
    return parsed if isinstance(parsed, dict) else {}


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _add_study_to_runs() -> None:
    # Batch mode would rebuild the table without its triggers; SQLite adds a nullable reference.
    reference = sa.Column(
        "study_id",
        ID,
        sa.ForeignKey("study.id", name=op.f("fk_experiment_study_id_study")),
        nullable=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE experiment ADD COLUMN study_id INTEGER REFERENCES study (id)")
    else:
        op.add_column("experiment", reference)
    op.create_index(op.f("ix_experiment_study_id"), "experiment", ["study_id"])


def downgrade() -> None:
    """Undo."""
    for column in ("accuracy", "macro_f1"):
        op.drop_index(f"ix_experiment_{column}", "experiment")
    op.drop_index("ix_experiment_family_f1", "experiment")
    op.drop_index("ix_experiment_dataset_f1", "experiment")
    earlier = ["deleted_at", "dataset_id", "macro_f1", "id"]
    op.create_index("ix_experiment_dataset_f1", "experiment", earlier)
    op.drop_table("experiment_held_out")
    op.drop_index(op.f("ix_experiment_study_id"), "experiment")
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("fk_experiment_study_id_study"), "experiment", type_="foreignkey")
        op.drop_column("experiment", "study_id")
    op.drop_table("dismissed_finding")
    for table in ("saved_view", "stage_change", "model_version", "model", "study"):
        op.drop_table(table)
