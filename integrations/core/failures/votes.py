"""What the nearest training windows of a window are, in the space the model decides in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from integrations.core.data.windows import IntArray

VOTERS = 15
KEPT = 5
"""Neighbours kept to be looked at."""


@dataclass(frozen=True)
class Votes:
    """How the nearest training windows of each window are labelled; all of shape (n,) unless said.

    Attributes:
        of_truth: Neighbours of the window's own class.
        first, second: The two classes with most neighbours; the same where all agree.
        of_first, of_second: Their neighbours.
        neighbour: Positions of the nearest ones among the references, shape (n, KEPT or fewer).
        distance: Their distances, same shape.
        voters: Neighbours asked, one number.
    """

    of_truth: IntArray
    first: IntArray
    second: IntArray
    of_first: IntArray
    of_second: IntArray
    neighbour: IntArray
    distance: npt.NDArray[np.float64]
    voters: int


def count_votes(
    neighbour: IntArray,
    distance: npt.NDArray[np.float64],
    reference_class: IntArray,
    truth: IntArray,
    n_classes: int,
) -> Votes:
    """Count the classes of the nearest references.

    Args:
        neighbour: Positions among the references, nearest first, shape (n, k).
        distance: Distances, shape (n, k).
        reference_class: Class index of each reference.
        truth: Class index of each window, shape (n,).
        n_classes: Classes of the data set.
    """
    n, k = neighbour.shape
    counts = np.zeros((n, n_classes), dtype=np.int64)
    np.add.at(counts, (np.arange(n)[:, None], reference_class[neighbour]), 1)
    order = np.argsort(-counts, axis=1, kind="stable")
    first, second = order[:, 0], order[:, min(1, n_classes - 1)]
    every = np.arange(n)
    of_second = counts[every, second]
    return Votes(
        of_truth=counts[every, truth],
        first=first,
        second=np.where(of_second > 0, second, first),
        of_first=counts[every, first],
        of_second=of_second,
        neighbour=neighbour[:, :KEPT],
        distance=distance[:, :KEPT],
        voters=k,
    )
