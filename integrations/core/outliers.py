"""How far windows lie from everything a model was trained on, as a p-value.

The distance is that to the k-th nearest training window (Sun et al. 2022, "Out-of-distribution
detection with deep nearest neighbors") in the model's own features, whitened so that it is a
Mahalanobis distance (Lee et al. 2018) with the covariance shrunk (Ledoit & Wolf 2004). Validation
windows, which the model was not fitted to, say which distances are usual: the p-value is the
conformal one (Bates et al. 2023), the share of them lying at least as far.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

FeatureArray = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
NEIGHBOURS = 10
MOST_REFERENCES = 5000
MOST_DIMENSIONS = 256
LEAST_SHRINKAGE = 0.01
OUTSIDE = 0.01
"""At or below this p-value a window counts as unlike everything trained on."""
_ROWS = 512


@dataclass(frozen=True)
class OutlierMeter:
    """Measures distances from the training data; made by ``fit_outlier_meter``.

    Attributes:
        rows: Which training windows are kept as references, positions in what was given to
            ``fit_outlier_meter``, shape (m,).
        reference: Their whitened features, shape (m, d).
        centre: Mean of the training features, shape (d_features,).
        whitening: From centred features to whitened ones, shape (d_features, d).
        usual: Distances of the validation windows, ascending, shape (n_validation,).
        k: Which neighbour's distance counts.
    """

    rows: IntArray
    reference: FeatureArray
    centre: FeatureArray
    whitening: FeatureArray
    usual: FloatArray
    k: int

    def whitened(self, features: npt.ArrayLike) -> FeatureArray:
        """Give whitened features, shape (n, d); rows that were not finite stay so."""
        centred = np.asarray(features, dtype=np.float32) - self.centre
        return np.asarray(centred @ self.whitening, dtype=np.float32)

    def nearest(self, features: npt.ArrayLike, k: int) -> tuple[IntArray, FloatArray]:
        """Find the nearest reference windows.

        Args:
            features: Shape (n, d_features), as the model gave them.
            k: How many; fewer where there are fewer references.

        Returns:
            Positions in ``rows``/``reference`` and distances, nearest first, both (n, k).
            Distances of rows that are not finite are infinite.
        """
        return nearest(self.whitened(features), self.reference, k)

    def distance(self, features: npt.ArrayLike) -> FloatArray:
        """Give the distance to the k-th nearest training window, shape (n,)."""
        return self.nearest(features, self.k)[1][:, -1]

    def p_value(self, distance: npt.ArrayLike) -> FloatArray:
        """Give the share of validation windows that lie at least as far, shape (n,).

        Never below 1 / (n_validation + 1): what few validation windows cannot tell, it does not.
        """
        nearer = np.searchsorted(self.usual, np.asarray(distance, dtype=np.float64), side="left")
        return np.asarray((1 + self.usual.size - nearer) / (1 + self.usual.size))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Give what an NPZ file needs to keep of it."""
        return {
            "rows": self.rows,
            "reference": self.reference,
            "centre": self.centre,
            "whitening": self.whitening,
            "usual": self.usual,
            "k": np.array(self.k),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """Make it of what ``arrays`` gave.

        Raises:
            KeyError: An array is missing.
        """
        return cls(
            np.asarray(arrays["rows"], dtype=np.int64),
            np.asarray(arrays["reference"], dtype=np.float32),
            np.asarray(arrays["centre"], dtype=np.float32),
            np.asarray(arrays["whitening"], dtype=np.float32),
            np.asarray(arrays["usual"], dtype=np.float64),
            int(arrays["k"]),
        )


def fit_outlier_meter(
    train: npt.ArrayLike,
    validation: npt.ArrayLike,
    *,
    k: int = NEIGHBOURS,
    most: int = MOST_REFERENCES,
    seed: int = 0,
) -> OutlierMeter:
    """Learn what lies usually near: references from training, distances from validation windows.

    Args:
        train: Features of training windows, shape (n, d_features).
        validation: Features of windows the model was not fitted to, shape (m, d_features). Where
            they come from the groups trained on, distances of new groups look larger than they
            are unusual.
        k: Which neighbour's distance counts.
        most: References kept, drawn evenly; more cost time and space.
        seed: Of the draw.

    Raises:
        ValueError: There are no finite training or no validation windows.
    """
    features = np.asarray(train, dtype=np.float32)
    held_out = np.asarray(validation, dtype=np.float32)
    usable = np.flatnonzero(np.isfinite(features).all(axis=1))
    if usable.size == 0 or held_out.shape[0] == 0:
        raise ValueError("Distances need training and validation windows with finite features.")
    rng = np.random.default_rng([seed, 0x0D])
    rows = np.sort(rng.permutation(usable)[:most])
    centre = features[rows].mean(axis=0)
    whitening = _whitening(features[rows] - centre, rng)
    reference = (features[rows] - centre) @ whitening
    meter = OutlierMeter(rows, reference, centre, whitening, np.empty(0), min(k, rows.size))
    usual = np.sort(meter.distance(held_out))
    return OutlierMeter(rows, reference, centre, whitening, usual, meter.k)


def nearest(points: FeatureArray, reference: FeatureArray, k: int) -> tuple[IntArray, FloatArray]:
    """Find the k nearest references of each point by Euclidean distance, nearest first.

    Returns:
        Positions in ``reference`` and distances, both of shape (n, k).
    """
    k = min(k, len(reference))
    position = np.zeros((len(points), k), dtype=np.int64)
    distance = np.full((len(points), k), np.inf)
    length = np.einsum("ij,ij->i", reference, reference)
    for first in range(0, len(points), _ROWS):
        some = slice(first, first + _ROWS)
        finite = np.flatnonzero(np.isfinite(points[some]).all(axis=1))
        here = points[some][finite]
        squared = length - 2 * here @ reference.T + np.einsum("ij,ij->i", here, here)[:, None]
        near = np.argpartition(squared, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(squared, near, axis=1)
        order = np.argsort(found, axis=1, kind="stable")
        position[first + finite] = np.take_along_axis(near, order, axis=1)
        ordered = np.take_along_axis(found, order, axis=1)
        distance[first + finite] = np.sqrt(np.maximum(ordered, 0))
    return position, distance


def recording_p_values(
    p_values: npt.ArrayLike, recording: npt.ArrayLike
) -> tuple[IntArray, FloatArray]:
    """Join the p-values of a recording's windows, however much they depend on one another.

    Twice the median is a p-value whatever the dependence (Rüschendorf 1982; Vovk & Wang 2020).

    Returns:
        The recordings, ascending, and their p-values.
    """
    values = np.asarray(p_values, dtype=np.float64)
    recordings, number = np.unique(np.asarray(recording, dtype=np.int64), return_inverse=True)
    joined = [min(1.0, 2 * float(np.median(values[number == i]))) for i in range(len(recordings))]
    return recordings, np.array(joined, dtype=np.float64)


def _whitening(centred: FeatureArray, rng: np.random.Generator) -> FeatureArray:
    """Whiten; more dimensions than covariances are made for go through a random projection."""
    spread = centred.std(axis=0, dtype=np.float64)
    width = len(spread)
    projection = np.diag(1 / np.where(spread > 0, spread, 1.0))
    if width > MOST_DIMENSIONS:
        projection = projection @ rng.standard_normal((width, MOST_DIMENSIONS))
    covariance = _shrunk_covariance(centred.astype(np.float64) @ projection)
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(projection @ (vectors / np.sqrt(values)), dtype=np.float32)


def _shrunk_covariance(centred: FloatArray) -> FloatArray:
    """Covariance drawn towards a multiple of the identity as far as its noise asks for."""
    n, d = centred.shape
    sample = centred.T @ centred / n
    mean_variance = float(np.trace(sample)) / d
    if mean_variance <= 0:
        return np.eye(d)
    spread = float(((sample - mean_variance * np.eye(d)) ** 2).sum())
    fourth = float((np.einsum("ij,ij->i", centred, centred) ** 2).sum())
    noise = max(0.0, fourth / n - float((sample**2).sum())) / n
    shrinkage = 1.0 if spread <= 0 else float(np.clip(noise / spread, LEAST_SHRINKAGE, 1.0))
    drawn = (1 - shrinkage) * sample + shrinkage * mean_variance * np.eye(d)
    return np.asarray(drawn, dtype=np.float64)
