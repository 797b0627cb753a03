"""One bench per data folder: a lock that ends with its process, and says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from storage.settings import settings


@dataclass(frozen=True)
class Holder:
    """Who uses the data folder; ``url`` is "" for a training from the command line."""

    pid: int
    url: str


class FolderInUseError(Exception):
    """Another process uses the data folder.

    Attributes:
        holder: Who it is.
    """

    def __init__(self, holder: Holder) -> None:
        where = f"serves at {holder.url}" if holder.url else "trains from the command line"
        super().__init__(
            f"A Signalbench already {where} (process {holder.pid}) on the data folder "
            f"{settings().data.resolve()}. Use that one, stop it, or choose another folder with "
            "SIGNALBENCH_DATA."
        )
        self.holder = holder


class BenchLock:
    """Holds the data folder from ``take`` until this process ends, however it ends."""

    def __init__(self) -> None:
        self._file: IO[str] | None = None

    def take(self, url: str) -> None:
        """Take the folder.

        Args:
            url: Where the bench will serve, "" when it does not.

        Raises:
            FolderInUseError: Another process has it.
        """
        file = _path().open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise FolderInUseError(_read_holder()) from None
        file.truncate(0)
        file.write(json.dumps(asdict(Holder(os.getpid(), url))))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let others have the folder."""
        if self._file is not None:
            self._file.close()
            self._file = None


def holder() -> Holder | None:
    """Give who uses the data folder at this moment, if anybody does."""
    try:
        with _path().open("r", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return _read_holder()


def _path() -> Path:
    return settings().data / "bench.lock"


def _read_holder() -> Holder:
    try:
        return Holder(**json.loads(_path().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Holder(0, "")
