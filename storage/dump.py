"""The database as lines of JSON, one row each: the same words from SQLite and from PostgreSQL."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    Table,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)

from storage.database import engine
from storage.models import Base, UtcDateTime

TRANSIENT = ("worker", "chore")
"""Tables that say what goes on at this moment; nothing of them is worth keeping."""
ROWS_AT_ONCE = 500
Row = dict[str, Any]


def tables() -> list[Table]:
    """Give the tables worth keeping, each after those it refers to."""
    return [table for table in Base.metadata.sorted_tables if table.name not in TRANSIENT]


@contextmanager
def snapshot() -> Iterator[Connection]:
    """Open a connection that sees one moment of the database, whatever others write meanwhile."""
    options = {"readonly": True}
    with engine().connect() as connection:
        if connection.dialect.name == "postgresql":
            options = {"isolation_level": "REPEATABLE READ"}  # type: ignore[dict-item]
        yield connection.execution_options(**options)


@contextmanager
def transaction() -> Iterator[Connection]:
    """Open a connection whose changes are all kept or none."""
    with engine().begin() as connection:
        yield connection


def revision(connection: Connection) -> str:
    """Give the version of the schema."""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def rows_of(connection: Connection, table: Table) -> Iterator[Row]:
    """Give a table's rows in the order of their keys."""
    statement = select(table).order_by(*table.primary_key.columns)
    found = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(statement)
    for row in found.mappings():
        yield dict(row)


def to_line(row: Mapping[str, Any]) -> bytes:
    """Write a row as one line."""
    return json.dumps({key: _plain(value) for key, value in row.items()}).encode("ascii") + b"\n"


def from_line(table: Table, line: bytes) -> Row:
    """Read a row that ``to_line`` wrote.

    Raises:
        ValueError: It is not such a line, or names columns the table has not.
    """
    found = json.loads(line)
    if not isinstance(found, dict) or not set(found) <= set(table.columns.keys()):
        raise ValueError(f"a line of {table.name} has other columns")
    return {key: _typed(table.columns[key], value) for key, value in found.items()}


def is_empty(connection: Connection) -> bool:
    """Tell whether nothing of anybody's is stored."""
    names = ("experiment", "saved_config", "channel")
    tables_asked = [Base.metadata.tables[name] for name in names]
    dataset = Base.metadata.tables["dataset"]
    # Built-in sets make themselves; they are nobody's.
    made = select(func.count()).select_from(dataset).where(dataset.c.builtin_key.is_(None))
    counts = [connection.scalar(select(func.count()).select_from(t)) for t in tables_asked]
    return not any(counts) and not connection.scalar(made)


def wipe(connection: Connection) -> None:
    """Delete all rows of all tables."""
    experiment = Base.metadata.tables["experiment"]
    connection.execute(update(experiment).values(parent_id=None))
    for table in reversed(Base.metadata.sorted_tables):
        connection.execute(table.delete())


def load(connection: Connection, table: Table, rows: Iterable[Row]) -> int:
    """Insert rows; a reference to another row of the same table is set after all are there.

    Returns:
        How many rows there were.
    """
    own = [key.parent for key in table.foreign_keys if key.column.table is table]
    waiting: list[Row] = []
    count, source = 0, iter(rows)
    while batch := list(islice(source, ROWS_AT_ONCE)):
        for column in own:
            waiting += [_reference(row, column) for row in batch if row[column.name] is not None]
        connection.execute(insert(table), [_without(row, own) for row in batch])
        count += len(batch)
    for column in own:
        if waiting:
            pointed = update(table).where(table.c.id == bindparam("row"))
            connection.execute(pointed.values({column: bindparam("to")}), waiting)
    return count


def restart_counters(connection: Connection) -> None:
    """Let PostgreSQL count new ids on from the largest; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables():
        keys = list(table.primary_key.columns)
        if [key.name for key in keys] == ["id"]:
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608
                    f"(SELECT coalesce(max(id), 1) FROM {table.name}))"
                )
            )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value


def _typed(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(value)
    return value


def _reference(row: Row, column: Column[Any]) -> Row:
    return {"row": row["id"], "to": row[column.name]}


def _without(row: Row, columns: list[Column[Any]]) -> Row:
    return {**row, **{column.name: None for column in columns}}
