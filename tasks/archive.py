"""Zip archives of ours: written with the SHA-256 of every file, and read as if an enemy had."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MANIFEST = "manifest.json"
MANIFEST_BYTES = 256 << 20
LINE_BYTES = 64 << 20
MAX_ENTRIES = 1_000_000
MAX_RATIO = 200
RATIO_FROM_BYTES = 1 << 20
"""Entries smaller than this may shrink as much as they like."""
PIECE_BYTES = 1 << 20
SPARE_BYTES = 200 << 20


class ArchiveError(Exception):
    """An archive cannot be read; the text is a sentence for the user."""


@dataclass(frozen=True)
class PackedFile:
    """A file in an archive, as its manifest names it."""

    path: str
    bytes: int
    sha256: str


class ListedFile(BaseModel):
    """A file as a manifest from outside claims it to be."""

    model_config = ConfigDict(extra="ignore")

    path: str = Field(max_length=1000)
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class ArchiveWriter:
    """Writes an archive beside its place and moves it there when it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self.files: list[PackedFile] = []

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._zip = zipfile.ZipFile(self._part, "w", zipfile.ZIP_STORED, allowZip64=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        if kind is not None:
            with contextlib.suppress(OSError, ValueError):
                self._zip.close()
        self._part.unlink(missing_ok=True)

    def add_lines(self, name: str, lines: Iterable[bytes]) -> int:
        """Write lines, compressed; gives their number."""
        about = zipfile.ZipInfo(name)
        about.compress_type = zipfile.ZIP_DEFLATED
        count = 0
        with self._zip.open(about, "w", force_zip64=True) as file:
            for count, line in enumerate(lines, start=1):  # noqa: B007 - counted
                file.write(line)
        return count

    def add_file(self, name: str, source: Path) -> PackedFile:
        """Write a file as it is, and note what was written of it.

        Raises:
            OSError: It cannot be read, or the archive not be written.
        """
        digest, size = hashlib.sha256(), 0
        with source.open("rb") as given, self._open(name) as file:
            while piece := given.read(PIECE_BYTES):
                digest.update(piece)
                size += len(piece)
                file.write(piece)
        packed = PackedFile(name, size, digest.hexdigest())
        self.files.append(packed)
        return packed

    def finish(self, manifest: dict[str, Any]) -> None:
        """Add the manifest with the list of files, and put the archive into its place.

        Raises:
            OSError: The disk is full.
        """
        content = manifest | {"files": [asdict(file) for file in self.files]}
        self.add_lines(MANIFEST, [json.dumps(content, indent=1).encode()])
        self._zip.close()
        with self._part.open("rb") as file:
            os.fsync(file.fileno())
        self._part.replace(self._path)

    def _open(self, name: str) -> IO[bytes]:
        return self._zip.open(zipfile.ZipInfo(name), "w", force_zip64=True)


class ArchiveReader:
    """Reads an archive after every name, size and ratio in it was looked at."""

    def __init__(self, path: Path, expected_format: str) -> None:
        """Open and check an archive.

        Args:
            path: The file.
            expected_format: What its manifest must say it is.

        Raises:
            ArchiveError: It is no such archive, or dangerous.
        """
        try:
            self._zip = zipfile.ZipFile(path)
            self._entries = _checked(self._zip, path.stat().st_size)
            self.manifest = _manifest(self._zip, self._entries, expected_format)
            listed = [ListedFile.model_validate(item) for item in self.manifest.get("files", [])]
        except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError, zlib.error) as error:
            raise ArchiveError(
                f"“{path.name}” is damaged or no zip file. Make or copy it again."
            ) from error
        except (ValidationError, TypeError) as error:
            raise ArchiveError(f"The list of files in “{path.name}” cannot be read.") from error
        self.files = {file.path: file for file in listed if file.path in self._entries}
        self.name = path.name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def total_bytes(self) -> int:
        """Bytes of all files when they are unpacked."""
        return sum(file.bytes for file in self.files.values())

    def check_room(self, folder: Path) -> None:
        """See that the files find room.

        Raises:
            ArchiveError: They do not.
        """
        free = shutil.disk_usage(folder).free
        if self.total_bytes + SPARE_BYTES > free:
            raise ArchiveError(
                f"“{self.name}” needs {self.total_bytes / 1e9:.1f} GB and only {free / 1e9:.1f} GB "
                "are free. Make room and try again."
            )

    def lines(self, name: str) -> Iterator[bytes]:
        """Give the lines of an entry; none when there is no such entry.

        Raises:
            ArchiveError: The entry is damaged or a line too long.
        """
        if name not in self._entries:
            return
        try:
            with self._zip.open(self._entries[name]) as file:
                while line := file.readline(LINE_BYTES):
                    if not line.endswith(b"\n"):
                        raise ArchiveError(f"“{name}” in “{self.name}” is damaged.")
                    yield line
        except (zipfile.BadZipFile, EOFError, zlib.error, OSError) as error:
            raise ArchiveError(f"“{name}” in “{self.name}” is damaged.") from error

    def extract(self, name: str, target: Path) -> None:
        """Unpack one listed file and compare it with its SHA-256.

        Raises:
            ArchiveError: It is damaged, or not what the manifest says.
            OSError: The disk is full.
        """
        listed, digest, size = self.files[name], hashlib.sha256(), 0
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for piece in self._pieces(name):
                size += len(piece)
                if size > listed.bytes:
                    break
                digest.update(piece)
                file.write(piece)
        if size != listed.bytes or digest.hexdigest() != listed.sha256:
            raise ArchiveError(
                f"“{name}” in “{self.name}” is not what its list says (SHA-256). The archive was "
                "damaged on its way; copy it again."
            )

    def _pieces(self, name: str) -> Iterator[bytes]:
        with self._zip.open(self._entries[name]) as packed:
            while True:
                try:
                    piece = packed.read(PIECE_BYTES)
                except (zipfile.BadZipFile, EOFError, zlib.error) as error:
                    raise ArchiveError(f"“{name}” in “{self.name}” is damaged.") from error
                if not piece:
                    return
                yield piece


