"""MiniRocket: thousands of simple convolutions, each reduced to how often it exceeds a threshold.

Dempster, Schmidt & Webb (2021), "MiniRocket: A very fast (almost) deterministic transform for time
series classification": 84 kernels of nine weights (three 2, six -1), dilations spread over the
window, thresholds from quantiles of training windows, and the share of positive values as the
feature. Here in NumPy, without compiled code of its own: shifted sums, and counting eight
comparisons at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
TAPS = 9
PAIRS = tuple(combinations(range(TAPS - 1), 2))
KERNELS = tuple((a, b, c) for a, b in PAIRS for c in range(b + 1, TAPS))
"""Positions of the three heavy weights; kernels that share two follow one another."""
MOST_DILATIONS = 32
SHORTEST_WINDOW = TAPS
CHUNK_SAMPLES = 1 << 16
"""Samples convolved at once: 256 KiB in float32, so that sums stay in the processor's cache."""
BIAS_WINDOWS = 16
"""Training windows from which thresholds are drawn, spread over all of them."""
MOST_LANES = 255
"""Bytes summed in one lane before they could overflow."""
GOLDEN = (5**0.5 + 1) / 2
TINY = np.float32(1e-12)


@dataclass(frozen=True)
class MiniRocket:
    """A fitted transform.

    Attributes:
        samples: Length of the windows it was made for.
        dilations: Spacing of the taps, shape (d,).
        channels: Which channels are summed, shape (d, pairs, channels), bool.
        biases: For each dilation thresholds of shape (kernels, features per kernel).
    """

    samples: int
    dilations: tuple[int, ...]
    channels: npt.NDArray[np.bool_]
    biases: tuple[FloatArray, ...]

    @property
    def n_features(self) -> int:
        """Columns of the transform."""
        return sum(bias.size for bias in self.biases)

    def transform(
        self, windows: FloatArray, pulse: Callable[[int], None] = lambda done: None
    ) -> FloatArray:
        """Transform windows.

        Args:
            windows: Shape (n, channels, samples); each is standardised, so amplitude is not seen.
            pulse: Called with the windows done after each chunk.

        Returns:
            Shares of positive values, shape (n, n_features), float32.
        """
        table = np.empty((len(windows), self.n_features), dtype=np.float32)
        at_once = max(1, CHUNK_SAMPLES // self.samples)
        for start in range(0, len(windows), at_once):
            some = windows[start : start + at_once]
            table[start : start + len(some)] = self._shares(standardised(some))
            pulse(start + len(some))
        return table

    def _shares(self, windows: FloatArray) -> FloatArray:
        parts = []
        for number, biases in enumerate(self.biases):
            count = _Counter(len(windows), biases.shape[1], self.samples)
            dilation = self.dilations[number]
            for kernel, values in _convolved(windows, dilation, self.channels[number]):
                margin = _margin(number, kernel, dilation)
                counts = count.above(values, biases[kernel], margin)
                parts.append(counts / np.float32(self.samples - 2 * margin))
        return np.concatenate(parts, axis=1)


def fit_minirocket(windows: FloatArray, n_features: int, seed: int) -> MiniRocket:
    """Choose dilations, channels and thresholds.

    Args:
        windows: Training windows, shape (n, channels, samples).
        n_features: About how many features; rounded down to whole kernels, at least 84.
        seed: Fixes everything random.
    """
    rng = np.random.default_rng([seed, 0x20C])
    n, channels, samples = windows.shape
    dilations, per_dilation = _dilations(samples, max(1, n_features // len(KERNELS)))
    chosen = rng.permutation(n)[:BIAS_WINDOWS]
    used = standardised(windows[np.sort(chosen)])
    summed = np.stack([_subsets(rng, channels) for _ in dilations])
    quantiles = _low_discrepancy(sum(per_dilation) * len(KERNELS))
    biases = []
    for number, (dilation, count) in enumerate(zip(dilations, per_dilation, strict=True)):
        table = np.empty((len(KERNELS), count), dtype=np.float32)
        for kernel, values in _convolved(used, dilation, summed[number]):
            margin = _margin(number, kernel, dilation)
            row = values[rng.integers(len(used)), margin : samples - margin]
            wanted, quantiles = quantiles[:count], quantiles[count:]
            table[kernel] = np.quantile(row, wanted)
        biases.append(table)
    return MiniRocket(samples, dilations, summed, tuple(biases))


def standardised(windows: FloatArray) -> FloatArray:
    """Give each window of each channel mean 0 and deviation 1 (0 where it is constant)."""
    centred = windows - windows.mean(axis=2, keepdims=True)
    largest = np.maximum(np.abs(centred).max(axis=2, keepdims=True), np.finfo(np.float32).tiny)
    centred /= largest
    deviation = np.sqrt(np.mean(centred * centred, axis=2, keepdims=True))
    return np.asarray(centred / np.maximum(deviation, TINY), dtype=np.float32)


def _dilations(samples: int, per_kernel: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Exponentially spaced dilations and how many features of a kernel each gets."""
    most = min(per_kernel, MOST_DILATIONS)
    highest = max(0.0, np.log2((samples - 1) / (TAPS - 1)))
    spaced = np.logspace(0, highest, most, base=2).astype(np.int64)
    found, counts = np.unique(np.maximum(spaced, 1), return_counts=True)
    shared = (counts * (per_kernel / most)).astype(np.int64)
    left = per_kernel - int(shared.sum())
    shared[np.arange(left) % len(shared)] += 1
    return tuple(found.tolist()), tuple(shared.tolist())


def _subsets(rng: np.random.Generator, channels: int) -> npt.NDArray[np.bool_]:
    """Channels that are summed for each pair of taps, at least one."""
    chosen = np.zeros((len(PAIRS), channels), dtype=np.bool_)
    most = np.log2(min(channels, TAPS) + 1)
    for row in chosen:
        size = min(channels, int(2 ** rng.uniform(0, most)))
        row[rng.permutation(channels)[: max(1, size)]] = True
    return chosen


def _low_discrepancy(count: int) -> npt.NDArray[np.float64]:
    return np.asarray((np.arange(1, count + 1) * GOLDEN) % 1, dtype=np.float64)


def _margin(dilation_number: int, kernel: int, dilation: int) -> int:
    """Samples left out at both ends; every other kernel sees the zeros beyond the ends."""
    return 0 if (dilation_number + kernel) % 2 == 0 else (TAPS // 2) * dilation


def _convolved(
    windows: FloatArray, dilation: int, summed: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, FloatArray]]:
    """Give each kernel's number and convolution, shape (n, samples); the array is reused."""
    n, _, samples = windows.shape
    reach = (TAPS // 2) * dilation
    padded = np.zeros((n, samples + 2 * reach), dtype=np.float32)
    base, pair, values = (np.empty((n, samples), dtype=np.float32) for _ in range(3))
    kernel, last = 0, None
    for (first, second), channels in zip(PAIRS, summed, strict=True):
        if last is None or not np.array_equal(channels, last):
            inside = padded[:, reach : reach + samples]
            np.sum(windows[:, channels], axis=1, out=inside)
            taps = [padded[:, k * dilation : k * dilation + samples] for k in range(TAPS)]
            np.negative(taps[0], out=base)
            for tap in taps[1:]:
                base -= tap
            heavy = [3 * tap for tap in taps]
            last = channels
        np.add(base, heavy[first], out=pair)
        pair += heavy[second]
        for third in range(second + 1, TAPS):
            np.add(pair, heavy[third], out=values)
            yield kernel, values
            kernel += 1


class _Counter:
    """Counts values above thresholds, eight comparisons per addition."""

    def __init__(self, n: int, thresholds: int, samples: int) -> None:
        self._words = -(-samples // 8)
        self._above = np.zeros((n, thresholds, 8 * self._words), dtype=np.bool_)
        self._samples = samples
        self._starts = np.arange(0, self._words, MOST_LANES)

    def above(self, values: FloatArray, thresholds: FloatArray, margin: int) -> FloatArray:
        """Count per row and threshold, ``margin`` samples at both ends left out."""
        values[:, :margin] = -np.inf
        values[:, self._samples - margin :] = -np.inf
        for number, threshold in enumerate(thresholds):  # four times faster than broadcasting
            np.greater(values, threshold, out=self._above[:, number, : self._samples])
        lanes = np.add.reduceat(self._above.view(np.uint64), self._starts, axis=2)
        return np.asarray(lanes.view(np.uint8).sum(axis=2, dtype=np.float32))
