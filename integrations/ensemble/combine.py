"""How probabilities of several models become one: averages, and what is learnt to weigh them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
LEAST_PROBABILITY = 1e-6
WEIGHT_ROUNDS, WEIGHT_TOLERANCE = 2000, 1e-9
STACKING_ROUNDS, STACKING_TOLERANCE = 300, 1e-7


def log_loss(probability: FloatArray, truth: IntArray) -> float:
    """Mean negative log probability of the true class; at most about 14 for a sure error."""
    of_truth = probability[np.arange(len(truth)), truth]
    return float(-np.log(of_truth.clip(min=LEAST_PROBABILITY)).mean())


@dataclass(frozen=True)
class Average:
    """A weighted average of probabilities.

    Attributes:
        weights: One per member, not negative, summing to 1, shape (members,).
    """

    weights: FloatArray

    def probability(self, members: FloatArray) -> FloatArray:
        """Combine probabilities, shape (members, n, classes) to (n, classes)."""
        mixed = np.tensordot(self.weights, members, axes=1)
        return np.asarray(mixed / mixed.sum(axis=1, keepdims=True))


def equal_weights(members: int) -> FloatArray:
    """Weights of a plain average."""
    return np.full(members, 1.0 / members)


def pulled(weights: FloatArray, evidence: float, pull: float) -> FloatArray:
    """Draw weights towards equal ones.

    Args:
        weights: Summing to 1, shape (members,).
        evidence: Recordings that the weights rest on.
        pull: Imagined recordings per member that speak for equal weights.
    """
    return np.asarray((evidence * weights + pull) / (evidence + pull * len(weights)))


def best_weights(
    members: FloatArray, truth: IntArray, evidence: float = 1.0, pull: float = 0.0
) -> FloatArray:
    """Weights of the average with the least log loss, by expectation maximisation.

    The loss is convex in the weights and each round lowers it without leaving the simplex
    (mixture proportions, Dempster, Laird and Rubin 1977); the pull is a Dirichlet prior.

    Args:
        members: Validation probabilities, shape (members, n, classes).
        truth: Class indices, shape (n,).
        evidence: Recordings that the windows come from.
        pull: Imagined recordings per member that speak for equal weights.
    """
    of_truth = members[:, np.arange(len(truth)), truth].clip(min=LEAST_PROBABILITY)
    weights = equal_weights(len(members))
    for _ in range(WEIGHT_ROUNDS):
        shares = weights[:, None] * of_truth
        updated = pulled((shares / shares.sum(axis=0)).mean(axis=1), evidence, pull)
        updated /= updated.sum()
        change = float(np.abs(updated - weights).max())
        weights = updated
        if change < WEIGHT_TOLERANCE:
            break
    return weights


@dataclass(frozen=True)
class Stack:
    """Multinomial logistic regression on log probabilities, one coefficient per member and class.

    Without learning it is the geometric mean of the members (coefficients 1 over their number).

    Attributes:
        coefficients: Shape (members, classes).
        bias: Shape (classes,).
    """

    coefficients: FloatArray
    bias: FloatArray

    @property
    def weights(self) -> FloatArray:
        """Each member's mean coefficient, negative ones as zero, scaled to sum to 1."""
        mean = self.coefficients.mean(axis=1).clip(min=0.0)
        return mean / mean.sum() if mean.sum() > 0 else equal_weights(len(mean))

    def probability(self, members: FloatArray) -> FloatArray:
        """Combine probabilities, shape (members, n, classes) to (n, classes)."""
        return _softmax(np.einsum("mnk,mk->nk", _log(members), self.coefficients) + self.bias)


def fit_stack(
    members: FloatArray, truth: IntArray, penalty: float, start: Stack | None = None
) -> Stack:
    """Learn a stack (Wolpert 1992; Ting and Witten 1999) with an L2 price on leaving the mean.

    Args:
        members: Probabilities, shape (members, n, classes).
        truth: Class indices, shape (n,).
        penalty: Price per squared distance from the geometric mean, over the windows.
        start: Where to begin, e.g. the stack of a neighbouring penalty; it only saves time.
    """
    from scipy.optimize import minimize  # the web and reports load this file, and never fit

    n_members, n, n_classes = members.shape
    # Classes side by side in memory: the sums over windows below then run along whole rows.
    logs, centre = np.ascontiguousarray(_log(members).transpose(2, 0, 1)), 1.0 / n_members
    rows, price = np.arange(n), penalty / n
    one_hot = np.zeros((n_classes, n))
    one_hot[truth, rows] = 1.0

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        table = flat.reshape(n_classes, n_members + 1)
        coefficients, bias = centre + table[:, :-1], table[:, -1:]
        scores = np.matmul(coefficients[:, None, :], logs)[:, 0] + bias
        scores -= scores.max(axis=0)
        powers = np.exp(scores)
        total = powers.sum(axis=0)
        error = (powers / total - one_hot) / n
        slope = np.concatenate(
            [np.matmul(logs, error[:, :, None])[:, :, 0], error.sum(axis=1, keepdims=True)], axis=1
        )
        value = float((np.log(total) - scores[truth, rows]).mean())
        return value + 0.5 * price * float((table**2).sum()), (slope + price * table).ravel()

    first = np.zeros((n_classes, n_members + 1))
    if start is not None:
        first = np.column_stack([start.coefficients.T - centre, start.bias])
    found = minimize(
        loss, first.ravel(), jac=True, method="L-BFGS-B",
        options={"maxiter": STACKING_ROUNDS, "ftol": STACKING_TOLERANCE},
    ).x.reshape(first.shape)  # fmt: skip
    return Stack(centre + found[:, :-1].T, found[:, -1])


def _log(members: FloatArray) -> FloatArray:
    return np.asarray(np.log(members.clip(min=LEAST_PROBABILITY)))


def _softmax(scores: FloatArray) -> FloatArray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
