"""Charts of one recording: its wave and its spectrum, thinned to what a screen can show."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from integrations.core.figures.chart import Lines
from integrations.core.figures.signals import Ruler, spectrum, waveform
from integrations.core.signal.spectra import amplitude_spectrum

SPECTRUM_SAMPLES = 1 << 17


def wave_chart(samples: npt.NDArray[np.float32], rate: float | None, name: str, unit: str) -> Lines:
    """Draw a signal over time; of long ones the lowest and highest value per pixel column."""
    return waveform(samples, rate, unit, name=name)


def spectrum_chart(
    samples: npt.NDArray[np.float32], rate: float | None, name: str, unit: str
) -> Lines:
    """Draw the amplitude spectrum of the first samples."""
    found = amplitude_spectrum(samples[:SPECTRUM_SAMPLES], rate or 1.0)
    return spectrum(found, Ruler(rated=rate is not None), unit, name=name)
