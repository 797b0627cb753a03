"""Writes files so that a crash or a full disk leaves the old one or the new one, never a piece."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO

Wait = Callable[[OSError], None]
WRITE_ATTEMPTS = 3

_wait: ContextVar[Wait | None] = ContextVar("wait", default=None)


class UnreadableFileError(OSError):
    """What was written could not be read back."""


def is_full(error: BaseException) -> bool:
    """Tell whether a file could not be written for want of room."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def waiting_when_full(wait: Wait | None) -> Iterator[None]:
    """Let the files written inside this block wait for room instead of failing.

    Args:
        wait: Called with the error of a full disk; returns when trying again makes sense, or
            raises. None fails at once, as outside of such a block.
    """
    token = _wait.set(wait)
    try:
        yield
    finally:
        _wait.reset(token)


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write to a temporary file, fsync it, rename it, fsync the folder.

    Args:
        path: Where the file shall be; missing folders are made.
        write: Given the open temporary file; called again where a full disk got room.

    Raises:
        OSError: The disk is full and nobody waits for room, or the folder cannot be written.
    """
    temporary = path.with_name(path.name + ".tmp")
    while True:
        try:
            _write(path, temporary, write)
            return
        except OSError as error:
            wait = _wait.get()
            temporary.unlink(missing_ok=True)
            if wait is None or not is_full(error):
                raise
            wait(error)


def write_proven(path: Path, content: bytes | memoryview, prove: Callable[[Path], object]) -> None:
    """Write a file atomically and make sure that it can be read back as it was meant.

    Args:
        path: Where the file shall be.
        content: What it shall hold.
        prove: Reads the finished file; raises where that does not work.

    Raises:
        UnreadableFileError: The disk gave something else back, several times.
        OSError: See ``write_atomically``.
    """
    wanted = hashlib.sha256(content).digest()
    for _ in range(WRITE_ATTEMPTS):
        write_atomically(path, lambda file: file.write(content))
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").digest()
        if found == wanted:
            prove(path)
            return
    path.unlink(missing_ok=True)
    raise UnreadableFileError(errno.EIO, "it could not be read back", str(path))


def _write(path: Path, temporary: Path, write: Callable[[BinaryIO], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
