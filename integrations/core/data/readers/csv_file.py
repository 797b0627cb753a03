"""Text tables (CSV, TSV, TXT), streamed block by block through Arrow's parser."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from integrations.core.data.readers.base import (
    BlockArray,
    ReadError,
    ReadFile,
    ReadSettings,
    Variable,
    clean_text,
    number_text,
    unique_names,
)
from integrations.core.data.readers.csv_sniff import (
    MISSING,
    WHITESPACE,
    Dialect,
    fields_of,
    sniff,
)

BLOCK_BYTES = 4 << 20
BAD_VALUE = re.compile(
    r"CSV column #(\d+).*?(?:Row #(\d+))?.*?invalid value '(.{0,40}?)(?:'|$)", re.DOTALL
)
NULLS = sorted({*MISSING, *(m.upper() for m in MISSING), *(m.title() for m in MISSING), "NaN"})


@dataclass
class _Cut:
    """Rows whose number of columns is not the header's, as the parser meets them."""

    expected: int = 0
    rows: list[tuple[int, str]] = field(default_factory=list)
    count: int = 0


class CsvSource:
    """Reads columns of a text table; the whole file passes by once per call."""

    def __init__(
        self, path: Path, dialect: Dialect, names: list[str], types: list[pa.DataType],
        settings: ReadSettings,
    ) -> None:  # fmt: skip
        self._path = path
        self._dialect = dialect
        self._names = names
        self._types = dict(zip(names, types, strict=True))
        self._settings = settings

    def blocks(self, names: Sequence[str]) -> Iterator[BlockArray]:
        """Give the named columns; missing values are NaN."""
        for batch in self._batches(names):
            yield np.stack([_to_floats(batch.column(name)) for name in names])

    def texts(self, name: str) -> Iterator[list[str]]:
        """Give one text column."""
        for batch in self._batches([name]):
            column = batch.column(name).dictionary_encode()
            words = np.array([*(clean_text(v) for v in column.dictionary.to_pylist()), ""], object)
            picks = column.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)
            yield words[picks].tolist()

    def _batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        cut = _Cut(self._dialect.n_columns)
        rows = 0
        try:
            with self._reader(list(names), cut) as reader:
                for batch in reader:
                    rows += batch.num_rows
                    yield batch
        except (pa.ArrowException, UnicodeError) as error:
            raise ReadError(_parse_sentence(error, self._first_line())) from error
        self._judge(cut, rows)

    def _reader(self, names: list[str], cut: _Cut) -> pc.CSVStreamingReader:
        def remember(row: pc.InvalidRow) -> str:
            cut.count += 1
            cut.rows = [*cut.rows[-1:], (row.actual_columns, row.text or "")]
            return "skip"

        return pc.open_csv(
            pa.PythonFile(_Lines(self._path, self._dialect, self._settings), mode="r"),
            read_options=pc.ReadOptions(
                use_threads=False, block_size=BLOCK_BYTES, column_names=self._names
            ),
            parse_options=pc.ParseOptions(
                delimiter=self._dialect.delimiter, invalid_row_handler=remember
            ),
            convert_options=pc.ConvertOptions(
                include_columns=names,
                column_types={
                    name: pa.float64() if pa.types.is_null(kind) else kind
                    for name, kind in self._types.items()
                    if name in names
                },
                decimal_point=self._dialect.decimal,
                null_values=NULLS,
                strings_can_be_null=True,
            ),
        )

    def _judge(self, cut: _Cut, rows: int) -> None:
        if cut.count == 0 or (cut.count == 1 and self._settings.keep_whole_part):
            return
        columns, expected = cut.rows[-1][0], cut.expected
        if cut.count == 1 and self._is_last_line(cut.rows[-1][1]):
            raise ReadError(
                f"The last line is cut short: it has {columns} of {expected} columns after "
                f"{number_text(rows)} whole rows. Export it again, or import the part that is "
                "whole."
            )
        raise ReadError(
            f"{number_text(cut.count)} of {number_text(rows + cut.count)} rows do not have the "
            f"{expected} columns of the first one. Check the delimiter, or export it again."
        )

    def _is_last_line(self, text: str) -> bool:
        tail = text.strip().encode("utf-8", "ignore")[-40:]
        with self._path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(0, size - 4096))
            return tail in file.read().replace(b"\0", b"")[-200:]

    def _first_line(self) -> int:
        return self._dialect.skip_lines + (1 if self._dialect.header is not None else 0) + 1


