"""Fixtures of all tests: a data folder of one's own, real databases and a real Redis."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command

from storage import database, progress
from storage.settings import settings
from tests.support.environment import forget, use
from tests.support.servers import S3, Postgres, running_postgres, running_redis, running_s3

if TYPE_CHECKING:
    from tests.support.station import Station

# Measuring this machine's speed would slow the tests down; the test of it switches it on.
os.environ["SIGNALBENCH_PROBE"] = ""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Run one PostgreSQL server for all tests."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Run one Redis server for all tests."""
    with running_redis() as url:
        yield url


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """Run one S3 server for all tests."""
    with running_s3() as server:
        yield server


@pytest.fixture
def s3_url(s3: S3, data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Share this process' files through an empty place of a real bucket; gives its URL."""
    url = s3.new_url()
    use({**s3.environment, "ARTIFACT_URL": url}, monkeypatch)
    return url


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Point this process at an empty data folder, and at nothing the shell had set."""
    for name in ("DATABASE_URL", "REDIS_URL", "ARTIFACT_URL", "SIGNALBENCH_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SIGNALBENCH_DATA", str(tmp_path))
    forget()
    yield tmp_path
    if database.engine.cache_info().currsize:
        database.engine().dispose()
    if progress.connection.cache_info().currsize:
        progress.connection().close()
    forget()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate an SQLite database once, to be copied."""
    path = tmp_path_factory.mktemp("template") / "signalbench.db"
    _upgrade(f"sqlite+pysqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    """Migrate a PostgreSQL database once, to be copied; gives its name."""
    url = postgres.new_database()
    _upgrade(url)
    return url.rsplit("/", 1)[1]


@pytest.fixture
def sqlite(data_folder: Path, migrated_sqlite: Path) -> str:
    """Give an empty, migrated SQLite database."""
    shutil.copyfile(migrated_sqlite, data_folder / "signalbench.db")
    return settings().database_url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_database(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> str:
    """Give an empty, migrated database of each kind; the test runs once on each."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite")
        return url
    template: str = request.getfixturevalue("migrated_postgres")
    server: Postgres = request.getfixturevalue("postgres")
    monkeypatch.setenv("DATABASE_URL", server.new_database(template))
    forget()
    return settings().database_url


def _upgrade(url: str) -> None:
    command.upgrade(database.migration_config(url), "head")


@pytest.fixture
def many_hosts(
    postgres: Postgres,
    migrated_postgres: str,
    redis_url: str,
    s3_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Station:
    """Give a web without a worker and two hosts with one, each with a folder of its own."""
    from tests.support.station import LEASE, Station

    data = tmp_path / "web"
    database_url = postgres.new_database(migrated_postgres)
    changes = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SIGNALBENCH_DATA": str(data)}
    use(changes | LEASE, monkeypatch)
    return Station(data, hosts=(tmp_path / "a", tmp_path / "b"))


_forget = forget
