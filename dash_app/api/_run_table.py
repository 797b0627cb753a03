"""Runs as a table: which columns there are, and their values as CSV lines and as Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from storage.entities import ExperimentEntity
from storage.stores.experiment_queries import STORED
from storage.stores.experiments import ExperimentStore

if TYPE_CHECKING:
    import pyarrow as pa

KINDS = {
    "id": "whole",
    "name": "text",
    "status": "text",
    "family": "text",
    "preset": "text",
    "dataset_id": "whole",
    "dataset_name": "text",
    "accuracy": "number",
    "accuracy_low": "number",
    "accuracy_high": "number",
    "macro_f1": "number",
    "split_name": "text",
    "leaky": "truth",
    "seconds": "number",
    "epochs_done": "whole",
    "n_parameters": "whole",
    "study_id": "whole",
    "parent_id": "whole",
    "kept": "truth",
    "host": "text",
    "tags": "texts",
    "note": "text",
    "error": "text",
    "created_at": "time",
    "started_at": "time",
    "finished_at": "time",
}
"""Columns and what they hold; besides them "metric:<key>" and "param:<path>"."""
USUAL = tuple(
    name for name in KINDS
    if name not in ("dataset_id", "n_parameters", "study_id", "parent_id", "kept", "host")
)  # fmt: skip
# A spreadsheet would take a cell beginning with one of these for a formula (OWASP: CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
ROWS_AT_ONCE = 500


def unknown_columns(columns: Sequence[str]) -> list[str]:
    """Give those that are no columns."""
    return [name for name in columns if name not in KINDS and not name.startswith(STORED)]


def csv_lines(runs: Iterable[ExperimentEntity], columns: Sequence[str] = USUAL) -> Iterator[str]:
    """Give a CSV file in pieces: heading first, then some rows at once."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([safe_cell(name) for name in columns])
    for rows in _rows(runs, columns):
        writer.writerows([[safe_cell(_flat(value)) for value in row] for row in rows])
        yield _taken(buffer)
    yield _taken(buffer)


def parquet_pieces(runs: Iterable[ExperimentEntity], columns: Sequence[str]) -> Iterator[bytes]:
    """Give a Parquet file in pieces, a group of rows each; every column has the type it holds."""
    # Imported late: the web starts sooner without it.
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, _type(name)) for name in columns])
    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for rows in _rows(runs, columns):
            arrays = [
                pa.array([_typed(value, field.type) for value in values], field.type)
                for field, values in zip(schema, zip(*rows, strict=True), strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield sink.taken()
    yield sink.taken()


def safe_cell(value: Any) -> Any:
    """Make sure that a spreadsheet shows a text as text: "=1+1" becomes "'=1+1"."""
    if isinstance(value, str) and value.lstrip().startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def _rows(runs: Iterable[ExperimentEntity], columns: Sequence[str]) -> Iterator[list[list[Any]]]:
    stored = [name for name in columns if name.startswith(STORED)]
    waiting = iter(runs)
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        ids = [run.id for run in some]
        values = ExperimentStore().values_of(ids, stored) if stored else {}
        yield [[_value(run, name, values.get(run.id, {})) for name in columns] for run in some]


def _value(run: ExperimentEntity, name: str, stored: dict[str, float | str]) -> Any:
    if name.startswith(STORED):
        return stored.get(name)
    value = getattr(run, name) if hasattr(run, name) else run.metrics.get(name)
    return str(value) if name == "status" else value


def _flat(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "; ".join(value) if isinstance(value, list) else value


def _type(name: str) -> pa.DataType:
    import pyarrow as pa

    kind = "number" if name.startswith("metric:") else KINDS.get(name, "")
    if name.startswith("param:"):
        kind = ExperimentStore().kind_of_param(name.partition(":")[2])
    return {
        "whole": pa.int64(),
        "number": pa.float64(),
        "truth": pa.bool_(),
        "texts": pa.list_(pa.string()),
        "time": pa.timestamp("us", tz="UTC"),
    }.get(kind, pa.string())


def _typed(value: Any, wanted: pa.DataType) -> Any:
    import pyarrow as pa

    if value is None or (wanted != pa.bool_() and isinstance(value, datetime | list | bool)):
        return value
    if wanted == pa.bool_():
        return value if isinstance(value, bool) else str(value) == "True"
    if wanted == pa.string():
        return str(value)
    return value if isinstance(value, int | float) else None


class _Sink(io.RawIOBase):
    """A file that remembers what was written until it is taken away."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        self._written += len(self._pieces[-1])
        return len(self._pieces[-1])

    def tell(self) -> int:
        return self._written

    def taken(self) -> bytes:
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