class CsvReader:
    """Text tables with one sample per line."""

    format = "CSV"
    extensions = (".csv", ".tsv", ".txt", ".dat", ".asc")

    def recognises(self, head: bytes) -> bool:
        """Text has no magic; the extension decides."""
        return False

    def open(self, path: Path, settings: ReadSettings) -> ReadFile:
        """Find the dialect and the columns."""
        dialect = sniff(path, settings)
        raw_names = dialect.header or tuple(f"column {i + 1}" for i in range(dialect.n_columns))
        names, warnings = unique_names(raw_names)
        types = _column_types(path, dialect, settings, len(names))
        source = CsvSource(path, dialect, names, types, settings)
        variables = tuple(
            Variable(name, "text" if pa.types.is_string(kind) else "number", None)
            for name, kind, raw in zip(names, types, raw_names, strict=True)
            if not (pa.types.is_null(kind) and not raw)
        )
        return ReadFile(
            path=path,
            format=self.format,
            variables=variables,
            source=source,
            sampling_rate_hz=dialect.sampling_rate_hz,
            rate_source="the lines above the table" if dialect.sampling_rate_hz else "",
            warnings=tuple(warnings),
        )


class _Lines(io.RawIOBase):
    """The table's bytes as UTF-8 without what stands above it; runs of blanks made one."""

    def __init__(self, path: Path, dialect: Dialect, settings: ReadSettings) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._decoder = codecs.getincrementaldecoder(dialect.encoding)("replace")
        self._plain = dialect.encoding == "utf-8" and dialect.delimiter != WHITESPACE
        self._squeeze = dialect.delimiter == WHITESPACE
        self._skip = dialect.skip_lines + (1 if dialect.header is not None else 0)
        self._limit = settings.limits.max_line_bytes
        self._line = 0
        self._carry = ""
        self._ready = b""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        while not self._ready:
            raw = self._file.read(BLOCK_BYTES)
            self._guard_line(raw)
            text = self._carry + self._decoder.decode(raw, final=not raw)
            if not raw and not text:
                return b""
            self._ready = self._clean(text, last=not raw)
            if not raw:
                break
        size = len(self._ready) if size < 0 else size
        piece, self._ready = self._ready[:size], self._ready[size:]
        return piece

    def _clean(self, text: str, *, last: bool) -> bytes:
        text = text.replace("\0", "")
        if "\r" in text and "\n" not in text:
            text = text.replace("\r", "\n")
        while self._skip:
            _head, newline, rest = text.partition("\n")
            if not newline:
                self._carry = "" if last else text
                return b""
            text, self._skip = rest, self._skip - 1
        if self._squeeze and not last:
            text, _, self._carry = text.rpartition("\n")
            text = text + "\n" if text else ""
        else:
            self._carry = ""
        if self._squeeze:
            text = re.sub(r"(?m)^[ \t]+|[ \t]+$", "", text)
            text = re.sub(r"[ \t]+", " ", text)
        return text.encode("utf-8", "replace")

    def _guard_line(self, raw: bytes) -> None:
        first = raw.find(b"\n")
        self._line += len(raw) if first < 0 else first
        if self._line > self._limit:
            raise ReadError(
                "A line is longer than 1 MB. Put one sample per line, and export again."
            )
        if first >= 0:
            self._line = len(raw) - raw.rfind(b"\n")


def _column_types(
    path: Path, dialect: Dialect, settings: ReadSettings, count: int
) -> list[pa.DataType]:
    lines = _Lines(path, dialect, settings)
    text = lines.read(1 << 18).decode("utf-8", "replace")
    lines.close()
    rows = [fields_of(line, dialect.delimiter) for line in text.splitlines()[:-1] or [text]]
    rows = [row for row in rows if len(row) == count][:500]
    if not rows:
        raise ReadError("The file has a header but no rows of values. Export it again.")
    return [_type_of([row[i].strip() for row in rows], dialect.decimal) for i in range(count)]


def _type_of(values: list[str], decimal: str) -> pa.DataType:
    filled = [value for value in values if value.lower() not in MISSING]
    if not filled:
        return pa.null()
    if all(re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?", v) for v in filled):
        return pa.timestamp("ns", tz="UTC" if filled[0].endswith("Z") else None)
    numeric = sum(
        _is_float(value.replace(",", ".") if decimal == "," else value) for value in filled
    )
    return pa.float64() if numeric > 0.5 * len(filled) else pa.string()


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _to_floats(column: Any) -> BlockArray:
    if pa.types.is_timestamp(column.type):
        return np.asarray(column.cast(pa.int64()).to_numpy(zero_copy_only=False), np.float64) / 1e9
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _parse_sentence(error: Exception, first_line: int) -> str:
    text = str(error)
    found = BAD_VALUE.search(text)
    if found:
        where = (
            f" in line {number_text(int(found.group(2)) + first_line - 1)}"
            if found.group(2)
            else ""
        )
        return (
            f"Column {int(found.group(1)) + 1} holds “{clean_text(found.group(3), 40)}”{where} "
            "where a number should stand. Check the delimiter and decimal mark, or mend the line."
        )
    return "The table cannot be read as rows and columns. Check the delimiter, or export it again."
