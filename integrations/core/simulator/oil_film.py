"""The oil film of a plain journal bearing: viscosity, eccentricity, film thickness, stability.

Every function takes and gives float64 arrays or numbers in the units its docstring names.
"""

from __future__ import annotations

from math import pi

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
ArrayLike = npt.ArrayLike

OIL_GRADES = {"VG 32": (32.0, 5.36), "VG 46": (46.0, 6.78), "VG 68": (68.0, 8.70)}
"""ISO viscosity grade to kinematic viscosity at 40 °C and at 100 °C, mm²/s (ISO 3448; the second
of a mineral oil of viscosity index about 100)."""

DENSITY_KG_M3 = 861.0
"""Of mineral turbine oil at 40 °C; its fall with temperature (3 % over 40–80 °C) is left out."""

TURBULENT_REYNOLDS = 2000.0

_LIGHTEST, _HEAVIEST = 1e-4, 0.9999

# Whirl ratio and stability threshold of the plain short bearing over its eccentricity, found by
# integrating the film (Ocvirk film, linearised coefficients).
_ECCENTRICITY = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8])
_WHIRL_RATIO = np.array([0.5, 0.503, 0.511, 0.519, 0.524, 0.515, 0.474, 0.345, 0.129, 0.0])
_THRESHOLD = np.array([2.76, 2.74, 2.68, 2.61, 2.55, 2.54, 2.70, 3.62, 9.6, np.inf])


def kinematic_viscosity(grade: str, temperature_c: ArrayLike) -> Array:
    """Kinematic viscosity in mm²/s by Walther's equation (ASTM D341).

    log10 log10(ν + 0.7) = A − B log10 T, through the values at 40 °C and 100 °C.

    Args:
        grade: A key of ``OIL_GRADES``.
        temperature_c: °C.
    """
    at_40, at_100 = OIL_GRADES[grade]
    kelvin = np.log10(np.asarray(temperature_c, dtype=np.float64) + 273.15)
    y_40, y_100 = (np.log10(np.log10(nu + 0.7)) for nu in (at_40, at_100))
    slope = (y_40 - y_100) / (np.log10(373.15) - np.log10(313.15))
    return np.asarray(10**10 ** (y_40 - slope * (kelvin - np.log10(313.15))) - 0.7)


def dynamic_viscosity(grade: str, temperature_c: ArrayLike) -> Array:
    """Dynamic viscosity in Pa·s: kinematic viscosity times ``DENSITY_KG_M3``."""
    return kinematic_viscosity(grade, temperature_c) * 1e-6 * DENSITY_KG_M3


def sommerfeld(
    viscosity_pa_s: ArrayLike, speed_hz: ArrayLike, unit_load_pa: ArrayLike, psi: ArrayLike
) -> Array:
    """Sommerfeld number S = (μ N / P) (R / c)², dimensionless.

    Args:
        viscosity_pa_s: Dynamic viscosity, Pa·s.
        speed_hz: Revolutions per second (not rad/s).
        unit_load_pa: Load over projected area, W / (L D), Pa.
        psi: Radial clearance over radius, c / R.
    """
    film = np.asarray(viscosity_pa_s) * np.asarray(speed_hz) / np.asarray(unit_load_pa)
    return np.asarray(film / np.asarray(psi) ** 2)


def sommerfeld_at(eccentricity: ArrayLike, length_over_diameter: ArrayLike) -> Array:
    """Sommerfeld number of a short bearing that runs at an eccentricity (Ocvirk, NACA TN 2808).

    π S (L/D)² = (1 − ε²)² / (ε √(16 ε² + π² (1 − ε²)))

    Args:
        eccentricity: Journal eccentricity over clearance, 0 < ε < 1.
        length_over_diameter: L / D; the theory holds to about 1.
    """
    e = np.asarray(eccentricity, dtype=np.float64)
    free = 1 - e * e
    load = free**2 / (e * np.sqrt(16 * e * e + pi**2 * free))
    return np.asarray(load / (pi * np.asarray(length_over_diameter) ** 2))


