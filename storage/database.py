"""Engine, sessions, the database's own clock, and bringing the schema up to date."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Engine, Float, create_engine, event, func, literal_column
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from storage.entities import StorageError
from storage.settings import settings

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_TIMEOUT_SECONDS = 15
POSTGRES_OPTIONS = {
    "connect_timeout": 5,
    # A dead client must not hold rows for ever, nor a live one wait for them for ever.
    "options": "-c lock_timeout=15000 -c idle_in_transaction_session_timeout=60000",
}
POSTGRES_DISK_FULL = "53100"
NO_ROOM_BYTES = 1_000_000
MIGRATIONS = Path(__file__).parent / "migrations"


class DatabaseUnusableError(StorageError):
    """The database cannot be opened or brought up to date."""


def make_engine(url: str) -> Engine:
    """Create an engine; SQLite gets WAL, foreign keys and immediate write transactions."""
    if not url.startswith("sqlite"):
        return create_engine(
            url, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args=POSTGRES_OPTIONS,
            hide_parameters=True,
        )  # fmt: skip
    # Errors quote the statement; its values may be a channel's password and stay out of the log.
    engine = create_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # pysqlite would open transactions by itself and too late; we say BEGIN (see _begin_immediate).
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    # A transaction that reads and then writes fails at once under WAL, whatever the busy timeout.
    readonly = connection.get_execution_options().get("readonly", False)
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


def out_of_room(error: BaseException) -> bool:
    """Tell whether the database refused a write because its disk is full."""
    cause = getattr(error, "orig", None)
    if getattr(cause, "sqlstate", "") == POSTGRES_DISK_FULL:
        return True
    # On a full disk SQLite fails in several ways: writing the log, growing its index, opening it.
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return shutil.disk_usage(settings().data).free < NO_ROOM_BYTES
    return code == sqlite3.SQLITE_FULL


@cache
def engine() -> Engine:
    """Give this process's engine."""
    return make_engine(settings().database_url)


@cache
def _factory() -> sessionmaker[Session]:
    return sessionmaker(engine(), expire_on_commit=False)


@contextmanager
def write_session() -> Iterator[Session]:
    """Open a session that commits on leaving, or rolls back on an exception."""
    with _factory().begin() as session:
        yield session


@contextmanager
def read_session() -> Iterator[Session]:
    """Open a session for reading only; it never blocks a writer."""
    with _factory()() as session:
        session.connection(execution_options={"readonly": True})
        yield session


def database_now() -> ColumnElement[float]:
    """Give the database's clock as seconds since 1970, so that workers need not agree on time."""
    if engine().dialect.name == "sqlite":
        return literal_column("((julianday('now') - 2440587.5) * 86400.0)", Float)
    return func.extract("epoch", func.clock_timestamp()).cast(Float(53))


def migration_config(url: str) -> Config:
    """Give the Alembic configuration for a database URL."""
    # Imported only by who migrates: the web, the worker and each runner start sooner without it.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def migrate() -> None:
    """Bring the schema up to date; safe when several processes start together.

    Raises:
        DatabaseUnusableError: The database cannot be opened, is damaged, or is newer than we are.
    """
    from alembic import command
    from alembic.util.exc import CommandError

    url = settings().database_url
    settings().data.mkdir(parents=True, exist_ok=True)
    with (settings().data / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            command.upgrade(migration_config(url), "head")
        except CommandError as error:
            raise DatabaseUnusableError(
                "The database was written by a newer Signalbench. Update the program, or choose "
                "another data folder with SIGNALBENCH_DATA."
            ) from error
        except OperationalError as error:
            raise DatabaseUnusableError(
                f"The database cannot be opened ({error.orig}). Check DATABASE_URL, that the "
                "server runs, and that the data folder can be written."
            ) from error
        except DatabaseError as error:
            raise DatabaseUnusableError(
                f"The database is damaged ({error.orig}). Restore a backup of signalbench.db, or "
                "move the file away to begin with an empty one."
            ) from error
