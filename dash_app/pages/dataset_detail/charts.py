"""Charts of one recording: wave, spectrum, envelope spectrum with fault lines, orbit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from integrations.core.data.dataset import DatasetInfo, FloatArray, Recording
from integrations.core.figures import signals
from integrations.core.figures.chart import Chart, Lines
from integrations.core.figures.signal_maps import kurtogram as kurtogram_chart
from integrations.core.figures.signals import ClassLines, Ruler, spectrum, waveform
from integrations.core.signal import spectra
from integrations.core.signal.fault_lines import expected_lines
from integrations.core.signal.kurtogram import kurtogram
from integrations.core.signal.machine import shaft_hz
from integrations.core.signal.probes import probe_pair, tacho_channel
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


def machine_charts(
    signal: FloatArray, row: int, info: DatasetInfo, found: Recording
) -> list[Chart]:
    """Draw what needs a machine's speed: envelope with fault lines, kurtogram, orbit.

    Args:
        signal: All channels of the recording, shape (channels, samples).
        row: Channel whose envelope is drawn.
        info: The data set.
        found: The recording.

    Returns:
        [] where the speed is unknown.
    """
    rate, shaft = found.sampling_rate_hz, shaft_hz(found)
    if rate is None or shaft is None:
        return []
    part, ruler = signal[:, :SPECTRUM_SAMPLES], Ruler("orders", shaft)
    name = f"{found.label} {found.fields.get('faults', '')}".strip()
    lines = tuple(n for n in expected_lines(info, found, name) if n.place == "envelope")
    envelope = signals.envelope(
        spectra.envelope_spectrum(part[row], rate),
        ruler,
        info.unit,
        classes=[ClassLines(found.label, "both", lines)] if lines else (),
    )
    impulsive = kurtogram_chart(kurtogram(part[row], rate))
    return [envelope, impulsive, *_orbit_charts(part, info, rate, ruler)]


def _orbit_charts(part: FloatArray, info: DatasetInfo, rate: float, ruler: Ruler) -> list[Lines]:
    pair, tacho = probe_pair(info.channels), tacho_channel(info.channels)
    if pair is None or not ruler.shaft_hz:
        return []
    x, y = part[pair[0]], part[pair[1]]
    pulses = spectra.tacho_pulses(part[tacho]) if tacho is not None else ()
    turns = round(signals.ORBIT_TURNS * rate / ruler.shaft_hz)
    path = spectra.orbit(x, y, rate, pulses=pulses).beginning(turns)
    full = spectra.full_spectrum(x, y, rate)
    return [
        signals.full_spectrum(full, ruler, info.unit),
        signals.orbit(path, info.unit, filtered=False),
    ]
