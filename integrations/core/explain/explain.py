"""Chooses telling test windows and measures what a model's decision rests on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions
from integrations.core.data.dataset import Dataset, DatasetInfo, FloatArray
from integrations.core.data.windows import IntArray, WindowIndex, gather
from integrations.core.explain.occlusion import (
    ORDERS,
    band_edges,
    cycles_per_sample,
    order_bands,
    without_band,
)

MOST_WINDOWS = 24
PER_CLASS = 3

Probability = Callable[[FloatArray, WindowIndex], npt.NDArray[np.float64]]
"""Maps windows, shape (n, channels, samples), and where they lie to class probabilities."""


def telling_windows(predictions: Predictions, n_classes: int) -> IntArray:
    """Choose windows worth looking at: of each class the surest hit and the surest mistakes.

    Args:
        predictions: Of the test part.
        n_classes: Classes of the data set.

    Returns:
        Positions in the predictions, at most MOST_WINDOWS, mistakes first, surest first.
    """
    predicted = predictions.predicted
    sure = predictions.probability.max(axis=1, initial=0.0)
    by_sureness = np.argsort(-sure, kind="stable")
    hit = (predicted == predictions.truth)[by_sureness]
    truth = predictions.truth[by_sureness]
    ranked: list[tuple[int, int]] = []
    for klass in range(n_classes):
        wrong = by_sureness[~hit & (truth == klass)][: PER_CLASS - 1]
        right = by_sureness[hit & (truth == klass)][: PER_CLASS - len(wrong)]
        ranked += [(rank, row) for rank, row in enumerate(wrong.tolist())]
        ranked += [(rank + len(wrong), row) for rank, row in enumerate(right.tolist())]
    ranked.sort(key=lambda pair: pair[0])
    chosen = np.array([row for _, row in ranked[:MOST_WINDOWS]], dtype=np.int64)
    mistaken_first = np.lexsort((-sure[chosen], (predicted == predictions.truth)[chosen]))
    return chosen[mistaken_first]


def explain(
    predict: Probability,
    data: Dataset,
    test: Predictions,
    samples: int,
    rows: IntArray | None = None,
) -> dict[str, Any]:
    """Measure by occlusion which frequencies the decisions on telling windows rest on.

    A band is removed from a window and the model asked again: the fall of the probability of the
    class it had predicted is what the band was worth (Zeiler & Fergus 2014, here in frequency).

    Args:
        predict: The model.
        data: Where the windows lie.
        test: Predictions on the test part.
        samples: Window length.
        rows: Which rows of the predictions; by default the telling ones.

    Returns:
        For ``FitResult.extras``; {} when there is nothing to explain. Arrays over m windows:
        ``explained_recording``, ``explained_start``, ``explained_truth``,
        ``explained_predicted`` (m,), ``explained_probability`` (m, classes),
        ``explained_occlusion`` (m, bands) with ``explained_band_edges`` (bands + 1) in cycles per
        sample, and, NaN where a window has no rpm, ``explained_order_occlusion`` (m, orders) with
        ``explained_orders``, the (low, high) multiples of shaft speed.
    """
    if rows is None:
        rows = telling_windows(test, len(data.info.classes))
    if len(rows) == 0:
        return {}
    index = WindowIndex(test.recording[rows], test.start[rows], samples)
    windows = gather(data, index)
    edges = band_edges(samples)
    bands = np.stack([edges[:-1], edges[1:]], axis=1)
    every = np.broadcast_to(bands, (len(rows), *bands.shape))
    said = test.predicted[rows]
    sure = test.probability[rows, said]
    return {
        "explained_recording": test.recording[rows],
        "explained_start": test.start[rows],
        "explained_truth": test.truth[rows],
        "explained_predicted": said,
        "explained_probability": test.probability[rows],
        "explained_occlusion": _falls(predict, windows, index, every, said, sure),
        "explained_band_edges": edges,
        "explained_order_occlusion": _falls(
            predict, windows, index, _order_bands(data.info, index), said, sure
        ),
        "explained_orders": np.array(ORDERS),
    }


def _order_bands(info: DatasetInfo, index: WindowIndex) -> npt.NDArray[np.float64]:
    """Bands of the shaft orders for each window, (m, orders, 2) in cycles per sample."""
    cycles = [cycles_per_sample(info.recordings[i]) for i in index.recording.tolist()]
    return np.stack([order_bands(c, index.window_samples) for c in cycles])


def _falls(
    predict: Probability,
    windows: FloatArray,
    index: WindowIndex,
    bands: npt.NDArray[np.float64],
    said: IntArray,
    sure: npt.NDArray[np.float64],
) -> npt.NDArray[np.float32]:
    """Fall of the predicted class's probability without each band, shape (m, bands)."""
    falls = np.full(bands.shape[:2], np.nan, dtype=np.float32)
    for number in range(bands.shape[1]):
        some = np.flatnonzero(np.isfinite(bands[:, number, 0]))
        if len(some):
            changed = without_band(windows[some], bands[some, number])
            left = predict(changed, index.take(some))[np.arange(len(some)), said[some]]
            falls[some, number] = sure[some] - left
    return falls
