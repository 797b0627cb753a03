"""``python app.py backup`` and ``restore``: what they say on the terminal."""

from __future__ import annotations

import zipfile
from pathlib import Path

from integrations.core.data.readers.base import byte_text
from storage.entities import StorageError
from storage.settings import settings
from tasks.archive import ArchiveError
from tasks.backup import back_up
from tasks.house_lock import HouseBusyError
from tasks.preflight import bring_database_up_to_date, check_data_folder
from tasks.restore import RestoreError, restore
from tasks.terminal import complain, say

SHOWN_MISSING = 10


def backup_command(target: str) -> int:
    """Back the bench up, whether it runs or not; gives the exit code.

    Raises:
        PreflightError: The data folder or the database cannot be used.
    """
    path = _with_suffix(target)
    check_data_folder()
    bring_database_up_to_date()
    try:
        summary = back_up(path, say)
    except (HouseBusyError, StorageError) as error:
        complain(str(error))
        return 1
    except (OSError, zipfile.BadZipFile) as error:
        complain(f"The backup could not be written to {path} ({error}). Nothing was changed.")
        return 1
    say(
        f"{summary.rows} rows and {summary.files} files ({byte_text(summary.bytes)}) are in "
        f"{summary.path}"
    )
    for name in summary.missing[:SHOWN_MISSING]:
        complain(f"Missing before the backup already: {name.removeprefix('files/')}")
    if len(summary.missing) > SHOWN_MISSING:
        complain(f"… and {len(summary.missing) - SHOWN_MISSING} more files.")
    return 0


def restore_command(source: str, *, force: bool) -> int:
    """Fill an empty bench from a backup; gives the exit code.

    Raises:
        PreflightError: The data folder or the database cannot be used.
        FolderInUseError: A bench runs on the data folder.
    """
    check_data_folder()
    bring_database_up_to_date()
    try:
        summary = restore(Path(source), say, force=force)
    except (ArchiveError, RestoreError, StorageError) as error:
        complain(str(error))
        return 1
    except OSError as error:
        complain(f"The backup could not be restored ({error}). Check the free space and rights.")
        return 1
    say(f"{summary.rows} rows and {summary.files} files are in {settings().data.resolve()}")
    if summary.open_runs:
        runs = "run goes" if summary.open_runs == 1 else "runs go"
        say(f"{summary.open_runs} {runs} on when the bench starts")
    if summary.aside is not None:
        say(f"What was there before is in {summary.aside}")
    return 0


def _with_suffix(target: str) -> Path:
    path = Path(target)
    if path.is_dir():
        path /= "signalbench-backup.zip"
    return path if path.suffix else path.with_suffix(".zip")
