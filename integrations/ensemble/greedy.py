"""Greedy ensemble selection with replacement (Caruana et al. 2004), one member per step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from integrations.core.evaluation.figures_of_merit import counts_of_all, headline
from integrations.ensemble.combine import FloatArray, IntArray, log_loss
from integrations.ensemble.config import Criterion

Score = tuple[float, float]
"""Smaller is better; the second decides between equals."""


def scorer(criterion: Criterion, truth: IntArray, n_classes: int) -> Callable[[FloatArray], Score]:
    """Give the function that scores probabilities, shape (n, classes), against the truth."""

    def score(probability: FloatArray) -> Score:
        loss = log_loss(probability, truth)
        if criterion is Criterion.LOG_LOSS:
            return loss, 0.0
        counts = counts_of_all(truth, probability.argmax(axis=1), n_classes)
        return -float(headline(counts)["macro_f1"]), loss

    return score


def next_member(
    members: FloatArray, bag: Sequence[int], score: Callable[[FloatArray], Score]
) -> int:
    """Give the member whose addition to the bag scores best; it may be in there already.

    Args:
        members: Validation probabilities, shape (members, n, classes).
        bag: Members chosen so far, with repetition.
        score: See ``scorer``.
    """
    so_far = members[list(bag)].sum(axis=0) if bag else np.zeros(members.shape[1:])
    scores = [score((so_far + candidate) / (len(bag) + 1)) for candidate in members]
    return min(range(len(members)), key=lambda number: scores[number])


def bag_weights(bag: Sequence[int], n_members: int) -> npt.NDArray[np.float64]:
    """Share of each member in a bag, shape (n_members,)."""
    return np.bincount(np.asarray(bag, dtype=np.int64), minlength=n_members) / len(bag)


def best_length(scores: Sequence[Score]) -> int:
    """Number of steps after which the bag scored best; the first of equals."""
    return 1 + min(range(len(scores)), key=lambda number: scores[number])
