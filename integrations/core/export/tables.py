"""A run's predictions as typed Parquet, one row per window of validation and test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from integrations.core.contract import Predictions
from integrations.core.data.dataset import DatasetInfo


def write_predictions(path: Path, parts: dict[str, Predictions], info: DatasetInfo) -> None:
    """Write the table; classes and recordings are dictionary-encoded text.

    Args:
        path: Where it goes.
        parts: Predictions by the name of the part, e.g. "test".
        info: The data set.
    """
    tables = [_table(name, said, info) for name, said in parts.items()]
    pq.write_table(pa.concat_tables(tables, promote_options="default"), path, compression="zstd")


def _table(part: str, said: Predictions, info: DatasetInfo) -> pa.Table:
    recordings = info.recordings
    columns = {
        "part": _text([part], np.zeros(len(said.truth), dtype=np.int32)),
        "recording": _text([each.name for each in recordings], said.recording),
        "group": _text([each.group for each in recordings], said.recording),
        "start": pa.array(said.start, pa.int64()),
        "true": _text(list(info.classes), said.truth),
        "predicted": _text(list(info.classes), said.predicted),
    }
    columns |= {
        f"p {name}": pa.array(said.probability[:, number], pa.float64())
        for number, name in enumerate(info.classes)
    }
    return pa.table(columns).unify_dictionaries()


def _text(values: list[str], at: np.ndarray) -> pa.DictionaryArray:
    # Names may repeat, dictionary values may not.
    unique = sorted(set(values))
    place = {value: number for number, value in enumerate(unique)}
    numbers = np.array([place[value] for value in values], dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(numbers[at]), pa.array(unique, pa.string()))
