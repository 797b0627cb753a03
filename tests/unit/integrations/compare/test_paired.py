"""The paired tests agree with their definitions, with R and with statsmodels 0.15."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

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


def test_holm_gives_the_values_of_r() -> None:
    # R 4: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_the_raw_values_and_bonferroni(p: list[float]) -> None:
    corrected = holm(p)
    for raw, value in zip(p, corrected, strict=True):
        assert raw <= value <= min(1.0, raw * len(p)) or value == max(corrected)
    assert sorted(corrected) == [corrected[i] for i in np.argsort(p, kind="stable")]


def test_cochran_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(4)
    right = [rng.random(60) < share for share in (0.9, 0.8, 0.6, 0.85)]
    assert cochran(right) == pytest.approx((29.13157894736842, 2.101293795226449e-06))


def test_runs_that_never_differ_have_no_cochran_statistic() -> None:
    assert cochran([np.array([True, False])] * 3) == (0.0, 1.0)


def test_recognised_windows_are_counted_per_unit() -> None:
    right, unit = np.array([True, True, False, True]), np.array([7, 3, 3, 7])
    assert right_per_unit(right, unit).tolist() == [1, 2]
