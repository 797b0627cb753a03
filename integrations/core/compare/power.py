"""What a test part of this size can show: power, detectable difference, recordings needed."""

from __future__ import annotations

from math import ceil

import numpy as np
from scipy import optimize, stats

from integrations.core.compare.contenders import IntArray

POWER = 0.8
ALPHA = 0.05


def discordance(difference: IntArray, windows: int) -> float:
    """Give how much two runs differ per unit, whichever of them is right, 0 to about 1.

    The mean square of the differences in units of a unit's size; where every unit is one window,
    the share of windows that only one run recognised. One more of either is assumed, so that runs
    that never differed are not taken to be the same for ever.
    """
    units = len(difference)
    per_unit = windows / units
    return float(((difference / per_unit) ** 2).sum() + 1) / (units + 2)


def power(effect: float, units: int, discordant: float, alpha: float = ALPHA) -> float:
    """Give the chance that a difference is found (Connor 1987, for McNemar's test).

    Args:
        effect: True difference of the accuracies, 0 to 1.
        units: Test units.
        discordant: See ``discordance``; cannot be smaller than the effect.
        alpha: Two-sided error of the test.
    """
    discordant = max(discordant, abs(effect))
    under_none = stats.norm.ppf(1 - alpha / 2) * np.sqrt(discordant)
    spread = np.sqrt(max(discordant - effect**2, 1e-12))
    return float(stats.norm.cdf((abs(effect) * np.sqrt(units) - under_none) / spread))


def detectable(units: int, discordant: float, alpha: float = ALPHA) -> float:
    """Give the smallest difference that would be found with 80 % power; 1 when none would."""

    def lacking(effect: float) -> float:
        return power(effect, units, discordant, alpha) - POWER

    if lacking(1.0) <= 0:
        return 1.0
    return float(optimize.brentq(lacking, 1e-6, 1.0))


def units_needed(effect: float, discordant: float, alpha: float = ALPHA) -> int | None:
    """Give how many units would show a difference with 80 % power; None where there is none."""
    if effect == 0:
        return None
    discordant = max(discordant, abs(effect))
    spread = np.sqrt(max(discordant - effect**2, 0.0))
    root = stats.norm.ppf(1 - alpha / 2) * np.sqrt(discordant) + stats.norm.ppf(POWER) * spread
    return ceil(float((root / effect) ** 2))
