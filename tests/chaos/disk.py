"""A disk small enough to be filled: a tmpfs, where this user may mount one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SIZE_BYTES = 768 * 1024**2
"""A run starts only where 500 MB are free."""
FIRST_PIECE = 64 * 1024**2


@dataclass
class SmallDisk:
    """A mounted file system and the file that fills it."""

    folder: Path

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def is_full(self) -> bool:
        """Tell whether we have filled it."""
        return self._filler.exists()

    def fill(self) -> None:
        """Take every byte that is left."""
        piece = FIRST_PIECE
        with self._filler.open("wb") as file:
            while piece:
                try:
                    os.posix_fallocate(file.fileno(), file.tell(), piece)
                    file.seek(piece, os.SEEK_CUR)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    piece //= 2

    def empty(self) -> bool:
        """Give the bytes back."""
        self._filler.unlink(missing_ok=True)
        return True


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk | None]:
    """Mount a small disk at a folder until the block ends; None where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    if not _mount(folder):
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run([_tool("umount"), "-l", folder], check=False, capture_output=True)


def keep_files(disk: SmallDisk, target: Path) -> None:
    """Copy what lies on the disk to where it can be looked at after the disk is gone."""
    disk.empty()
    with contextlib.suppress(OSError, shutil.Error):
        shutil.copytree(disk.folder, target, dirs_exist_ok=True)


def _mount(folder: Path) -> bool:
    mount = shutil.which("mount")
    if mount is None or os.getuid() != 0:
        return False
    options = f"size={SIZE_BYTES},mode=0700"
    command = [mount, "-t", "tmpfs", "-o", options, "chaos", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _tool(name: str) -> str:
    return shutil.which(name) or name