def _checked(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        raise ArchiveError("The archive holds too many files.")
    if sum(info.compress_size for info in infos) > size:
        raise ArchiveError("The archive's entries overlap; it was made to do harm.")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        if info.is_dir():
            continue
        if not is_safe_name(info.filename) or stat.S_ISLNK(info.external_attr >> 16):
            raise ArchiveError("The archive holds names that lead out of it; it is not used.")
        if info.filename in found:
            raise ArchiveError("The archive holds a name twice; it is not used.")
        large = info.file_size > RATIO_FROM_BYTES
        if large and info.file_size > MAX_RATIO * max(1, info.compress_size):
            raise ArchiveError("The archive unpacks to much more than it is; it is not used.")
        if info.flag_bits & 0x1:
            raise ArchiveError("The archive is encrypted. Export it without a password.")
        found[info.filename] = info
    return found


def is_safe_name(name: str) -> bool:
    """Tell whether a name in an archive stays below the folder it is unpacked to."""
    if not name or len(name) > 1000 or "\\" in name or ":" in name or "\0" in name:
        return False
    parts = PurePosixPath(name).parts
    clean = all(part not in ("", ".", "..") and part.isprintable() for part in parts)
    return clean and not name.startswith("/") and "/".join(parts) == name


def _manifest(
    archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], expected: str
) -> dict[str, Any]:
    info = entries.get(MANIFEST)
    if info is None or info.file_size > MANIFEST_BYTES:
        raise ArchiveError(
            "The archive has no manifest: it is damaged, or was not made by Signalbench."
        )
    try:
        manifest = json.loads(archive.read(info))
    except (ValueError, RecursionError) as error:
        raise ArchiveError("The archive's manifest cannot be read.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != expected:
        kind = str(manifest.get("format", "")) if isinstance(manifest, dict) else ""
        raise ArchiveError(_wrong_kind(kind, expected))
    if manifest.get("version") != 1:
        raise ArchiveError("The archive was written by a newer Signalbench. Update this one.")
    return manifest


def _wrong_kind(kind: str, expected: str) -> str:
    if kind == "signalbench-backup":
        return "This is a backup of a whole bench. Use python app.py restore FILE.zip for it."
    if kind == "signalbench-experiments":
        return "These are exported experiments. Import them under Settings → Storage."
    return f"This zip file was not made by Signalbench ({expected} was expected)."
