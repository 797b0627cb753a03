"""MATLAB files: level 5 through SciPy one variable at a time; version 7.3 is HDF5 inside."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.io import loadmat, whosmat
from scipy.io.matlab import MatReadError

from integrations.core.data.readers.base import (
    BLOCK_SAMPLES,
    BlockArray,
    ReadError,
    ReadFile,
    ReadSettings,
    Variable,
    clean_text,
    rate_from_scalars,
    unique_names,
)
from integrations.core.data.readers.hdf5_file import SIGNATURE, open_hdf5

MAX_DEPTH = 5
MAX_CHANNELS_IN_ARRAY = 64
CLASS_BYTES = {
    "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "single": 4,
    "int64": 8, "uint64": 8, "double": 8, "logical": 1, "char": 2, "sparse": 8,
}  # fmt: skip
BROKEN = (
    MatReadError, ValueError, TypeError, KeyError, IndexError, EOFError, OSError, OverflowError,
    NotImplementedError, zlib.error, struct.error,
)  # fmt: skip


class MatSource:
    """Keeps the one variable it was last asked for; MATLAB 5 cannot be read in pieces."""

    def __init__(self, path: Path, owners: dict[str, tuple[str, str, int]]) -> None:
        self._path = path
        self._owners = owners

    def blocks(self, names: Sequence[str]) -> Iterator[BlockArray]:
        """Give the named channels in blocks."""
        arrays = [self._channel(*self._owners[name]) for name in names]
        for start in range(0, arrays[0].size, BLOCK_SAMPLES):
            yield np.stack([a[start : start + BLOCK_SAMPLES].astype(np.float64) for a in arrays])

    def texts(self, name: str) -> Iterator[list[str]]:
        """Give nothing: texts of these files are single words and stand in the labels."""
        yield from ()

    def _channel(self, variable: str, leaf: str, index: int) -> npt.NDArray[Any]:
        for path, value in _leaves(variable, _load(self._path, variable)):
            if path == leaf and isinstance(value, np.ndarray):
                return _channel_of(value, index)
        raise ReadError(f"Variable “{clean_text(leaf)}” cannot be read. Save the file again.")


class MatlabReader:
    """MATLAB level 5 (up to R2006, and the default of most instruments)."""

    format = "MATLAB"
    extensions = (".mat",)

    def recognises(self, head: bytes) -> bool:
        """Look for the text every MATLAB file begins with."""
        return head.startswith(b"MATLAB ")

    def open(self, path: Path, settings: ReadSettings) -> ReadFile:
        """List the variables, check their declared sizes, then look into each."""
        with path.open("rb") as file:
            head = file.read(520)
        if SIGNATURE in head:
            return open_hdf5(path, settings, "MATLAB 7.3")
        if not head.startswith(b"MATLAB "):
            raise ReadError("The file is no MATLAB file although its name says so. Save it again.")
        try:
            listed = whosmat(str(path))
        except BROKEN as error:
            raise _damaged() from error
        _check_sizes(path, listed, settings)
        return _describe(path, [name for name, _, _ in listed], settings)


def _check_sizes(path: Path, listed: list[Any], settings: ReadSettings) -> None:
    if not listed:
        raise ReadError("The file holds no variables. Save the recording again.")
    settings.limits.check_columns(len(listed))
    stored = path.stat().st_size
    total = 0
    for name, shape, kind in listed:
        if any(extent < 0 for extent in shape):
            raise ReadError(
                f"Variable “{clean_text(name)}” claims a negative size. Save the file again."
            )
        total += math.prod(int(extent) for extent in shape) * CLASS_BYTES.get(kind, 64)
        settings.limits.check_expansion(total, stored, f"Variable “{clean_text(name)}”")


def _describe(path: Path, variables: list[str], settings: ReadSettings) -> ReadFile:
    owners: dict[str, tuple[str, str, int]] = {}
    lengths: dict[str, int] = {}
    scalars: dict[str, float] = {}
    labels: dict[str, str] = {}
    warnings: list[str] = []
    for variable in variables:
        for leaf, value in _leaves(variable, _load(path, variable)):
            if isinstance(value, str):
                labels[clean_text(leaf)] = clean_text(value)
            elif not isinstance(value, np.ndarray):
                scalars[clean_text(leaf)] = float(value)
            elif problem := _unusable(leaf, value):
                warnings.append(problem)
            else:
                for name, index in _channel_names(leaf, value):
                    owners[name] = (variable, leaf, index)
                    lengths[name] = max(value.shape)
        settings.limits.check_columns(len(owners))
    names, repeated = unique_names(list(owners))
    owners = dict(zip(names, owners.values(), strict=True))
    rate, rate_source = rate_from_scalars(scalars)
    return ReadFile(
        path=path,
        format="MATLAB",
        variables=tuple(
            Variable(n, "number", length) for n, length in zip(names, lengths.values(), strict=True)
        ),
        source=MatSource(path, owners),
        scalars=scalars,
        labels=labels,
        sampling_rate_hz=rate,
        rate_source=rate_source,
        warnings=(*warnings[:20], *repeated),
    )


def _load(path: Path, variable: str) -> Any:
    try:
        return loadmat(str(path), variable_names=[variable], simplify_cells=True).get(variable)
    except MemoryError as error:
        raise ReadError(
            f"Variable “{clean_text(variable)}” is larger than the memory allowed. Save a shorter "
            "part."
        ) from error
    except BROKEN as error:
        raise _damaged() from error


def _leaves(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Walk structures; give numbers, texts and arrays with dotted names."""
    if depth > MAX_DEPTH or value is None:
        return
    if isinstance(value, dict):
        for key, inner in list(value.items())[:4096]:
            yield from _leaves(f"{name}.{key}", inner, depth + 1)
    elif isinstance(value, list) or (isinstance(value, np.ndarray) and value.dtype == object):
        for position, inner in enumerate(list(np.ravel(value) if len(value) else [])[:4096]):
            yield from _leaves(f"{name} {position + 1}", inner, depth + 1)
    elif isinstance(value, (str, np.ndarray)):
        yield name, value
    elif isinstance(value, int | float | np.number | np.bool_) and not isinstance(value, complex):
        yield name, float(np.real(value))


def _unusable(name: str, value: npt.NDArray[Any]) -> str:
    shown = clean_text(name)
    if value.dtype.kind not in "fiub":
        return f"“{shown}” holds no plain numbers and was left out."
    if value.size == 0:
        return f"“{shown}” is empty and was left out."
    if value.ndim > 2 or (value.ndim == 2 and min(value.shape) > MAX_CHANNELS_IN_ARRAY):
        extents = " × ".join(str(n) for n in value.shape)
        return f"“{shown}” has the shape {extents}, which is no recording, and was left out."
    return ""


def _channel_names(leaf: str, value: npt.NDArray[Any]) -> list[tuple[str, int]]:
    shown = clean_text(leaf)
    if value.ndim < 2:
        return [(shown, 0)]
    return [(f"{shown} {index + 1}", index) for index in range(min(value.shape))]


def _channel_of(value: npt.NDArray[Any], index: int) -> npt.NDArray[Any]:
    if value.ndim < 2:
        return value
    return value[index] if value.shape[0] <= value.shape[1] else value[:, index]


def _damaged() -> ReadError:
    return ReadError("The MATLAB file is damaged or was cut short. Save it again.")
