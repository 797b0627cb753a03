"""Keep with each experiment what it was expected to take."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "v0_2_0"
down_revision = "v0_1_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # Adding a column that may be null rewrites nothing, on SQLite too; batch mode would copy all.
    kind = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("experiment", sa.Column("forecast", kind, nullable=True))


def downgrade() -> None:
    """Revert."""
    op.drop_column("experiment", "forecast")
