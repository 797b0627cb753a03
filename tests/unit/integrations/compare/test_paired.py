"""The paired tests agree with their definitions and with statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import cochrans_q
from statsmodels.stats.multitest import multipletests

from integrations.core.compare.paired import cochran, holm, mid_p, right_per_unit

small = st.lists(st.integers(-4, 4), min_size=1, max_size=10)


@given(st.integers(0, 40), st.integers(0, 40))
def test_single_windows_give_mcnemar_with_mid_p(only_a: int, only_b: int) -> None:
    n, k = only_a + only_b, min(only_a, only_b)
    exact = 2 * stats.binom.cdf(k, n, 0.5) - stats.binom.pmf(k, n, 0.5)
    difference = np.array([1] * only_a + [-1] * only_b + [0] * 5)
    assert mid_p(difference) == pytest.approx(min(1.0, float(exact)), abs=1e-12)


@given(small)
def test_units_of_several_windows_are_enumerated_over_all_signs(values: list[int]) -> None:
    difference = np.array(values)
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(values))).reshape(len(values), -1)
    sums = signs.T @ np.abs(difference)
    met = abs(difference.sum())
    expected = min(1.0, 2 * (sums > met).mean() + (sums == met).mean())
    assert mid_p(difference) == pytest.approx(expected if difference.any() else 1.0, abs=1e-12)


@given(small)
def test_the_order_of_two_runs_does_not_matter(values: list[int]) -> None:
    difference = np.array(values)
    assert mid_p(difference) == pytest.approx(mid_p(-difference[::-1]))


@pytest.mark.parametrize("count", [0, 1, 3, 45])
def test_holm_is_that_of_statsmodels(count: int) -> None:
    p = (np.random.default_rng(count).random(count) ** 4).tolist()
    expected = multipletests(p, method="holm")[1].tolist() if p else []
    assert holm(p) == pytest.approx(expected)


def test_cochran_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(4)
    right = [rng.random(60) < share for share in (0.9, 0.8, 0.6, 0.85)]
    expected = cochrans_q(np.stack(right, axis=1).astype(int))
    assert cochran(right) == pytest.approx((expected.statistic, expected.pvalue))


def test_runs_that_never_differ_have_no_cochran_statistic() -> None:
    assert cochran([np.array([True, False])] * 3) == (0.0, 1.0)


def test_recognised_windows_are_counted_per_unit() -> None:
    right, unit = np.array([True, True, False, True]), np.array([7, 3, 3, 7])
    assert right_per_unit(right, unit).tolist() == [1, 2]
