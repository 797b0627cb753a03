"""NumPy files: .npy and .npz, headers checked first, values read in blocks, never a pickle."""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np

from integrations.core.data.readers.base import (
    BLOCK_SAMPLES,
    BlockArray,
    ReadError,
    ReadFile,
    ReadSettings,
    Variable,
    clean_text,
    ends_early,
    rate_from_scalars,
    unique_names,
)

MAX_CHANNELS_IN_ARRAY = 64
MAGIC = b"\x93NUMPY"
SINGLE = "signal"
HEADER_ERRORS = (ValueError, EOFError, OverflowError, TypeError, SyntaxError, TokenError)


@dataclass(frozen=True)
class Header:
    """What the head of one array says about it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    data_offset: int

    @property
    def n_bytes(self) -> int:
        """Bytes the values take."""
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class Column:
    """One channel inside a stored array: ``index`` counts along the short axis."""

    array: str
    index: int
    n_channels: int
    channel_first: bool


OpenArray = Callable[[], AbstractContextManager[IO[bytes]]]


class NumpySource:
    """Reads channels out of raw array bytes; also used for other raw layouts."""

    def __init__(
        self,
        columns: dict[str, Column],
        headers: dict[str, Header],
        opens: dict[str, OpenArray],
        lengths: dict[str, int],
        texts: dict[str, list[str]],
    ) -> None:
        self._columns = columns
        self._headers = headers
        self._opens = opens
        self._lengths = lengths
        self._texts = texts

    def blocks(self, names: Sequence[str]) -> Iterator[BlockArray]:
        """Give the named channels, stepping through all their arrays together."""
        streams = [self._stream(self._columns[name]) for name in names]
        for parts in zip(*streams, strict=True):
            yield np.stack(parts)

    def texts(self, name: str) -> Iterator[list[str]]:
        """Give a text array whole; these are short."""
        yield self._texts[name]

    def _stream(self, column: Column) -> Iterator[BlockArray]:
        header = self._headers[column.array]
        length = self._lengths[column.array]
        with self._opens[column.array]() as file:
            _skip(file, header.data_offset)
            contiguous = column.n_channels == 1 or column.channel_first != header.fortran
            step = 1 if contiguous else column.n_channels
            if contiguous:
                _skip(file, column.index * length * header.dtype.itemsize)
            done = 0
            while done < length:
                rows = min(BLOCK_SAMPLES, length - done)
                raw = _read(file, rows * step * header.dtype.itemsize)
                values = np.frombuffer(raw, dtype=header.dtype)
                if values.size < rows * step:
                    raise ends_early(done + values.size // step, length, f"“{column.array}”")
                if not contiguous:
                    values = values.reshape(rows, step)[:, column.index]
                yield values.astype(np.float64)
                done += rows


class NpyReader:
    """One array in a file."""

    format = "NumPy"
    extensions = (".npy",)

    def recognises(self, head: bytes) -> bool:
        """Look for the magic of the format."""
        return head.startswith(MAGIC)

    def open(self, path: Path, settings: ReadSettings) -> ReadFile:
        """Map the channels of the array."""
        size = path.stat().st_size
        with path.open("rb") as file:
            header = read_header(file, SINGLE)
        settings.limits.check_expansion(header.n_bytes, size, "The array")
        headers, warnings = {SINGLE: header}, []
        available = size - header.data_offset
        if available < header.n_bytes:
            headers[SINGLE] = _shortened(header, available, SINGLE, settings)
            warnings.append("The file was cut short; only the part that is whole is used.")
        return _read_file(
            path, self.format, headers, {SINGLE: lambda: path.open("rb")}, settings, warnings
        )


class NpzReader:
    """Several arrays in a zip archive."""

    format = "NumPy archive"
    extensions = (".npz",)

    def recognises(self, head: bytes) -> bool:
        """Look for the magic of a zip archive."""
        return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))

    def open(self, path: Path, settings: ReadSettings) -> ReadFile:
        """Check every member's declared sizes, then map the channels."""
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
                headers, warnings = _member_headers(archive, members, settings)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as e:
            raise ReadError(
                "The archive is damaged or was cut short. Save it again with numpy.savez."
            ) from e
        opens = {name: _member_opener(path, name + ".npy") for name in headers}
        return _read_file(path, self.format, headers, opens, settings, warnings)


def read_header(file: IO[bytes], name: str) -> Header:
    """Read the head of a .npy stream.

    Raises:
        ReadError: It is not one, or the array holds objects.
    """
    try:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = read(file)
    except HEADER_ERRORS as error:
        raise ReadError(
            f"The head of array “{clean_text(name)}” is damaged. Save the file again."
        ) from error
    if any(extent < 0 for extent in shape):
        raise ReadError(f"Array “{clean_text(name)}” claims a negative size. Save the file again.")
    if dtype.hasobject:
        raise ReadError(
            f"Array “{clean_text(name)}” holds Python objects, which can run code and are never "
            "opened. Save it as plain numbers."
        )
    return Header(tuple(int(n) for n in shape), dtype, bool(fortran), file.tell())


def _member_headers(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], settings: ReadSettings
) -> tuple[dict[str, Header], list[str]]:
    settings.limits.check_columns(len(members))
    settings.limits.check_expansion(
        sum(m.file_size for m in members), sum(m.compress_size for m in members), "The archive"
    )
    headers: dict[str, Header] = {}
    warnings: list[str] = []
    for member in members:
        if not member.filename.endswith(".npy"):
            warnings.append(f"“{clean_text(member.filename)}” is no array and was left out.")
            continue
        name = member.filename.removesuffix(".npy")
        settings.limits.check_expansion(
            member.file_size, member.compress_size, f"Array “{clean_text(name)}”"
        )
        with archive.open(member) as file:
            header = read_header(file, name)
        if header.data_offset + header.n_bytes != member.file_size:
            raise ReadError(
                f"Array “{clean_text(name)}” claims a shape that does not fit its "
                "stored bytes. Save the file again."
            )
        headers[name] = header
    if not headers:
        raise ReadError("The archive holds no NumPy arrays. Unpack it and import what is inside.")
    return headers, warnings


