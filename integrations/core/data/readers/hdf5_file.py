"""HDF5 files and MATLAB 7.3: only plain, local, ordinarily compressed data sets are opened.

External links, external storage and virtual data sets read other files of the server, and foreign
filters run other code; all of them are refused (CVE-2026-1669 is one such case).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from integrations.core.data.readers.base import (
    BLOCK_SAMPLES,
    BlockArray,
    ReadError,
    ReadFile,
    ReadSettings,
    Variable,
    byte_text,
    clean_text,
    rate_from_scalars,
    unique_names,
)

SIGNATURE = b"\x89HDF\r\n\x1a\n"
PLAIN_FILTERS = frozenset(
    {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
)
MAX_DEPTH = 8
MAX_CHANNELS_IN_ARRAY = 64
MAX_CHUNK_BYTES = 64 << 20
BROKEN = (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError)


@dataclass
class _Found:
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    scalars: dict[str, float] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    expanded: int = 0


class Hdf5Source:
    """Reads channels by slices."""

    def __init__(self, path: Path, places: dict[str, tuple[str, int]]) -> None:
        self._path = path
        self._places = places

    def blocks(self, names: Sequence[str]) -> Iterator[BlockArray]:
        """Give the named channels in blocks."""
        try:
            with h5py.File(self._path, "r", locking=False) as file:
                sets = [(file[self._places[n][0]], self._places[n][1]) for n in names]
                length = max(sets[0][0].shape)
                for start in range(0, length, BLOCK_SAMPLES):
                    rows = slice(start, min(start + BLOCK_SAMPLES, length))
                    yield np.stack([_slice(data, index, rows) for data, index in sets])
        except BROKEN as error:
            raise _damaged() from error

    def texts(self, name: str) -> Iterator[list[str]]:
        """Give nothing: texts of these files are single words and stand in the labels."""
        yield from ()


class Hdf5Reader:
    """HDF5 by any program."""

    format = "HDF5"
    extensions = (".h5", ".hdf5", ".hdf")

    def recognises(self, head: bytes) -> bool:
        """Look for the signature, also after a user block."""
        return head.startswith(SIGNATURE)

    def open(self, path: Path, settings: ReadSettings) -> ReadFile:
        """List the data sets and refuse what points outside."""
        return open_hdf5(path, settings, self.format)


def open_hdf5(path: Path, settings: ReadSettings, format_name: str) -> ReadFile:
    """Open an HDF5 file; shared with MATLAB 7.3.

    Raises:
        ReadError: It is damaged, claims too much, or points at other files.
    """
    found = _Found()
    try:
        with h5py.File(path, "r", locking=False) as file:
            _walk(file, "", found, path.stat().st_size, settings, depth=0)
    except BROKEN as error:
        raise _damaged() from error
    names, repeated = unique_names(list(found.places))
    rate, rate_source = rate_from_scalars(found.scalars)
    return ReadFile(
        path=path,
        format=format_name,
        variables=tuple(
            Variable(name, "number", length)
            for name, length in zip(names, found.lengths.values(), strict=True)
        ),
        source=Hdf5Source(path, dict(zip(names, found.places.values(), strict=True))),
        scalars=found.scalars,
        labels=found.labels,
        sampling_rate_hz=rate,
        rate_source=rate_source,
        warnings=(*found.warnings[:20], *repeated),
    )


def _walk(
    group: Any, prefix: str, found: _Found, stored: int, settings: ReadSettings, depth: int
) -> None:
    settings.limits.check_columns(len(group))
    for key in group:
        name = f"{prefix}{clean_text(key)}"
        link = group.get(key, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise ReadError(
                f"“{name}” is a link to another file, which is never followed. Save the "
                "values themselves."
            )
        if isinstance(link, h5py.SoftLink):
            found.warnings.append(f"“{name}” is a link and was left out.")
            continue
        if key.startswith("#"):
            continue
        item = group.get(key)
        if isinstance(item, h5py.Group):
            if depth < MAX_DEPTH:
                _walk(item, f"{name}.", found, stored, settings, depth + 1)
        elif isinstance(item, h5py.Dataset):
            _take(item, name, found, stored, settings)


def _take(data: Any, name: str, found: _Found, stored: int, settings: ReadSettings) -> None:
    _refuse_foreign(data, name)
    if data.attrs.get("MATLAB_class", b"") == b"char" and data.size <= 1000:
        found.labels[name] = clean_text("".join(map(chr, np.ravel(data[()].T).tolist())))
        return
    if h5py.check_string_dtype(data.dtype) is not None:
        if data.size == 1:
            found.labels[name] = clean_text(str(data.asstr(errors="replace")[()]))
        return
    if data.dtype.kind not in "fiub" or data.attrs.get("MATLAB_empty"):
        found.warnings.append(f"“{name}” holds no plain numbers and was left out.")
        return
    found.expanded += data.size * data.dtype.itemsize
    settings.limits.check_expansion(found.expanded, stored, f"“{name}”")
    _check_storage(data, name)
    if data.size == 1:
        found.scalars[name] = float(np.ravel(data[()])[0])
        return
    shape = [n for n in data.shape if n != 1]
    if not shape or len(data.shape) > 2 or (len(shape) == 2 and min(shape) > MAX_CHANNELS_IN_ARRAY):
        found.warnings.append(f"“{name}” has a shape that is no recording and was left out.")
        return
    count = 1 if len(shape) == 1 else min(shape)
    for index in range(count):
        channel = name if count == 1 else f"{name} {index + 1}"
        found.places[channel] = (data.name, index)
        found.lengths[channel] = max(shape)
    settings.limits.check_columns(len(found.places))


def _refuse_foreign(data: Any, name: str) -> None:
    if data.is_virtual or data.external:
        raise ReadError(
            f"“{name}” keeps its values in another file, which is never opened. Save the values "
            "in this one."
        )
    plist = data.id.get_create_plist()
    filters = {plist.get_filter(i)[0] for i in range(plist.get_nfilters())}
    if filters - PLAIN_FILTERS:
        raise ReadError(
            f"“{name}” is compressed in an unusual way. Save it uncompressed or with gzip."
        )
    if data.chunks and np.prod([float(n) for n in data.chunks]) * 8 > MAX_CHUNK_BYTES:
        raise ReadError(
            f"“{name}” is stored in pieces larger than {byte_text(MAX_CHUNK_BYTES)}. Save it in "
            "smaller chunks."
        )


def _check_storage(data: Any, name: str) -> None:
    if data.size > 1 and data.id.get_storage_size() == 0:
        raise ReadError(
            f"“{name}” claims {data.size} values but stores none. Save the recording again."
        )


def _slice(data: Any, index: int, rows: slice) -> BlockArray:
    if data.ndim == 1:
        values = data[rows]
    elif data.shape[0] <= data.shape[1]:
        values = data[index, rows]
    else:
        values = data[rows, index]
    return np.asarray(values, dtype=np.float64)


def _damaged() -> ReadError:
    return ReadError("The file is damaged or was cut short. Save it again.")