def eccentricity(sommerfeld_number: ArrayLike, length_over_diameter: ArrayLike) -> Array:
    """Eccentricity ratio ε of a short bearing: the inverse of ``sommerfeld_at``, by bisection.

    Args:
        sommerfeld_number: Dimensionless, > 0. Falls monotonically with ε.
        length_over_diameter: L / D.

    Returns:
        ε between 0.0001 and 0.9999.
    """
    s, ratio = np.broadcast_arrays(
        np.asarray(sommerfeld_number, dtype=np.float64), np.asarray(length_over_diameter)
    )
    low, high = np.full(s.shape, _LIGHTEST), np.full(s.shape, _HEAVIEST)
    for _ in range(50):
        middle = (low + high) / 2
        lighter = sommerfeld_at(middle, ratio) > s
        low, high = np.where(lighter, middle, low), np.where(lighter, high, middle)
    return np.asarray((low + high) / 2)


def minimum_film(clearance_um: ArrayLike, eccentricity_ratio: ArrayLike) -> Array:
    """Smallest film thickness h = c (1 − ε), in the unit of the clearance (µm)."""
    return np.asarray(np.asarray(clearance_um) * (1 - np.asarray(eccentricity_ratio)))


def attitude_rad(eccentricity_ratio: ArrayLike) -> Array:
    """Angle between load and line of centres, rad: atan(π √(1 − ε²) / (4 ε)) (Ocvirk)."""
    e = np.asarray(eccentricity_ratio, dtype=np.float64)
    return np.asarray(np.arctan2(pi * np.sqrt(1 - e * e), 4 * e))


def reynolds(
    speed_hz: ArrayLike, diameter_m: ArrayLike, clearance_m: ArrayLike, viscosity_pa_s: ArrayLike
) -> Array:
    """Reynolds number of the film, ρ U c / μ with U = π D N; turbulent from about 2000."""
    surface = pi * np.asarray(diameter_m) * np.asarray(speed_hz)
    return np.asarray(
        DENSITY_KG_M3 * surface * np.asarray(clearance_m) / np.asarray(viscosity_pa_s)
    )


def lambda_ratio(minimum_film_um: ArrayLike, roughness_um: tuple[float, float]) -> Array:
    """Film over combined roughness, h / √(Ra₁² + Ra₂²): > 3 full film, 1–3 mixed, < 1 boundary."""
    return np.asarray(np.asarray(minimum_film_um) / np.hypot(*roughness_um))


def whirl_ratio(eccentricity_ratio: ArrayLike) -> Array:
    """Whirl frequency over shaft speed at the onset of instability; 0 where the film is stable.

    Interpolated from the linearised short-bearing film. Leakage, grooves and preload lower it in
    the field to 0.38–0.48.
    """
    return np.asarray(np.interp(np.asarray(eccentricity_ratio), _ECCENTRICITY, _WHIRL_RATIO))


def whirl_threshold(eccentricity_ratio: ArrayLike) -> Array:
    """Dimensionless threshold speed ω √(c M / W) of a rigid rotor; infinite from ε = 0.8.

    Interpolated in its reciprocal, so that it rises without a jump.
    """
    inverse = np.asarray(np.interp(np.asarray(eccentricity_ratio), _ECCENTRICITY, 1 / _THRESHOLD))
    return np.asarray(np.divide(1.0, inverse, where=inverse > 0, out=np.full_like(inverse, np.inf)))


def whirl_gate(eccentricity_ratio: ArrayLike) -> Array:
    """Share 0–1 of its full size that oil whirl reaches: 1 / (1 + exp((ε − 0.7) / 0.08)).

    A lightly loaded bearing (high S, small ε) whirls; a heavily loaded one does not.
    """
    return np.asarray(1 / (1 + np.exp((np.asarray(eccentricity_ratio) - 0.7) / 0.08)))
