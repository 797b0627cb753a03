"""A small logistic regression of several classes; SciPy alone, which loads in a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax

STEPS = 60
"""A second opinion need not settle to the last digit."""
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Logistic:
    """Weights over standardised features; the last row is the bias.

    Attributes:
        centre, scale: Of the features, shape (d,).
        weights: Shape (d + 1, classes); −inf biases leave classes out that were not seen.
    """

    centre: Array
    scale: Array
    weights: Array

    def probability(self, features: npt.ArrayLike) -> Array:
        """Give class probabilities, shape (n, classes)."""
        table = (np.asarray(features, dtype=np.float64) - self.centre) / self.scale
        scores = table @ self.weights[:-1] + self.weights[-1]
        return np.asarray(softmax(scores, axis=1), dtype=np.float64)


def fit_logistic(
    features: npt.ArrayLike, klass: npt.NDArray[np.int64], n_classes: int, strength: float
) -> Logistic:
    """Fit with the square of the weights held down, each class counting alike.

    Args:
        features: Shape (n, d).
        klass: Class index of each row.
        n_classes: Classes of the data set; those without a row get probability 0.
        strength: Inverse of the regularisation; smaller holds the weights down more.
    """
    from scipy.optimize import minimize  # the web, which reads what was found, fits nothing

    table = np.asarray(features, dtype=np.float64)
    centre, spread = table.mean(axis=0), table.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    table = np.hstack([(table - centre) / scale, np.ones((len(table), 1))])
    seen, position = np.unique(klass, return_inverse=True)
    counts = np.bincount(position)
    weight = (len(klass) / (len(seen) * counts))[position]
    target = np.eye(len(seen))[position]
    shape = (table.shape[1], len(seen))

    def cost(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(shape)
        held = weights.copy()
        held[-1] = 0.0
        logs = log_softmax(table @ weights, axis=1)
        gradient = strength * table.T @ ((np.exp(logs) - target) * weight[:, None]) + held
        value = -strength * float((logs * target).sum(axis=1) @ weight) + float((held**2).sum()) / 2
        return value, gradient.ravel()

    found = minimize(
        cost, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}
    )
    weights = np.zeros((shape[0], n_classes))
    weights[-1] = -np.inf
    weights[:, seen] = found.x.reshape(shape)
    return Logistic(centre, scale, weights)
