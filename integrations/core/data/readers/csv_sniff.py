"""Finds out how a text table is written: encoding, delimiter, decimal mark, header, preamble."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from integrations.core.data.readers.base import ReadError, ReadLimits, ReadSettings, byte_text

HEAD_BYTES = 1 << 16
DELIMITERS = (",", ";", "\t", "|")
WHITESPACE = " "
MISSING = frozenset(
    {"", "nan", "na", "n/a", "null", "none", "inf", "-inf", "+inf", "infinity", "-infinity", "-"}
)
RATE_LINE = re.compile(
    r"(?:sampl(?:ing|e)[\s_]*(?:rate|frequency)|abtastrate|\bfs)\b\W{0,4}(?:\(?(k?)hz\)?\W{0,4})?"
    r"(\d+(?:[.,]\d+)?(?:e\d+)?)\s*(k?)(?:hz)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Attributes:
        skip_lines: Lines before the header (or before the data where there is none).
        header: Column names as written; None when the first line holds data already.
        sampling_rate_hz: A rate named in the lines before the data.
    """

    encoding: str
    delimiter: str
    decimal: str
    skip_lines: int
    header: tuple[str, ...] | None
    n_columns: int
    sampling_rate_hz: float | None = None


def sniff(path: Path, settings: ReadSettings) -> Dialect:
    """Look at the head of a text file.

    Raises:
        ReadError: It is no text table.
    """
    with path.open("rb") as file:
        head = file.read(max(HEAD_BYTES, settings.limits.max_line_bytes + 1))
    encoding = find_encoding(head)
    lines = _head_lines(head, encoding, settings.limits)
    numbered = [(i, line) for i, line in enumerate(lines) if line.strip()]
    if not numbered:
        raise ReadError("The file holds no lines of text. Export it again.")
    options = [
        option
        for delimiter in ([settings.delimiter] if settings.delimiter else (*DELIMITERS, WHITESPACE))
        for decimal in ([settings.decimal] if settings.decimal else (".", ","))
        if delimiter != decimal
        for option in [_Layout.of(numbered, delimiter, decimal)]
        if option is not None
    ]
    if not options:
        raise ReadError(
            "No rows of numbers were found. Check that the file is a table and name its delimiter."
        )
    best = max(options, key=lambda option: option.score)
    settings.limits.check_columns(best.n_columns)
    return Dialect(
        encoding=encoding,
        delimiter=best.delimiter,
        decimal=best.decimal,
        skip_lines=best.header_line if best.header is not None else best.first_data_line,
        header=best.header,
        n_columns=best.n_columns,
        sampling_rate_hz=_preamble_rate(lines[: best.first_data_line]),
    )


def find_encoding(head: bytes) -> str:
    """Name the encoding of a file's first bytes; Latin-1 takes what is not Unicode.

    Raises:
        ReadError: The bytes are no text.
    """
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name
    zeros_even, zeros_odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if zeros_odd > 0.4 * half and zeros_even < 0.1 * half:
        return "utf-16-le"
    if zeros_even > 0.4 * half and zeros_odd < 0.1 * half:
        return "utf-16-be"
    control = sum(head.count(code) for code in range(32) if code not in (9, 10, 11, 12, 13, 26, 27))
    if control > 0.001 * len(head):
        raise ReadError("The file is not text although its name says so. Export it as CSV again.")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252" if not set(head) & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "latin-1"
    return "utf-8"


@dataclass(frozen=True)
class _Layout:
    delimiter: str
    decimal: str
    n_columns: int
    first_data_line: int
    header_line: int
    header: tuple[str, ...] | None
    score: tuple[float, int, int]

    @classmethod
    def of(cls, lines: list[tuple[int, str]], delimiter: str, decimal: str) -> _Layout | None:
        """Read the lines this way; None when nothing looks like rows of numbers."""
        rows = [(index, fields_of(line, delimiter)) for index, line in lines]
        numeric = [
            (index, row) for index, row in rows if any(_is_number(field, decimal) for field in row)
        ]
        if not numeric:
            return None
        width = Counter(len(row) for _, row in numeric[-200:]).most_common(1)[0][0]
        regular = [(index, row) for index, row in rows if len(row) == width]
        first = _first_data(regular, decimal)
        if first is None:
            return None
        data = [row for index, row in regular if index >= first]
        before = [(index, row) for index, row in regular if index < first]
        header = before[-1] if before and any(field.strip() for field in before[-1][1]) else None
        clean = sum(_value_like(row, decimal) for row in data) / len(rows)
        return cls(
            delimiter=delimiter,
            decimal=decimal,
            n_columns=width,
            first_data_line=first,
            header_line=header[0] if header else first,
            header=tuple(field.strip() for field in header[1]) if header else None,
            score=(round(clean, 2), width, -DELIMITER_RANK.get(delimiter, 9)),
        )


DELIMITER_RANK = {";": 0, "\t": 1, ",": 2, "|": 3, " ": 4}


def fields_of(line: str, delimiter: str) -> list[str]:
    """Cut one line into its fields."""
    if delimiter == WHITESPACE:
        return line.split()
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _first_data(rows: list[tuple[int, list[str]]], decimal: str) -> int | None:
    """Find the first row with numbers in every column that has them further down."""
    tail = [row for _, row in rows[-min(200, (len(rows) + 1) // 2) :]]
    expected = [
        sum(_is_number(row[i], decimal) for row in tail) > len(tail) / 2
        for i in range(len(tail[0]))
    ]
    for index, row in rows:
        found = [_is_number(field, decimal) for field in row]
        fits = all(
            number or not wanted or field.strip().lower() in MISSING
            for number, wanted, field in zip(found, expected, row, strict=True)
        )
        if any(found) and fits:
            return index
    return None


def _value_like(row: list[str], decimal: str) -> float:
    good = sum(_is_number(f, decimal) or f.strip().lower() in MISSING for f in row)
    words = sum(
        bool(re.fullmatch(r"[^\d,;|\t][^,;|\t]*|\d{4}-\d\d-\d\d.*", f.strip())) for f in row
    )
    return (good + 0.5 * words) / max(len(row), 1)


def _is_number(field: str, decimal: str) -> bool:
    text = field.strip()
    if decimal == "," and "." in text:
        return False
    try:
        float(text.replace(",", ".") if decimal == "," else text)
    except ValueError:
        return False
    return text.lower() not in MISSING and "_" not in text


def _head_lines(head: bytes, encoding: str, limits: ReadLimits) -> list[str]:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    lines = text.splitlines()
    if len(head) > limits.max_line_bytes and len(lines) < 3:
        raise ReadError(
            f"A line is longer than {byte_text(limits.max_line_bytes)}. Put one sample per "
            "line and one channel per column."
        )
    shown = [line[: limits.max_line_bytes] for line in lines[:400]]
    if len(head) >= HEAD_BYTES and 1 < len(lines) <= 400:
        shown.pop()
    return shown


def _preamble_rate(lines: list[str]) -> float | None:
    for line in lines:
        found = RATE_LINE.search(line)
        if found:
            value = float(found.group(2).replace(",", "."))
            return value * (1000 if found.group(1) or found.group(3) else 1) or None
    return None
