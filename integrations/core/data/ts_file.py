"""Reads the plain-text ``.ts`` files of the UCR/UEA archive (Bagnall et al., arXiv 1811.00075)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from integrations.core.data.dataset import DatasetError, FloatArray


@dataclass(frozen=True)
class Series:
    """One labelled series, values of shape (channels, n_samples)."""

    values: FloatArray
    label: str


def read_ts(path: Path) -> Iterator[Series]:
    """Give the series of a ``.ts`` file one by one.

    Raises:
        DatasetError: The file is not one, or a line of it is broken.
    """
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip().lower() == "@data":
                break
        else:
            raise DatasetError(f"“{path.name}” is no .ts file. Install the package again.")
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _series(line.strip(), path.name, number)


def _series(line: str, name: str, number: int) -> Series:
    *channels, label = line.split(":")
    try:
        values = [np.array(channel.split(","), dtype=np.float32) for channel in channels]
        return Series(np.stack(values), label.strip())
    except ValueError as error:
        raise DatasetError(
            f"Series {number} of “{name}” cannot be read. Install the package again."
        ) from error
