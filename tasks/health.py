"""How the installation is doing, for the health route, the home page and ``doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from storage import progress
from storage.database import read_session
from storage.settings import settings
from storage.stores.workers import WorkerEntity, WorkerStore
from tasks.disk import disk_state

LOW_DISK_BYTES = 1_000_000_000
FULL_DISK_BYTES = 200_000_000
State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Check:
    """One looked-at part; ``message`` says what is so and, where it is not well, what to do."""

    status: State
    message: str


@dataclass(frozen=True)
class Health:
    """All checks; "ok" when everything works, "down" without database, else "degraded"."""

    status: Literal["ok", "degraded", "down"]
    checks: dict[str, Check]


def health() -> Health:
    """Look at database, Redis, workers and disk; never raises."""
    database = _database()
    checks = {"database": database, "redis": _redis()}
    checks["workers"] = _workers() if database.status == "ok" else database
    checks["disk"] = _disk()
    if database.status == "problem":
        return Health("down", checks)
    well = all(check.status != "problem" for check in checks.values())
    return Health("ok" if well else "degraded", checks)


def alive_workers() -> list[WorkerEntity]:
    """Give the workers that gave a sign of life within the last seconds."""
    return WorkerStore().alive()


def _database() -> Check:
    try:
        with read_session() as session:
            session.scalar(select(1))
    except (SQLAlchemyError, OSError):
        return Check(
            "problem", "The database does not answer. Check that it runs and the disk has room."
        )
    kind = settings().database_url.split(":")[0].split("+")[0]
    return Check("ok", {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(kind, kind))


def _redis() -> Check:
    try:
        answers = progress.ping()
    except OSError:
        answers = False
    if answers:
        return Check("ok", "Redis answers")
    return Check(
        "problem",
        "Redis does not answer. Runs go on and their epochs are kept; live figures wait until it "
        "is back.",
    )


def _workers() -> Check:
    try:
        alive = alive_workers()
    except SQLAlchemyError:
        return Check("problem", "The database does not say which workers are alive.")
    if not alive:
        return Check("problem", "No worker is alive, so nothing is trained. Restart Signalbench.")
    slots = sum(worker.slots for worker in alive)
    return Check("ok", f"{len(alive)} alive, {slots} {'run' if slots == 1 else 'runs'} at a time")


def _disk() -> Check:
    try:
        state = disk_state()
    except OSError:
        return Check("problem", "The data folder cannot be read. Check SIGNALBENCH_DATA.")
    text = f"{state.free_bytes / 1e9:.1f} GB free, {state.percent:.0f} % used"
    if state.level == "full" or state.free_bytes < FULL_DISK_BYTES:
        return Check("problem", f"{text}. No run is started; make room, e.g. in the settings.")
    if state.level == "warning" or state.free_bytes < LOW_DISK_BYTES:
        return Check("warning", f"{text}. Make room soon, e.g. under Settings → Storage.")
    return Check("ok", text)