def _read_file(
    path: Path,
    format_name: str,
    headers: dict[str, Header],
    opens: dict[str, OpenArray],
    settings: ReadSettings,
    warnings: list[str],
) -> ReadFile:
    columns: dict[str, Column] = {}
    lengths: dict[str, int] = {}
    scalars: dict[str, float] = {}
    labels: dict[str, str] = {}
    texts: dict[str, list[str]] = {}
    for name, header in headers.items():
        size = math.prod(header.shape)
        if header.dtype.kind in "US" and size <= 1_000_000:
            values = _texts(opens[name], header)
            if size == 1:
                labels[clean_text(name)] = values[0]
            else:
                texts[clean_text(name)] = values
        elif header.dtype.kind not in "fiub":
            warnings.append(
                f"“{clean_text(name)}” holds {_kind_text(header.dtype)} and was left out."
            )
        elif size == 1:
            scalars[clean_text(name)] = _scalar(opens[name], header)
        else:
            lengths[name] = _add_columns(columns, name, header)
    settings.limits.check_columns(len(columns))
    names, repeated = unique_names(list(columns))
    columns = dict(zip(names, columns.values(), strict=True))
    rate, rate_source = rate_from_scalars(scalars)
    numbers = tuple(Variable(n, "number", lengths[c.array]) for n, c in columns.items())
    words = tuple(Variable(n, "text", len(values)) for n, values in texts.items())
    return ReadFile(
        path=path,
        format=format_name,
        variables=numbers + words,
        source=NumpySource(columns, headers, opens, lengths, texts),
        scalars=scalars,
        labels=labels,
        sampling_rate_hz=rate,
        rate_source=rate_source,
        warnings=(*warnings, *repeated),
    )


def _add_columns(columns: dict[str, Column], name: str, header: Header) -> int:
    shape = tuple(n for n in header.shape if n != 1) or (0,)
    if 0 in header.shape or not header.shape:
        raise ReadError(f"Array “{clean_text(name)}” is empty. Record something and save again.")
    if len(shape) == 1:
        columns[name] = Column(name, 0, 1, True)
        return shape[0]
    if len(shape) > 2 or min(shape) > MAX_CHANNELS_IN_ARRAY:
        extents = " × ".join(str(n) for n in header.shape)
        raise ReadError(
            f"Array “{clean_text(name)}” has the shape {extents}; save one recording per file as "
            f"samples × channels with at most {MAX_CHANNELS_IN_ARRAY} channels."
        )
    channel_first = shape[0] <= shape[1]
    for index in range(min(shape)):
        columns[f"{name} {index + 1}"] = Column(name, index, min(shape), channel_first)
    return max(shape)


def _shortened(header: Header, available: int, name: str, settings: ReadSettings) -> Header:
    row = header.n_bytes // max(header.shape[0], 1) if header.shape else header.n_bytes
    whole = available // row if row else 0
    cuttable = (header.shape and not header.fortran) or len(header.shape) == 1
    if not settings.keep_whole_part or not cuttable or whole < 1:
        got = available // header.dtype.itemsize
        raise ends_early(got, math.prod(header.shape), f"“{clean_text(name)}”")
    return Header((whole, *header.shape[1:]), header.dtype, header.fortran, header.data_offset)


def _member_opener(path: Path, member: str) -> OpenArray:
    class Opened(AbstractContextManager[IO[bytes]]):
        def __enter__(self) -> IO[bytes]:
            self._archive = zipfile.ZipFile(path)
            self._file = self._archive.open(member)
            return self._file

        def __exit__(self, *_: object) -> None:
            self._file.close()
            self._archive.close()

    return Opened


def _skip(file: IO[bytes], count: int) -> None:
    if isinstance(file, zipfile.ZipExtFile):
        while count > 0:
            piece = _read(file, min(count, 1 << 22))
            if not piece:
                return
            count -= len(piece)
    else:
        file.seek(count, 1)


def _read(file: IO[bytes], count: int) -> bytes:
    try:
        return file.read(count)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise ReadError(
            "The archive is damaged or was cut short. Save it again with numpy.savez."
        ) from error


def _raw(opens: OpenArray, header: Header) -> bytes:
    with opens() as file:
        _skip(file, header.data_offset)
        raw = _read(file, header.n_bytes)
    if len(raw) < header.n_bytes:
        raise ReadError("The file ends inside an array. Save it again.")
    return raw


def _scalar(opens: OpenArray, header: Header) -> float:
    return float(np.frombuffer(_raw(opens, header), dtype=header.dtype)[0])


def _texts(opens: OpenArray, header: Header) -> list[str]:
    if header.dtype.itemsize == 0:
        return [""] * math.prod(header.shape)
    values = np.frombuffer(_raw(opens, header), dtype=header.dtype)
    try:
        texts = [v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in values.tolist()]
    except (ValueError, UnicodeError) as error:
        raise ReadError("A text array holds broken characters. Save the file again.") from error
    return [clean_text(text) for text in texts]


def _kind_text(dtype: np.dtype[Any]) -> str:
    if dtype.kind == "c":
        return "complex numbers (save real part or magnitude to import it)"
    kind = {"M": "dates", "m": "time spans", "V": "records", "U": "long texts", "S": "long texts"}
    return kind.get(dtype.kind, re.sub(r"[^\w ]", "", str(dtype))[:40])
