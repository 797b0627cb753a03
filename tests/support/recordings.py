"""Small helpers of the data tests: read a file whole, and where the shared recordings lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from integrations.core.data.readers import ReadFile, ReadSettings, open_file

CWRU = Path(__file__).resolve().parents[3] / "shared" / "data" / "cwru"


def values_of(opened: ReadFile) -> dict[str, npt.NDArray[np.float64]]:
    names = [v.name for v in opened.variables if v.kind == "number"]
    return {n: np.concatenate([b[0] for b in opened.source.blocks([n])]) for n in names}


def read(path: Path, settings: ReadSettings | None = None) -> dict[str, npt.NDArray[np.float64]]:
    return values_of(open_file(path, settings or ReadSettings()))


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
