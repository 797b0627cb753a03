"""What takes the room in the data folder, for the storage settings."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from storage.artifacts import artifacts
from storage.settings import settings
from tasks.disk import ballast_file

KEPT_SECONDS = 20.0
GROUPS = {
    "datasets": "Data sets",
    "artifacts": "Results and models",
    "runs": "Checkpoints and logs of runs",
    "uploads": "Uploads",
    "exports": "Exported archives",
}
DATABASE, OTHER = "Database", "Logs and other files"
RESERVE = "Reserve for a full disk"


@dataclass(frozen=True)
class Share:
    """A part of the data folder."""

    label: str
    bytes: int


def usage() -> list[Share]:
    """Give the bytes of each part of the data folder, the largest first; a few seconds old."""
    return _measured(settings().data, int(time.monotonic() / KEPT_SECONDS))


@lru_cache(maxsize=1)
def _measured(data: Path, _age: int) -> list[Share]:
    found = dict.fromkeys((*GROUPS.values(), DATABASE, RESERVE, OTHER), 0)
    seen: set[tuple[int, int]] = set()
    for entry in sorted(data.glob("*")):
        found[_label(entry)] += sum(_sizes(entry, seen))
    root = artifacts().root
    if not root.resolve().is_relative_to(data.resolve()):
        found[GROUPS["artifacts"]] += sum(_sizes(root, seen))
    shares = [Share(label, size) for label, size in found.items() if size]
    return sorted(shares, key=lambda share: -share.bytes)


def _label(entry: Path) -> str:
    if entry.name.startswith("signalbench.db"):
        return DATABASE
    if entry == ballast_file():
        return RESERVE
    return GROUPS.get(entry.name, OTHER)


def _sizes(path: Path, seen: set[tuple[int, int]]) -> Iterator[int]:
    """Give what each file takes on the disk; one with several names counts once."""
    try:
        if path.is_dir() and not path.is_symlink():
            with os.scandir(path) as entries:
                for entry in list(entries):
                    yield from _sizes(Path(entry.path), seen)
            return
        about = path.lstat()
    except OSError:
        # It went while we looked.
        return
    key = (about.st_dev, about.st_ino)
    if key not in seen:
        seen.add(key)
        yield about.st_blocks * 512
