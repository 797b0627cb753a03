"""The power law finds planted curves, and sees no rise where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from integrations.core.evaluation.learning_curve import LearningCurve, Trained, learning_curve

SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)


def _score(share: float) -> float:
    return 1 - (0.02 + 0.05 * share**-0.7)


def _study(seed: int, *, flat: bool = False, seeds: int = 3) -> LearningCurve:
    rng = np.random.default_rng(seed)
    runs = []
    for i, share in enumerate(SHARES):
        for j in range(seeds):
            score = (0.9 if flat else _score(share)) + rng.normal(0, 0.01)
            classes = {"hungry": score - 0.2 * share**-0.5, "fed": 0.9 + rng.normal(0, 0.01)}
            runs.append(Trained(10 * i + j, share, int(1000 * share), i + 2, score, classes))
    return learning_curve(1, runs, len(runs))


def test_the_interval_at_twice_the_data_covers_the_planted_curve() -> None:
    covered = 0
    for seed in range(100):
        found = _study(seed).at_double
        assert found is not None
        covered += found.low <= _score(2.0) <= found.high
    assert covered >= 88


def test_a_flat_curve_is_seldom_said_to_rise() -> None:
    gains = [_study(seed, flat=True).gain for seed in range(40)]
    assert sum(gain is not None and gain.low > 0 for gain in gains) <= 4


def test_the_class_that_gains_most_is_named() -> None:
    found = _study(3).hungriest
    assert found is not None
    assert found.name == "hungry"


def test_points_carry_mean_interval_and_runs() -> None:
    curve = _study(0)
    assert [point.share for point in curve.points] == list(SHARES)
    assert all(p.mean.low < p.mean.value < p.mean.high <= 1 for p in curve.points)
    assert curve.finished == curve.expected == 15


@pytest.mark.parametrize("shares", [0, 1, 2])
def test_too_few_shares_give_no_law(shares: int) -> None:
    runs = [Trained(i, SHARES[i], 10 * (i + 1), 2, 0.8, {}) for i in range(shares)]
    curve = learning_curve(1, runs, 15)
    assert curve.law is None
    assert curve.gain is None
    assert len(curve.points) == shares


def test_one_seed_per_share_still_gives_an_interval() -> None:
    curve = _study(1, seeds=1)
    assert curve.gain is not None
    assert curve.gain.low <= curve.gain.value <= curve.gain.high


def test_perfect_scores_stay_within_bounds() -> None:
    runs = [Trained(i, s, int(100 * s), 2, 1.0, {"a": 1.0}) for i, s in enumerate(SHARES)]
    curve = learning_curve(1, runs, 5)
    assert curve.at_double is not None
    assert curve.at_double.value == 1.0
    assert curve.hungriest is None
