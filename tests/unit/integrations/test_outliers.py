"""Distances from the training data and what they are worth as evidence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from integrations.core.outliers import (
    MOST_DIMENSIONS,
    OutlierMeter,
    fit_outlier_meter,
    recording_p_values,
)

Array = npt.NDArray[np.float32]


def draw(rng: np.random.Generator, n: int, d: int = 20) -> Array:
    scale = np.geomspace(0.01, 100, d)
    return (rng.standard_normal((n, d)) * scale).astype(np.float32)


@pytest.mark.parametrize("d", [5, MOST_DIMENSIONS + 50])
def test_p_values_of_windows_like_the_validation_part_are_uniform(d: int) -> None:
    rng = np.random.default_rng(0)
    meter = fit_outlier_meter(draw(rng, 600, d), draw(rng, 600, d))
    p = meter.p_value(meter.distance(draw(rng, 2000, d)))
    for level in (0.01, 0.05, 0.2):
        assert (p <= level).mean() == pytest.approx(level, abs=0.035)


def test_a_shift_in_a_quiet_direction_is_seen_beside_loud_ones() -> None:
    rng = np.random.default_rng(1)
    meter = fit_outlier_meter(draw(rng, 800), draw(rng, 400))
    moved = draw(rng, 100)
    moved[:, 0] += 0.2  # 20 standard deviations of the quietest, a 500th of the loudest
    assert (meter.p_value(meter.distance(moved)) <= 0.01).mean() > 0.9


def test_the_smallest_p_value_is_what_the_validation_windows_can_tell() -> None:
    rng = np.random.default_rng(2)
    meter = fit_outlier_meter(draw(rng, 100), draw(rng, 9))
    assert meter.p_value([1e9, np.inf]).tolist() == [0.1, 0.1]


def test_features_that_are_not_numbers_lie_infinitely_far() -> None:
    rng = np.random.default_rng(3)
    meter = fit_outlier_meter(draw(rng, 100), draw(rng, 20))
    windows = draw(rng, 3)
    windows[1, 4] = np.nan
    assert np.isfinite(meter.distance(windows)).tolist() == [True, False, True]


def test_constant_features_and_few_windows_do_no_harm() -> None:
    same = np.ones((3, 4), dtype=np.float32)
    meter = fit_outlier_meter(same, same)
    assert meter.distance(same).tolist() == [0, 0, 0]
    assert meter.distance(same + 1)[0] > 0
    with pytest.raises(ValueError, match="training and validation"):
        fit_outlier_meter(same, same[:0])


def test_what_is_kept_measures_the_same() -> None:
    rng = np.random.default_rng(4)
    meter = fit_outlier_meter(draw(rng, 300), draw(rng, 50), most=100)
    again = OutlierMeter.from_arrays(meter.arrays())
    windows = draw(rng, 20)
    assert len(meter.rows) == 100
    np.testing.assert_array_equal(again.distance(windows), meter.distance(windows))


def test_a_recording_is_far_when_half_its_windows_are() -> None:
    recordings, p = recording_p_values([0.01, 0.01, 0.9, 0.5, 0.6, 0.7], [7, 7, 7, 3, 3, 3])
    assert recordings.tolist() == [3, 7]
    assert p.tolist() == [1.0, 0.02]
