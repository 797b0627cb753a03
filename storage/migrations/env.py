"""Alembic's entry: runs the migrations on the URL it is given."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from storage.database import make_engine
from storage.models import Base, UtcDateTime

MIGRATION_LOCK = 0x51676E616C


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Spell our types with SQLAlchemy's own words, so that old migrations need none of our code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Migrate online, in one transaction, with batch mode for SQLite."""
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        raise RuntimeError("no database URL was given to Alembic")
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_as_batch=True,
                compare_type=True,
                render_item=_render,
            )
            with context.begin_transaction():
                if engine.dialect.name == "postgresql":
                    # Several hosts may start at once; a lock file holds only on one of them.
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
                context.run_migrations()
    finally:
        engine.dispose()


run()
