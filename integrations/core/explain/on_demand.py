"""Explains chosen windows with a model that was read back, as a run explains its telling ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions, Predictor, StoredResult
from integrations.core.data.dataset import Dataset, FloatArray
from integrations.core.data.windows import IntArray, WindowIndex
from integrations.core.explain.explain import explain

SHARED = ("explained_band_edges", "explained_orders")
"""What does not belong to single windows."""


@runtime_checkable
class Attentive(Protocol):
    """A predictor that can say which stretch of a window it looked at."""

    def attention(
        self, data: Dataset, windows: WindowIndex, classes: IntArray
    ) -> npt.NDArray[np.float32] | None:
        """Give Grad-CAM over time for a class per window, shape (n, CAM_BINS); None for none."""


class AlteredWindows(Dataset):
    """A data set with altered copies of some of its windows behind its recordings."""

    def __init__(self, data: Dataset, index: WindowIndex) -> None:
        copies = tuple(
            replace(data.info.recordings[i], n_samples=index.window_samples)
            for i in index.recording.tolist()
        )
        self.folder = data.folder
        self.info = replace(data.info, recordings=(*data.info.recordings, *copies))
        self._data = data
        self._first = len(data.info.recordings)
        self._place = {
            pair: i
            for i, pair in enumerate(
                zip(index.recording.tolist(), index.start.tolist(), strict=True)
            )
        }
        self._windows: dict[int, FloatArray] = {}

    def put(self, windows: FloatArray, index: WindowIndex) -> WindowIndex:
        """Take altered windows, shape (n, channels, samples); gives where they lie now."""
        pairs = zip(index.recording.tolist(), index.start.tolist(), strict=True)
        places = [self._first + self._place[pair] for pair in pairs]
        self._windows = dict(zip(places, windows, strict=True))
        where = np.array(places, dtype=np.int64)
        return WindowIndex(where, np.zeros_like(where), index.window_samples)

    def signal(self, index: int) -> FloatArray:
        """Give a recording, or an altered window."""
        return self._data.signal(index) if index < self._first else self._windows[index]


def explain_rows(
    predictor: Predictor, data: Dataset, test: Predictions, rows: IntArray
) -> dict[str, Any]:
    """Explain rows of the test predictions by occlusion and, where the model can, by Grad-CAM.

    Returns:
        As ``explain`` and ``FitResult.extras``: ``explained_…`` by name; {} for no rows.
    """
    if not len(rows):
        return {}
    samples = predictor.window_samples
    index = WindowIndex(test.recording[rows], test.start[rows], samples)
    altered = AlteredWindows(data, index)

    def predict(windows: FloatArray, where: WindowIndex) -> npt.NDArray[np.float64]:
        return predictor.probability(altered, altered.put(windows, where))

    found = explain(predict, data, test, samples, rows)
    if isinstance(predictor, Attentive):
        cam = predictor.attention(data, index, found["explained_predicted"])
        found |= {} if cam is None else {"explained_cam": cam}
    return found


def with_explanations(result: StoredResult, more: dict[str, Any]) -> StoredResult:
    """Give a run's result with further windows explained."""
    return replace(result, extras=result.extras | joined(result.extras, more))


def joined(known: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Put two sets of explanations behind one another; what one of them lacks is NaN there."""
    known = {name: np.asarray(v) for name, v in known.items() if name.startswith("explained_")}
    if not more or "explained_start" not in known:
        return dict(more) or known
    if any(not np.array_equal(known[name], more[name]) for name in SHARED if name in known):
        return known  # cut otherwise, so the rows do not fit together
    sizes = len(known["explained_start"]), len(more["explained_start"])
    names = sorted((known.keys() | more.keys()) - set(SHARED))
    parts = {
        name: [_rows(known, more, name, sizes[0]), _rows(more, known, name, sizes[1])]
        for name in names
    }
    return {name: np.concatenate(part) for name, part in parts.items()} | {
        name: known[name] for name in SHARED if name in known
    }


def _rows(
    mine: dict[str, Any], other: dict[str, Any], name: str, n: int
) -> npt.NDArray[np.generic]:
    if name in mine:
        return np.asarray(mine[name])
    return np.full((n, *np.asarray(other[name]).shape[1:]), np.nan, dtype=np.float32)
