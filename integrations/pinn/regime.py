"""What the operating point of a journal bearing says about its faults; light, no torch."""

from __future__ import annotations

import re
from math import exp, log, log1p, nan

import numpy as np
import numpy.typing as npt

from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.signal.machine import critical_hz, field_number, shaft_hz

SOMMERFELD_FIELDS = ("sommerfeld", "sommerfeld number")
STABLE_BELOW = 0.13
"""Sommerfeld number of a short bearing (L/D 0.5) at eccentricity 0.7, below which the film no
longer drives whirl."""
SOFTNESS = 0.5
WHIP_FROM, WHIP_SOFTNESS = 2.0, 0.1
"""Whip needs a shaft speed of twice the first bending frequency."""
LEAST = -4.0

_WHIRL, _WHIP = re.compile("(?i)whirl"), re.compile("(?i)whip")
_THIN_FILM = re.compile(r"(?i)lubricat|starv|\bwear\b")


def sommerfeld(recording: Recording) -> float:
    """Give a recording's Sommerfeld number from its metadata, or NaN."""
    found = field_number(recording, SOMMERFELD_FIELDS)
    return nan if found is None else found


def log_prior(info: DatasetInfo, classes: tuple[str, ...] = ()) -> npt.NDArray[np.float32]:
    """Give the logarithm of how possible each class is at each recording's operating point.

    Monotone: oil whirl gains with the Sommerfeld number, starved lubrication and wear lose with
    it, and whip needs N > 2 f_crit. 0 for classes the operating point says nothing of.

    Args:
        info: Data set with the recordings.
        classes: Class names; () for the data set's own.

    Returns:
        Shape (n_recordings, n_classes), from LEAST to 0.
    """
    classes = classes or info.classes
    rows = [[_of_class(name, recording) for name in classes] for recording in info.recordings]
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(classes))


def _of_class(name: str, recording: Recording) -> float:
    number = field_number(recording, SOMMERFELD_FIELDS)
    speed, critical = shaft_hz(recording), critical_hz(recording)
    if _WHIP.search(name) and speed and critical:
        return _log_sigmoid((speed / critical - WHIP_FROM) / WHIP_SOFTNESS)
    if number is None:
        return 0.0
    excess = log(number / STABLE_BELOW) / SOFTNESS
    if _WHIRL.search(name):
        return _log_sigmoid(excess)
    return _log_sigmoid(-excess) if _THIN_FILM.search(name) else 0.0


def _log_sigmoid(x: float) -> float:
    if x < LEAST:
        return LEAST
    return max(LEAST, -log1p(exp(-x)))
