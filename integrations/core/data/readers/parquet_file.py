"""Parquet tables, read row group by row group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from integrations.core.data.readers.base import (
    BlockArray,
    ReadError,
    ReadFile,
    ReadSettings,
    Variable,
    clean_text,
    unique_names,
)

BATCH_ROWS = 1 << 16


class ParquetSource:
    """Reads columns in batches; names on screen are mapped to positions in the file."""

    def __init__(self, path: Path, positions: dict[str, int]) -> None:
        self._path = path
        self._positions = positions

    def blocks(self, names: Sequence[str]) -> Iterator[BlockArray]:
        """Give the named columns; missing values are NaN."""
        for batch in self._batches(names):
            yield np.stack([_to_floats(column) for column in batch])

    def texts(self, name: str) -> Iterator[list[str]]:
        """Give one text column."""
        for (column,) in self._batches([name]):
            yield [clean_text(str(v)) if v is not None else "" for v in column.to_pylist()]

    def _batches(self, names: Sequence[str]) -> Iterator[list[Any]]:
        try:
            with pq.ParquetFile(self._path, page_checksum_verification=True) as file:
                fields = file.schema_arrow
                picks = [fields.field(self._positions[name]).name for name in names]
                for batch in file.iter_batches(BATCH_ROWS, columns=picks, use_threads=False):
                    yield [batch.column(pick) for pick in picks]
        except (pa.ArrowException, OSError) as error:
            raise ReadError("The Parquet file is damaged inside. Export it again.") from error


class ParquetReader:
    """Columnar tables of data-science tools."""

    format = "Parquet"
    extensions = (".parquet", ".pq")

    def recognises(self, head: bytes) -> bool:
        """Look for the magic of the format."""
        return head.startswith(b"PAR1")

    def open(self, path: Path, settings: ReadSettings) -> ReadFile:
        """Read the footer only."""
        try:
            with pq.ParquetFile(path) as file:
                schema, metadata = file.schema_arrow, file.metadata
        except (pa.ArrowException, OSError, ValueError) as error:
            raise ReadError(
                "The Parquet file is damaged or was cut short. Export it again."
            ) from error
        settings.limits.check_columns(len(schema))
        rows = int(metadata.num_rows)
        if rows < 0 or any(
            metadata.row_group(i).num_rows < 0 for i in range(metadata.num_row_groups)
        ):
            raise ReadError("The Parquet file claims a negative size. Export it again.")
        settings.limits.check_expansion(
            rows * 8 * max(len(schema), 1), path.stat().st_size, "The table"
        )
        return _describe(path, schema, rows)


def _describe(path: Path, schema: Any, rows: int) -> ReadFile:
    names, warnings = unique_names([field.name for field in schema])
    if warnings:
        raise ReadError(f"{warnings[0].split(';')[0]}. Rename one and export the file again.")
    variables = []
    positions = {}
    for position, (name, field) in enumerate(zip(names, schema, strict=True)):
        kind = _kind(field.type)
        if kind is None:
            warnings.append(f"Column “{name}” holds {clean_text(str(field.type), 40)}; left out.")
            continue
        positions[name] = position
        variables.append(Variable(name, kind, rows))
    return ReadFile(
        path=path,
        format="Parquet",
        variables=tuple(variables),
        source=ParquetSource(path, positions),
        warnings=tuple(warnings),
    )


def _kind(kind: Any) -> Any:
    types = pa.types
    if types.is_dictionary(kind):
        return _kind(kind.value_type)
    if types.is_string(kind) or types.is_large_string(kind):
        return "text"
    numeric = types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
    return "number" if numeric or types.is_timestamp(kind) or types.is_decimal(kind) else None


def _to_floats(column: Any) -> BlockArray:
    if pa.types.is_timestamp(column.type):
        per_second = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[column.type.unit]
        whole = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
        return np.asarray(whole, dtype=np.float64) / per_second
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
