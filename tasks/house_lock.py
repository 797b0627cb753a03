"""Keeps a backup and the clean-up apart: what the one copies, the other must not remove."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from storage.settings import settings


class HouseBusyError(Exception):
    """Somebody else is at the files; the text says what to do."""


@contextmanager
def files_stay() -> Iterator[None]:
    """Let nobody clean up in this data folder during the block; several may hold this at once.

    Raises:
        HouseBusyError: Files are being removed right now.
    """
    with _lock(fcntl.LOCK_SH, "Old files are being removed. Try again in a minute."):
        yield


@contextmanager
def files_may_go() -> Iterator[None]:
    """Be the only one who removes files in this data folder during the block.

    Raises:
        HouseBusyError: A backup or an export is being made.
    """
    with _lock(fcntl.LOCK_EX, "A backup or export is being made. The clean-up waits for it."):
        yield


@contextmanager
def _lock(kind: int, busy: str) -> Iterator[None]:
    with (settings().data / "house.lock").open("a") as file:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HouseBusyError(busy) from None
        yield
