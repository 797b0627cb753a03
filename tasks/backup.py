"""``python app.py backup``: database, data sets, artifacts and checkpoints in one zip file.

It is taken while runs go on: the database is read in one transaction, files are never changed
once a row points to them, and the checkpoints of open runs are linked before that transaction.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select

from storage import dump
from storage.artifacts import artifacts, link_or_copy
from storage.database import read_session
from storage.entities import DatasetStatus, Status, StorageError
from storage.models import Experiment
from storage.run_log import log_file
from storage.settings import VERSION, settings
from storage.shared_files import shared_files
from tasks.archive import ArchiveWriter
from tasks.house_lock import files_stay
from tasks.import_jobs import BUILTIN_MARK

log = logging.getLogger("signalbench.backup")
FORMAT = "signalbench-backup"
STAGING = ".backup-"
LINK_TRIES = 200
Say = Callable[[str], None]


@dataclass(frozen=True)
class Pointer:
    """Where a run goes on: its checkpoint below the runs folder, "" for the beginning."""

    checkpoint: str = ""
    sha256: str = ""


@dataclass
class BackupSummary:
    """What a backup holds; ``missing`` files were gone already when it was made."""

    path: Path
    rows: int = 0
    files: int = 0
    bytes: int = 0
    missing: list[str] = field(default_factory=list)


def back_up(target: Path, say: Say) -> BackupSummary:
    """Write everything worth keeping into one archive, while runs go on.

    Args:
        target: The zip file; one of that name is replaced when the new one is whole.
        say: Takes sentences about what is being done.

    Raises:
        HouseBusyError: Old files are being removed at this moment.
        OSError: The target cannot be written, or its disk is full.
    """
    staging = settings().data / f"{STAGING}{os.getpid()}"
    with files_stay():
        sweep_staging()
        try:
            return _write(target, staging, say)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def sweep_staging() -> None:
    """Remove the links that a backup left behind which did not end by itself."""
    for folder in settings().data.glob(f"{STAGING}*"):
        if not Path(f"/proc/{folder.name.removeprefix(STAGING)}").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _write(target: Path, staging: Path, say: Say) -> BackupSummary:
    say("Linking the checkpoints of open runs")
    pointers = {number: _link_checkpoint(number, staging) for number in _resumable()}
    summary = BackupSummary(target)
    with ArchiveWriter(target) as archive:
        say("Reading the database")
        with dump.snapshot() as connection:
            counts = _write_rows(archive, connection, pointers)
            wanted = list(_wanted_files(connection))
            revision = dump.revision(connection)
        say("Copying files")
        for number in pointers:
            _add_tree(archive, staging / str(number), f"files/runs/{number}", summary)
        for name, path in wanted:
            _add(archive, name, path, summary)
        summary.rows = sum(counts.values())
        summary.files = len(archive.files)
        summary.bytes = sum(item.bytes for item in archive.files)
        archive.finish(
            {
                "format": FORMAT,
                "version": 1,
                "program": VERSION,
                "revision": revision,
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "rows": counts,
                "missing": summary.missing,
            }
        )
    return summary


def _resumable() -> list[int]:
    """Give the runs that go on from a checkpoint, by themselves or by Retry."""
    with read_session() as session:
        return list(
            session.scalars(
                select(Experiment.id).where(
                    Experiment.checkpoint != "",
                    Experiment.status != Status.COMPLETED,
                    Experiment.deleted_at.is_(None),
                )
            )
        )


def _link_checkpoint(number: int, staging: Path) -> Pointer:
    """Link a run's checkpoints so that the one the database points to is among them.

    While the pointer stays what it was, none of the files that belong to it is removed: so the
    links made between two equal looks at it belong together.
    """
    for _ in range(LINK_TRIES):
        pointer = _pointer(number)
        if not pointer.checkpoint:
            return pointer
        source = settings().runs_folder / pointer.checkpoint
        folder = staging / pointer.checkpoint
        shutil.rmtree(staging / str(number), ignore_errors=True)
        _link_all(source, folder.parent)
        if _pointer(number) == pointer:
            return pointer if folder.is_file() else Pointer()
    log.warning("The checkpoint of run %d changes too quickly to be copied", number)
    return Pointer()


def _link_all(checkpoint: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    try:
        if not checkpoint.exists():
            # Another host works on it. Its folder here must stay away, or be whole.
            for path in shared_files().listed(checkpoint.parent):
                shared_files().copy(path, target / path.name)
            return
        for path in checkpoint.parent.iterdir():
            if path.is_file() and path.suffix != ".tmp":
                link_or_copy(path, target / path.name)
    except (FileNotFoundError, StorageError) as error:
        # It moved on meanwhile, or is gone for good; the caller looks which.
        log.info("A checkpoint was not linked: %s", error)


def _pointer(number: int) -> Pointer:
    with read_session() as session:
        row = session.get(Experiment, number)
        if row is None or row.status == Status.COMPLETED:
            return Pointer()
        return Pointer(row.checkpoint, row.checkpoint_sha256)


def _write_rows(
    archive: ArchiveWriter, connection: Connection, pointers: dict[int, Pointer]
) -> dict[str, int]:
    return {
        table.name: archive.add_lines(
            f"rows/{table.name}.jsonl", map(dump.to_line, _rows(connection, table, pointers))
        )
        for table in dump.tables()
    }


def _rows(
    connection: Connection, table: Table, pointers: dict[int, Pointer]
) -> Iterator[dict[str, Any]]:
    for row in dump.rows_of(connection, table):
        if table.name == "experiment":
            # Epochs committed since the links were made are computed again, to the same numbers.
            pointer = pointers.get(row["id"], Pointer())
            row |= {"checkpoint": pointer.checkpoint, "checkpoint_sha256": pointer.sha256}
        yield row


def _wanted_files(connection: Connection) -> Iterator[tuple[str, Path]]:
    """Give the files that the rows of a snapshot need, by their names in the archive."""
    tables = {table.name: table for table in dump.tables()}
    for (path,) in connection.execute(select(tables["artifact"].c.path)):
        yield f"files/artifacts/{path}", artifacts().place(path)
    experiment = tables["experiment"]
    numbers = select(experiment.c.id).where(experiment.c.purged_at.is_(None))
    for (number,) in connection.execute(numbers):
        for path in (log_file(number), settings().runs_folder / str(number) / "machine.json"):
            if shared_files().ensure(path).exists():
                yield f"files/runs/{number}/{path.name}", path
    yield from _dataset_files(connection, tables["dataset"])


def _dataset_files(connection: Connection, dataset: Table) -> Iterator[tuple[str, Path]]:
    chosen = select(dataset.c.id, dataset.c.folder, dataset.c.status).where(
        dataset.c.deleted_at.is_(None)
    )
    for number, folder, status in connection.execute(chosen):
        if status == DatasetStatus.READY:
            yield from _tree(f"files/datasets/{folder}", settings().datasets_folder / folder)
        elif settings().uploads_folder.joinpath(str(number)).is_dir():
            yield from _tree(f"files/uploads/{number}", settings().uploads_folder / str(number))
    mark = settings().datasets_folder / BUILTIN_MARK
    if mark.exists():
        yield f"files/datasets/{BUILTIN_MARK}", mark


def _tree(name: str, folder: Path) -> Iterator[tuple[str, Path]]:
    shared_files().ensure(folder)
    if not folder.is_dir():
        yield name, folder
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"{name}/{path.relative_to(folder).as_posix()}", path


def _add_tree(archive: ArchiveWriter, folder: Path, name: str, summary: BackupSummary) -> None:
    for inner, path in _tree(name, folder) if folder.is_dir() else ():
        _add(archive, inner, path, summary)


def _add(archive: ArchiveWriter, name: str, path: Path, summary: BackupSummary) -> None:
    try:
        archive.add_file(name, shared_files().ensure(path))
    except (FileNotFoundError, IsADirectoryError):
        summary.missing.append(name)
