"""Readers of instruments' files, one module per format, found by magic bytes or extension."""

from __future__ import annotations

import os
import stat
from importlib import import_module
from pathlib import Path

from integrations.core.data.readers.base import (
    Reader,
    ReadError,
    ReadFile,
    ReadLimits,
    ReadSettings,
    Variable,
)

__all__ = [
    "EXTENSIONS",
    "ReadError",
    "ReadFile",
    "ReadLimits",
    "ReadSettings",
    "Reader",
    "Variable",
    "open_file",
]

# Modules are imported when a file of theirs turns up: Arrow, SciPy and HDF5 cost half a second.
_READERS = (
    ("numpy_file", "NpyReader", (".npy",), (b"\x93NUMPY",)),
    ("numpy_file", "NpzReader", (".npz",), (b"PK\x03\x04", b"PK\x05\x06")),
    ("matlab_file", "MatlabReader", (".mat",), (b"MATLAB ",)),
    ("hdf5_file", "Hdf5Reader", (".h5", ".hdf5", ".hdf"), (b"\x89HDF\r\n\x1a\n",)),
    ("wav_file", "WavReader", (".wav", ".wave"), (b"RIFF", b"RF64")),
    ("parquet_file", "ParquetReader", (".parquet", ".pq"), (b"PAR1",)),
    ("csv_file", "CsvReader", (".csv", ".tsv", ".txt", ".dat", ".asc"), ()),
)
EXTENSIONS = tuple(extension for _, _, extensions, _ in _READERS for extension in extensions)
_KNOWN = "CSV, NPZ, NPY, MAT, HDF5, WAV or Parquet"


def open_file(path: Path, settings: ReadSettings | None = None) -> ReadFile:
    """Open one uploaded file with the reader that suits it; content counts before the name.

    Raises:
        ReadError: No reader knows it, or its reader refuses it, in one sentence.
    """
    head = _head(path)
    extension = path.suffix.lower()
    module, name, extensions = _choose(head, extension)
    reader: Reader = getattr(import_module(f"{__name__}.{module}"), name)()
    opened = reader.open(path, settings or ReadSettings())
    if extension in extensions or extension not in EXTENSIONS:
        return opened
    note = f"The name ends in {extension}, but the content is {reader.format}; it was read as that."
    return ReadFile(**{**opened.__dict__, "warnings": (*opened.warnings, note)})


def _choose(head: bytes, extension: str) -> tuple[str, str, tuple[str, ...]]:
    for module, name, extensions, magics in _READERS:
        if magics and head.startswith(magics):
            if name == "NpzReader" and extension not in (".npz", ".npy"):
                break
            return module, name, extensions
    for module, name, extensions, magics in _READERS:
        if extension in extensions:
            if magics and not (name == "MatlabReader" and b"\x89HDF\r\n\x1a\n" in head):
                raise ReadError(
                    f"The content is not what {extension} files hold. Check that the file was "
                    "exported and copied whole."
                )
            return module, name, extensions
    if head.startswith(b"PK"):
        raise ReadError("This is an archive. Unpack it and drop the folder with its files here.")
    raise ReadError(f"This kind of file is not known. Export it as {_KNOWN}.")


def _head(path: Path) -> bytes:
    """Open without following links, refuse all but plain files, give the first bytes."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ReadError("This is a link or cannot be opened. Upload the file itself.") from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ReadError("This is no plain file. Upload the file itself.")
        head = os.read(handle, 1024)
    finally:
        os.close(handle)
    if not head:
        raise ReadError("The file is empty. Record or export it again.")
    return head
