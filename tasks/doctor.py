"""``python app.py doctor``: looks at every part of the installation and says how to mend it."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import redis
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from storage.artifacts import artifacts
from storage.database import engine, read_session
from storage.entities import StorageError
from storage.progress import connect
from storage.redis_server import RedisServerError, find_binary
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.workers import WorkerStore
from tasks import preflight
from tasks.bench_lock import holder
from tasks.health import LOW_DISK_BYTES, alive_workers
from tasks.terminal import say

OLDEST_PYTHON = (3, 11)
PACKAGES = (
    "numpy", "scipy", "scikit-learn", "sqlalchemy", "alembic", "celery", "redis", "pydantic",
    "dash", "dash-mantine-components", "dash-ag-grid", "plotly", "fastapi", "uvicorn", "h5py",
    "obstore", "pyarrow", "reportlab", "safetensors", "sktime",
)  # fmt: skip
MEND_PACKAGES = "run make run, which installs what is missing"


@dataclass(frozen=True)
class Finding:
    """One looked-at part; ``mend`` is "" when it is well."""

    part: str
    fact: str
    mend: str = ""


def examine() -> int:
    """Look at everything and say it; gives 1 when something needs mending."""
    problems = 0
    for finding in findings():
        mark = "problem" if finding.mend else "ok"
        mend = f" -> {finding.mend}" if finding.mend else ""
        say(f"{mark:<8} {finding.part:<12} {finding.fact}{mend}")
        problems += bool(finding.mend)
    return 1 if problems else 0


def findings() -> Iterator[Finding]:
    """Give the findings one by one, as they are made."""
    for look in (
        _python, _packages, _torch, _data_folder, _disk, _files, _bench, _port, _database, _redis,
        _workers,
    ):  # fmt: skip
        yield look()


def _python() -> Finding:
    fact = f"{platform.python_version()} at {sys.executable}"
    old = sys.version_info < OLDEST_PYTHON
    return Finding("Python", fact, "install Python 3.11 or newer" if old else "")


def _packages() -> Finding:
    missing = []
    for name in PACKAGES:
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("packages", f"missing: {', '.join(missing)}", MEND_PACKAGES)
    return Finding("packages", f"{len(PACKAGES)} of {len(PACKAGES)} there")


def _torch() -> Finding:
    if find_spec("torch") is None:
        return Finding("torch", "missing, networks cannot be trained", MEND_PACKAGES)
    try:
        torch = importlib.import_module("torch")
    except (ImportError, OSError) as error:
        return Finding("torch", f"cannot be loaded ({error})", MEND_PACKAGES)
    device = "GPU " + torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU only"
    return Finding("torch", f"{torch.__version__}, {device}")


def _data_folder() -> Finding:
    try:
        preflight.check_data_folder()
    except preflight.PreflightError as error:
        return Finding("data folder", str(settings().data.resolve()), str(error))
    return Finding("data folder", f"{settings().data.resolve()} can be written")


def _disk() -> Finding:
    try:
        free = shutil.disk_usage(settings().data).free
    except OSError as error:
        return Finding("disk", f"{error.strerror}", "choose another folder with SIGNALBENCH_DATA")
    mend = "delete old runs or data sets" if free < LOW_DISK_BYTES else ""
    return Finding("disk", f"{free / 1e9:.1f} GB free", mend)


def _files() -> Finding:
    try:
        root = artifacts().root
    except StorageError as error:
        return Finding("files", "not usable", str(error))
    if not shared_files().remote:
        return Finding("files", f"results are kept in {root}")
    url = settings().artifact_url_given
    why = shared_files().check()
    if why:
        mend = "check ARTIFACT_URL, the AWS_ variables and that the store runs"
        return Finding("files", f"{url} cannot be used ({why})", mend)
    return Finding("files", f"{url} takes and gives files; the data folder is a cache of it")


def _bench() -> Finding:
    found = holder()
    if found is None:
        return Finding("bench", "not running on this data folder")
    return Finding("bench", f"running as process {found.pid} {found.url}".rstrip())


def _port() -> Finding:
    found = holder()
    if found is not None and found.url.endswith(f":{settings().port}"):
        return Finding("port", f"{settings().port} is served by the bench")
    try:
        preflight.take_port().close()
    except preflight.PreflightError as error:
        return Finding("port", f"{settings().port}", str(error))
    return Finding("port", f"{settings().port} is free")


def _database() -> Finding:
    url = preflight.without_password(settings().database_url)
    try:
        preflight.bring_database_up_to_date()
        damage = _integrity()
    except preflight.PreflightError as error:
        return Finding("database", url, str(error))
    except DatabaseError as error:
        return Finding("database", f"{url} ({error.orig})", "restore a backup of the database")
    if damage:
        return Finding("database", f"{url} is damaged ({damage})", "restore a backup of the file")
    return Finding("database", f"{url} is whole and up to date")


def _integrity() -> str:
    """Give what SQLite finds damaged, "" when nothing; other databases look after themselves."""
    if engine().dialect.name != "sqlite":
        return ""
    with read_session() as session:
        first = str(session.execute(text("PRAGMA quick_check(1)")).scalar())
    return "" if first == "ok" else first


def _redis() -> Finding:
    if not settings().embedded_redis:
        return _looked_at(preflight.check_given_redis, "Redis", "the one of REDIS_URL answers")
    if holder() is None:
        try:
            return Finding("Redis", f"embedded, {find_binary()} will be started")
        except RedisServerError as error:
            return Finding("Redis", "no server found", str(error))
    try:
        connect(settings().redis_url).ping()
    except (redis.RedisError, OSError) as error:
        return Finding("Redis", f"does not answer ({error})", "restart Signalbench")
    return Finding("Redis", "embedded, answers")


def _looked_at(check: Callable[[], None], part: str, fact: str) -> Finding:
    try:
        check()
    except preflight.PreflightError as error:
        return Finding(part, "not usable", str(error))
    return Finding(part, fact)


def _workers() -> Finding:
    try:
        alive, missing = alive_workers(), WorkerStore().lost()
    except SQLAlchemyError:
        return Finding("workers", "unknown, the database does not say", "mend the database first")
    if alive and missing:
        names = ", ".join(worker.name for worker in missing)
        return Finding("workers", f"{names} fell silent", "start it again, or look at its machine")
    if alive:
        return Finding("workers", ", ".join(worker.name for worker in alive) + " alive")
    running = holder() is not None or not settings().embedded_redis
    mend = "start one: python app.py worker" if running else ""
    return Finding("workers", f"none alive ({os.cpu_count()} CPUs here)", mend)
