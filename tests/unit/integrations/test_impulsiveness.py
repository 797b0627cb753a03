"""Impulsiveness tells impacts from noise, whatever the level and the resonances on the way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from integrations.core.signal.impulsiveness import NAMES, impulsiveness


def noise(n: int = 8) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((n, 2048)).astype(np.float32)


def impacts() -> np.ndarray:
    signal = 0.3 * noise()
    signal[:, 50::110] += 8.0
    return signal


def test_impacts_stand_out_from_noise() -> None:
    quiet, struck = impulsiveness(noise()), impulsiveness(impacts())
    assert quiet.shape == (8, len(NAMES))
    assert struck[:, 0].min() > quiet[:, 0].max()
    assert quiet[:, 0].mean() == pytest.approx(np.log(3), abs=0.1)


def test_level_does_not_matter() -> None:
    loud = impulsiveness(1e4 * impacts())
    assert np.allclose(loud, impulsiveness(impacts()), atol=1e-3)


def test_a_resonance_on_the_way_changes_little() -> None:
    heard = lfilter([1.0], [1.0, -1.2, 0.9], impacts(), axis=1).astype(np.float32)
    assert impulsiveness(heard)[:, 0].min() > impulsiveness(noise())[:, 0].max()


def test_silence_scores_nothing() -> None:
    assert (impulsiveness(np.zeros((2, 256), dtype=np.float32)) == 0).all()
