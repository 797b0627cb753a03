"""What a test part of this size can show: power, detectable difference, recordings needed."""

from __future__ import annotations

from math import ceil

import numpy as np
from scipy import special

from integrations.core.compare.contenders import IntArray

POWER = 0.8
ALPHA = 0.05
_HALVINGS = 50


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
    under_none = special.ndtri(1 - alpha / 2) * np.sqrt(discordant)
    spread = np.sqrt(max(discordant - effect**2, 1e-12))
    return float(special.ndtr((abs(effect) * np.sqrt(units) - under_none) / spread))


def detectable(units: int, discordant: float, alpha: float = ALPHA) -> float:
    """Give the smallest difference that would be found with 80 % power; 1 when none would."""

    def lacking(effect: float) -> float:
        return power(effect, units, discordant, alpha) - POWER

    if lacking(1.0) <= 0:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if lacking(middle) < 0 else (low, middle)
    return high


def units_needed(effect: float, discordant: float, alpha: float = ALPHA) -> int | None:
    """Give how many units would show a difference with 80 % power; None where there is none."""
    if effect == 0:
        return None
    discordant = max(discordant, abs(effect))
    spread = np.sqrt(max(discordant - effect**2, 0.0))
    root = special.ndtri(1 - alpha / 2) * np.sqrt(discordant) + special.ndtri(POWER) * spread
    return ceil(float((root / effect) ** 2))
