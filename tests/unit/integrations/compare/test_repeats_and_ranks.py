"""Repeats and several data sets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from integrations.core.compare.ranking import rank_over_data_sets
from integrations.core.compare.repeats import corrected_resampled_t, mean_interval


def test_the_mean_of_repeats_has_a_t_interval() -> None:
    found = mean_interval([0.9, 0.92, 0.94])
    assert found is not None
    low, high = stats.t.interval(0.95, 2, 0.92, stats.sem([0.9, 0.92, 0.94]))
    assert (found.value, found.low, found.high) == pytest.approx((0.92, low, high))
    assert mean_interval([0.9]) is None


def test_overlapping_training_parts_widen_the_test() -> None:
    differences = [0.02, 0.03, 0.01, 0.025, 0.015]
    interval, p = corrected_resampled_t(differences, n_train=80, n_test=20)
    naive = stats.ttest_1samp(differences, 0).pvalue
    assert p > naive
    expected = 0.02 / np.sqrt((1 / 5 + 0.25) * np.var(differences, ddof=1))
    assert p == pytest.approx(2 * stats.t.sf(expected, 4))
    assert interval.low < 0.02 < interval.high
    assert corrected_resampled_t([0.0, 0.0], 10, 10)[1] == 1.0
    with pytest.raises(ValueError, match="two repeats"):
        corrected_resampled_t([0.1], 10, 10)


def test_the_critical_difference_is_that_of_demsars_example() -> None:
    # Demšar (2006), section 3.2.2: four models over fourteen data sets.
    scores = np.random.default_rng(1).random((14, 4))
    assert rank_over_data_sets(scores).critical_difference == pytest.approx(1.25, abs=0.005)


def test_models_are_ranked_and_those_within_the_critical_difference_stand_together() -> None:
    steady = np.linspace(0.5, 0.9, 20)[:, None]
    scores = steady + np.array([0.0, 0.05, 0.0501, -0.2])
    scores[::2, 1] += 0.001
    found = rank_over_data_sets(scores)
    assert found.average_ranks == (3.0, 1.5, 1.5, 4.0)
    assert found.groups == ((1, 2), (0, 3))
    assert found.friedman_p is not None
    assert found.friedman_p < 1e-6
    worst = next(pair for pair in found.pairs if (pair.a, pair.b) == (0, 3))
    assert worst.p_holm < 0.01


def test_rows_that_lack_a_score_are_left_out_and_equal_models_are_not_told_apart() -> None:
    scores = np.array([[0.9, 0.9, 0.9], [0.8, 0.8, 0.8], [0.7, np.nan, 0.7]])
    found = rank_over_data_sets(scores)
    assert found.n_data_sets == 2
    assert found.friedman_p == 1.0
    assert found.groups == ((0, 1, 2),)
    with pytest.raises(ValueError, match="two data sets"):
        rank_over_data_sets(scores[:1])
