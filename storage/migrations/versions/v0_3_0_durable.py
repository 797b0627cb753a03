"""Add the bell, the outbox, settings and chores; let the database guard the states of runs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "v0_3_0"
down_revision = "v0_2_0"
branch_labels = None
depends_on = None


ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
STATES = ("pending", "running", "paused", "completed", "failed", "cancelled", "stopped")
WAYS = (
    ("pending", "running"),
    ("pending", "paused"),
    ("pending", "cancelled"),
    ("running", "pending"),
    ("running", "paused"),
    ("running", "completed"),
    ("running", "stopped"),
    ("running", "cancelled"),
    ("running", "failed"),
    ("paused", "pending"),
    ("paused", "cancelled"),
    ("failed", "pending"),
    ("cancelled", "pending"),
    ("stopped", "pending"),
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "channel",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("config", JSON, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("kinds", JSON, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
    )
    op.create_table(
        "chore",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chore")),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )
    op.create_table(
        "notification",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("experiment_id", ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiment.id"],
            name=op.f("fk_notification_experiment_id_experiment"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
    )
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_notification_experiment_id"), ["experiment_id"], unique=False
        )
        batch_op.create_index("ix_notification_unread", ["owner_id", "read_at", "id"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("channel_id", ID, nullable=False),
        sa.Column("notification_id", ID, nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("next_at", sa.Float(precision=53), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=200), nullable=False),
        sa.Column("lease_until", sa.Float(precision=53), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("stalled", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"],
            ["channel.id"],
            name=op.f("fk_delivery_channel_id_channel"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notification.id"],
            name=op.f("fk_delivery_notification_id_notification"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "channel_id", "notification_id", name=op.f("uq_delivery_channel_id_notification_id")
        ),
        sa.UniqueConstraint("key", name=op.f("uq_delivery_key")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_claim", ["status", "next_at", "id"], unique=False)

    for column in _experiment_columns():
        op.add_column("experiment", column)
    op.add_column("job", sa.Column("priority", sa.Integer(), nullable=False, server_default="5"))
    op.drop_index("ix_job_claim", "job")
    op.create_index("ix_job_claim", "job", ["status", "priority", "id"])
    _guard_states()


def downgrade() -> None:
    """Undo."""
    _free_states()
    op.drop_index("ix_job_claim", "job")
    op.create_index("ix_job_claim", "job", ["status", "id"])
    op.drop_column("job", "priority")
    for column in _experiment_columns():
        op.drop_column("experiment", column.name)
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_delivery_claim")

    op.drop_table("delivery")
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_index("ix_notification_unread")
        batch_op.drop_index(batch_op.f("ix_notification_experiment_id"))

    op.drop_table("notification")
    op.drop_table("setting")
    op.drop_table("chore")
    op.drop_table("channel")


def _experiment_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("queue_rank", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("time_limit_seconds", sa.Integer(), nullable=True),
        sa.Column("kept", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("trimmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
    ]


def _guard_states() -> None:
    known = ", ".join(f"'{state}'" for state in STATES)
    ways = " OR ".join(f"(OLD.status = '{a}' AND NEW.status = '{b}')" for a, b in WAYS)
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_trigger("insert", "INSERT", f"NEW.status NOT IN ({known})", "unknown status")
        stray = f"NEW.status <> OLD.status AND NOT ({ways})"
        _sqlite_trigger("update", "UPDATE OF status", stray, "no way between these states")
        return
    op.execute(
        f"""
        CREATE FUNCTION experiment_states() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.status NOT IN ({known}) THEN
                    RAISE EXCEPTION 'experiment: unknown status' USING ERRCODE = 'check_violation';
                END IF;
            ELSIF NEW.status <> OLD.status AND NOT ({ways}) THEN
                RAISE EXCEPTION 'experiment: no way between these states'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER experiment_states BEFORE INSERT OR UPDATE OF status ON experiment "
        "FOR EACH ROW EXECUTE FUNCTION experiment_states()"
    )


def _sqlite_trigger(name: str, moment: str, refused: str, why: str) -> None:
    op.execute(
        f"CREATE TRIGGER experiment_states_{name} BEFORE {moment} ON experiment "
        f"WHEN {refused} BEGIN SELECT RAISE(ABORT, 'experiment: {why}'); END"
    )


def _free_states() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER experiment_states_insert")
        op.execute("DROP TRIGGER experiment_states_update")
        return
    op.execute("DROP TRIGGER experiment_states ON experiment")
    op.execute("DROP FUNCTION experiment_states")
