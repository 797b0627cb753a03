"""How the installation is doing, for the health route, the home page and ``doctor``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from storage import progress
from storage.database import read_session
from storage.settings import settings
from storage.stores.workers import WorkerEntity, WorkerStore
from tasks.crew import Verdict, look_at_runs, look_at_workers
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
    """Look at database, Redis, workers, runs and disk; never raises."""
    database = database_check()
    checks = {"database": database, "redis": _redis()}
    for name, look in (("workers", look_at_workers), ("runs", look_at_runs)):
        checks[name] = _crew(look) if database.status == "ok" else database
    checks["disk"] = _disk()
    if database.status == "problem":
        return Health("down", checks)
    well = all(check.status != "problem" for check in checks.values())
    return Health("ok" if well else "degraded", checks)


def alive_workers() -> list[WorkerEntity]:
    """Give the workers that gave a sign of life within the last seconds."""
    return WorkerStore().alive()


def database_check() -> Check:
    """Ask the database for an answer; never raises."""
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


def _crew(look: Callable[[], Verdict]) -> Check:
    try:
        return Check(*look())
    except SQLAlchemyError:
        return Check("problem", "The database does not say how workers and runs are.")


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
