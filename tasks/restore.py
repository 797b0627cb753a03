"""``python app.py restore``: makes an empty bench what another one was when it was backed up."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from storage import dump
from storage.artifacts import artifacts
from storage.database import engine, migrate
from storage.entities import JobStatus, Status
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.experiments import add_event
from tasks.archive import ArchiveError, ArchiveReader, ArchiveWriter
from tasks.backup import FORMAT, Say
from tasks.bench_lock import BenchLock
from tasks.health import alive_workers
from tasks.house_id import tie_folder

STAGING = ".restore-"
ASIDE = "before-restore-"
FOLDERS = ("datasets", "artifacts", "runs", "uploads")
RESTORED = "Restored from a backup; it goes on from its last checkpoint."


class RestoreError(Exception):
    """A backup cannot be restored; the text says why and what to do."""


@dataclass(frozen=True)
class RestoreSummary:
    """What was restored; ``aside`` is where the old files went, if there were any."""

    rows: int
    files: int
    open_runs: int
    aside: Path | None


def restore(source: Path, say: Say, *, force: bool = False) -> RestoreSummary:
    """Fill the data folder and the database from a backup.

    Args:
        source: The zip file.
        say: Takes sentences about what is being done.
        force: Move what is there aside instead of refusing.

    Raises:
        RestoreError: The bench is in use or not empty, or the backup is of another version.
        ArchiveError: The backup is damaged.
        FolderInUseError: A bench runs on the data folder.
        OSError: The disk is full.
    """
    lock = BenchLock()
    lock.take("")
    staging = settings().data / f"{STAGING}{os.getpid()}"
    try:
        migrate()
        with ArchiveReader(source, FORMAT) as archive:
            used = _check(archive, force=force)
            say("Unpacking and checking files")
            _unpack(archive, staging)
            aside = _move_aside(say) if used else None
            say("Putting files into place")
            _put_into_place(staging)
            say("Filling the database")
            rows, open_runs = _fill(archive)
            tie_folder()
            return RestoreSummary(rows, len(archive.files), open_runs, aside)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        lock.release()


def _check(archive: ArchiveReader, *, force: bool) -> bool:
    """Refuse what cannot be done before anything is changed; tells whether the bench was used."""
    workers = alive_workers()
    if workers:
        raise RestoreError(
            f"{len(workers)} workers still use this database ({workers[0].name}). Stop them first."
        )
    with dump.snapshot() as connection:
        revision, used = dump.revision(connection), not dump.is_empty(connection)
    if archive.manifest.get("revision") != revision:
        made_by = archive.manifest.get("program", "another version")
        raise RestoreError(
            f"The backup was made by Signalbench {made_by} with another form of the database. "
            "Restore it with that version, then update."
        )
    if used and not force:
        raise RestoreError(
            f"The bench on {settings().data.resolve()} is not empty. Choose an empty folder with "
            "SIGNALBENCH_DATA (and an empty database), or add --force: then what is there is moved "
            "aside."
        )
    archive.check_room(settings().data)
    return used


def _unpack(archive: ArchiveReader, staging: Path) -> None:
    for name in archive.files:
        top, _, rest = name.partition("/")
        if top != "files" or rest.split("/")[0] not in FOLDERS:
            raise ArchiveError(f"“{archive.name}” holds a file “{name}” that no backup has.")
        archive.extract(name, staging / rest)


def _move_aside(say: Say) -> Path:
    """Move the old files into a folder of their own; the old rows are written there too."""
    aside = settings().data / f"{ASIDE}{datetime.now(UTC):%Y%m%d-%H%M%S}"
    aside.mkdir()
    say(f"Moving what was there to {aside}")
    with ArchiveWriter(aside / "database.zip") as archive, dump.snapshot() as connection:
        for table in dump.tables():
            lines = map(dump.to_line, dump.rows_of(connection, table))
            archive.add_lines(f"rows/{table.name}.jsonl", lines)
        archive.finish({"format": FORMAT, "version": 1, "revision": dump.revision(connection)})
    for folder in FOLDERS:
        place = _place(folder)
        if place.exists():
            shutil.move(place, aside / folder)
    return aside


def _put_into_place(staging: Path) -> None:
    for folder in FOLDERS:
        target = _place(folder)
        for source in sorted((staging / folder).glob("*")):
            place = target / source.name
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_dir():
                shutil.rmtree(place)
            shutil.move(source, place)
            shared_files().publish(place)


def _place(folder: str) -> Path:
    return artifacts().root if folder == "artifacts" else settings().data / folder


def _fill(archive: ArchiveReader) -> tuple[int, int]:
    """Load all rows in one transaction; what ran then waits for a worker now."""
    open_runs: list[int] = []
    count = 0
    try:
        with dump.transaction() as connection:
            dump.wipe(connection)
            for table in dump.tables():
                count += dump.load(connection, table, _rows(archive, table, open_runs))
            dump.restart_counters(connection)
            _tell(connection, open_runs)
    except (ValueError, KeyError, SQLAlchemyError) as error:
        raise ArchiveError(f"The rows in “{archive.name}” cannot be stored: {error}") from error
    engine().dispose()
    return count, len(open_runs)


def _rows(archive: ArchiveReader, table: Table, open_runs: list[int]) -> Iterator[dict[str, Any]]:
    for line in archive.lines(f"rows/{table.name}.jsonl"):
        row = dump.from_line(table, line)
        if table.name == "experiment" and row["status"] == Status.RUNNING:
            open_runs.append(row["id"])
            row |= {"status": Status.PENDING.value} | _FREE
        elif table.name == "job" and row["status"] == JobStatus.RUNNING:
            row |= {"status": JobStatus.QUEUED.value} | _FREE
        elif table.name == "delivery" and row["status"] == "sending":
            row |= {"status": "queued"} | _FREE
        yield row


_FREE: dict[str, Any] = {"lease_owner": "", "lease_until": 0.0}


def _tell(connection: Connection, open_runs: list[int]) -> None:
    with Session(bind=connection) as session:
        for number in open_runs:
            add_event(session, number, "info", "restored", RESTORED)
        session.flush()
