"""The oil film against published and computed figures, and its direction everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from integrations.core.simulator import oil_film

ECCENTRICITY = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75])


@pytest.mark.parametrize(
    ("grade", "temperature", "expected"),
    [
        ("VG 46", (40, 50, 60, 70, 80), (39.6, 25.8, 17.7, 12.8, 9.5)),
        ("VG 32", (40, 80), (27.5, 7.3)),
        ("VG 68", (40, 80), (58.5, 12.7)),
    ],
)
def test_dynamic_viscosity_follows_walther(
    grade: str, temperature: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    found = 1000 * oil_film.dynamic_viscosity(grade, temperature)
    assert found == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("grade", oil_film.OIL_GRADES)
def test_kinematic_viscosity_passes_through_the_grade_at_40_and_100_degrees(grade: str) -> None:
    assert oil_film.kinematic_viscosity(grade, [40, 100]) == pytest.approx(
        oil_film.OIL_GRADES[grade]
    )


def test_sommerfeld_numbers_of_the_short_bearing_table() -> None:
    table = [3.96, 1.85, 1.09, 0.682, 0.424, 0.250, 0.132, 0.089]
    assert oil_film.sommerfeld_at(ECCENTRICITY, 0.5) == pytest.approx(table, rel=0.006)


def test_eccentricity_undoes_the_sommerfeld_number() -> None:
    for ratio in (0.5, 0.75, 1.0):
        s = oil_film.sommerfeld_at(ECCENTRICITY, ratio)
        assert oil_film.eccentricity(s, ratio) == pytest.approx(ECCENTRICITY, abs=1e-9)


def test_sommerfeld_number_has_speed_in_revolutions_per_second() -> None:
    assert oil_film.sommerfeld(0.0177, 60, 1.5e6, 0.002) == pytest.approx(0.177)


def test_whirl_ratio_and_threshold_are_those_of_the_table() -> None:
    ratio = [0.503, 0.511, 0.519, 0.524, 0.515, 0.474, 0.345, 0.129]
    threshold = [2.74, 2.68, 2.61, 2.55, 2.54, 2.70, 3.62, 9.6]
    assert oil_film.whirl_ratio(ECCENTRICITY) == pytest.approx(ratio)
    assert oil_film.whirl_threshold(ECCENTRICITY) == pytest.approx(threshold)


def test_a_heavily_loaded_film_is_stable_at_any_speed() -> None:
    assert oil_film.whirl_ratio(0.85) == 0
    assert np.isinf(oil_film.whirl_threshold([0.8, 0.9])).all()


def test_whirl_grows_with_the_sommerfeld_number_and_never_falls() -> None:
    s = np.geomspace(0.02, 10, 200)
    gate = oil_film.whirl_gate(oil_film.eccentricity(s, 0.5))
    assert (np.diff(gate) > 0).all()
    assert gate[0] < 0.1
    assert gate[-1] > 0.99


def test_everything_moves_the_way_physics_does() -> None:
    hotter = oil_film.dynamic_viscosity("VG 46", np.linspace(20, 110, 50))
    assert (np.diff(hotter) < 0).all()
    e = np.linspace(0.02, 0.98, 60)
    assert (np.diff(oil_film.sommerfeld_at(e, 0.7)) < 0).all()
    assert (np.diff(oil_film.minimum_film(100, e)) < 0).all()
    assert (np.diff(oil_film.attitude_rad(e)) < 0).all()
    assert oil_film.sommerfeld(0.02, 60, 1e6, 0.002) < oil_film.sommerfeld(0.02, 60, 1e6, 0.001)


@pytest.mark.parametrize(
    ("diameter", "low", "high"), [(0.1, 46, 137), (0.3, 411, 1234), (0.5, 1143, 3428)]
)
def test_reynolds_numbers_at_60_hz_and_60_degrees(diameter: float, low: float, high: float) -> None:
    viscosity = oil_film.dynamic_viscosity("VG 46", 60)
    for psi, expected in ((0.001, low), (0.003, high)):
        found = oil_film.reynolds(60, diameter, psi * diameter / 2, viscosity)
        assert found == pytest.approx(expected, rel=0.02)


def test_lambda_ratio_is_film_over_combined_roughness() -> None:
    assert oil_film.lambda_ratio(5.0, (0.3, 0.4)) == pytest.approx(10.0)
