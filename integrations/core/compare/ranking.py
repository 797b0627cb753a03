"""Models ranked over several data sets, and which of them can be told apart (Demšar 2006)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from integrations.core.compare.paired import holm

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RankPair:
    """Two models over all data sets: positions, and Wilcoxon's p after Holm's correction."""

    a: int
    b: int
    p_holm: float


@dataclass(frozen=True)
class Ranking:
    """Models over data sets.

    Attributes:
        average_ranks: One per model; 1 is the best.
        friedman_p: Whether the models differ at all; None for fewer than three models.
        critical_difference: Ranks closer than this are not told apart (Nemenyi, 5 %).
        groups: Positions of models that are not told apart, maximal, best first.
        n_data_sets: Rows that were complete and used.
    """

    average_ranks: tuple[float, ...]
    friedman_p: float | None
    critical_difference: float
    groups: tuple[tuple[int, ...], ...]
    pairs: tuple[RankPair, ...]
    n_data_sets: int


def rank_over_data_sets(scores: FloatArray) -> Ranking:
    """Rank models by scores where larger is better.

    Args:
        scores: Shape (data sets, models); rows with a NaN are left out.

    Raises:
        ValueError: Fewer than two models, or fewer than two complete data sets.
    """
    whole = scores[np.isfinite(scores).all(axis=1)]
    n, k = whole.shape
    if k < 2 or n < 2:
        raise ValueError("A ranking needs two models that both ran on two data sets or more.")
    from scipy import stats  # a second and 50 MiB that only a ranking needs

    ranks = stats.rankdata(-whole, axis=1).mean(axis=0)
    # The studentised range for infinite degrees of freedom; 10,000 are as good and much faster.
    q = float(stats.studentized_range.ppf(0.95, k, 10_000)) / np.sqrt(2)
    critical = float(q * np.sqrt(k * (k + 1) / (6 * n)))
    friedman = _friedman(whole) if k > 2 else None
    return Ranking(
        average_ranks=tuple(ranks.tolist()),
        friedman_p=friedman,
        critical_difference=critical,
        groups=_groups(ranks, critical),
        pairs=_pairs(whole),
        n_data_sets=n,
    )


def _friedman(scores: FloatArray) -> float:
    from scipy import stats

    if (scores == scores[:, :1]).all():
        return 1.0
    return float(stats.friedmanchisquare(*scores.T).pvalue)


def _groups(ranks: FloatArray, critical: float) -> tuple[tuple[int, ...], ...]:
    order = np.argsort(ranks, kind="stable")
    found: list[tuple[int, ...]] = []
    for place, first in enumerate(order.tolist()):
        near = [m for m in order[place:].tolist() if ranks[m] - ranks[first] <= critical]
        if len(near) > 1 and not any(set(near) <= set(group) for group in found):
            found.append(tuple(near))
    return tuple(found)


def _pairs(scores: FloatArray) -> tuple[RankPair, ...]:
    places = list(combinations(range(scores.shape[1]), 2))
    raw = [_wilcoxon(scores[:, a] - scores[:, b]) for a, b in places]
    return tuple(RankPair(a, b, p) for (a, b), p in zip(places, holm(raw), strict=True))


def _wilcoxon(differences: FloatArray) -> float:
    from scipy import stats

    return float(stats.wilcoxon(differences).pvalue) if differences.any() else 1.0
