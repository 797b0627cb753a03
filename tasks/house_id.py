"""Ties a data folder to its database: what one database does not know may be another's."""

from __future__ import annotations

import uuid
from pathlib import Path

from storage.settings import settings
from storage.stores.stored_settings import StoredSettings

KEY = "bench-id"
FILE = ".bench-id"


class ForeignFolderError(Exception):
    """The data folder belongs to another database; the text says what to do."""


def check_folder() -> None:
    """See that the files here are those of the database; ties the two on the first look.

    Raises:
        ForeignFolderError: They are another database's.
    """
    known, found = StoredSettings().get(KEY).get("id", ""), _read()
    if not known and not found:
        known = str(uuid.uuid4())
        StoredSettings().put(KEY, {"id": known})
    if not found and known:
        tie_folder()
    elif found != known:
        raise ForeignFolderError(
            "The data folder was used with another database, so no file of it is removed. Check "
            f"DATABASE_URL and SIGNALBENCH_DATA; if both are right, delete {FILE} in the folder."
        )


def tie_folder() -> None:
    """Write the database's name into the data folder, because its files were just put there."""
    known = StoredSettings().get(KEY).get("id", "")
    if known:
        _file().write_text(str(known), encoding="ascii")
    else:
        _file().unlink(missing_ok=True)


def _file() -> Path:
    return settings().data / FILE


def _read() -> str:
    try:
        return _file().read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
