"""Charts of one signal: wave, spectrum, envelope spectrum with fault cursors, full spectrum, orbit.

Pure descriptions of what ``core.signal.spectra`` computed; maps are in ``signal_maps``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from integrations.core.figures.chart import Axis, Band, Lines, Marker, Series
from integrations.core.figures.thinning import thin_extremes, thin_peaks
from integrations.core.signal.fault_lines import FaultLine
from integrations.core.signal.spectra import Orbit, Spectrum, prominence

Unit = Literal["Hz", "cpm", "orders"]
Array = npt.NDArray[np.float64]
WAVE_POINTS = 1600
SPECTRUM_POINTS = 4000
ORBIT_POINTS = 2000
DECADES = 5
"""Amplitudes drawn below the largest one: less is rounding."""
TRUE, PREDICTED, BAND = 2, 3, 1
CAM_LEVELS = 8
SLIP = 0.02
"""Bearings slip: their lines lie up to so much beside the computed place."""
ORBIT_TURNS = 12
"""More turns of the shaft over one another make an orbit a blot."""
ORDERS_SHOWN = 12.5


@dataclass(frozen=True)
class Ruler:
    """In which unit frequencies are written.

    Attributes:
        shaft_hz: Needed for orders.
        rated: False where the sampling rate is unknown; frequencies are then cycles per sample.
    """

    unit: Unit = "Hz"
    shaft_hz: float | None = None
    rated: bool = True

    @property
    def factor(self) -> float:
        """What a frequency in Hz is multiplied with."""
        if self.unit == "orders" and self.shaft_hz:
            return 1 / self.shaft_hz
        return 60.0 if self.unit == "cpm" else 1.0

    def axis(self, top: float | None = None, low: float = 0.0) -> Axis:
        """Give the axis, drawn from ``low`` to ``top`` Hz where ``top`` is given."""
        shown = None if top is None else (low * self.factor, top * self.factor)
        if not self.rated:
            return Axis("Frequency", "cycles per sample", range=shown)
        if self.unit == "orders" and self.shaft_hz:
            return Axis("Order (multiples of shaft speed)", range=shown)
        return Axis("Frequency", "cpm" if self.unit == "cpm" else "Hz", range=shown)


@dataclass(frozen=True)
class ClassLines:
    """The lines of one class in a spectrum, and whether it is the true or the predicted one."""

    name: str
    role: Literal["true", "predicted", "both"]
    lines: tuple[FaultLine, ...]

    @property
    def colour(self) -> int:
        """Green for the truth, vermilion for a mistaken prediction."""
        return PREDICTED if self.role == "predicted" else TRUE


def waveform(
    samples: npt.ArrayLike,
    rate: float | None,
    unit: str,
    *,
    name: str,
    start: int = 0,
    cam: npt.ArrayLike = (),
    key: str = "wave",
) -> Lines:
    """Draw samples over time, shaded where a network looked at.

    Args:
        samples: Shape (n,).
        rate: Samples per second, None when unknown.
        unit: Of the samples.
        name: What is drawn, e.g. "recording 7, channel X".
        start: Position of the first sample in its recording.
        cam: Class activation over the window, 0 to 1, evenly spread; () draws none.
        key: Of the chart.
    """
    at, values = thin_extremes(samples, WAVE_POINTS)
    scale = 1 / rate if rate else 1.0
    x = (at + start) * scale
    weights = np.asarray(cam, dtype=np.float64)
    seen = weights.size > 0 and bool(np.isfinite(weights).all())
    span = (start * scale, (start + np.size(samples)) * scale)
    return Lines(
        key=key,
        title=_wave_title(name, weights, span, rate) if seen else f"Wave of {name}",
        x_axis=Axis("Time", "s") if rate else Axis("Sample"),
        y_axis=Axis("Value", unit),
        series=(Series(name, _plain(x), _plain(values), colour=0),),
        bands=_cam_bands(weights, span) if seen else (),
        help=CAM_HELP if seen else WAVE_HELP,
    )


WAVE_HELP = (
    "Long recordings are drawn by their lowest and highest values, so that no spike is lost."
)
CAM_HELP = (
    "Grad-CAM: the darker a stretch is shaded, the more it spoke for the predicted class in the "
    "last convolutional layer."
)


def spectrum(
    found: Spectrum,
    ruler: Ruler,
    unit: str,
    *,
    name: str,
    classes: Sequence[ClassLines] = (),
    top: float | None = None,
    key: str = "spectrum",
) -> Lines:
    """Draw an amplitude spectrum, with the lines that stand in it for the given classes.

    With classes the title says how far their lines stand over the floor, else ``name``; ``top`` is
    the highest frequency shown first in Hz, by default what their lines need.
    """
    return _spectrum_lines(
        found, ruler, unit, classes, key=key, top=top or spectrum_range(found, ruler, classes),
        title=_lines_title(found, classes) or f"Spectrum of {name}",
        help_text=f"Amplitude of each frequency of {name}: Hann window, mean removed.",
    )  # fmt: skip


def envelope(
    found: Spectrum,
    ruler: Ruler,
    unit: str,
    *,
    classes: Sequence[ClassLines] = (),
    band: tuple[float, float] | None = None,
    top: float | None = None,
    key: str = "envelope",
) -> Lines:
    """Draw an envelope spectrum with the fault lines of the true or the predicted class.

    The title says how far the lines stand over the floor beside them (median over harmonics).

    Args:
        found: The envelope spectrum.
        ruler: Unit of the frequencies.
        unit: Unit of the amplitudes.
        classes: Whose lines are drawn.
        band: What was demodulated, in Hz.
        top: Highest frequency shown first in Hz; by default what the lines need.
        key: Of the chart.
    """
    demodulated = "all frequencies" if band is None else f"{band[0]:.0f} to {band[1]:.0f} Hz"
    return _spectrum_lines(
        found, ruler, unit, classes, key=key,
        title=_lines_title(found, classes) or "Envelope spectrum",
        top=top or envelope_range(found, ruler, classes),
        help_text=f"Spectrum of the envelope of {demodulated}: how often impacts repeat.",
    )  # fmt: skip


def full_spectrum(found: Spectrum, ruler: Ruler, unit: str, *, key: str = "full_spectrum") -> Lines:
    """Draw forward whirl to the right and backward whirl to the left."""
    shaft = ruler.shaft_hz
    top = min(found.frequency[-1], 6 * shaft) if shaft else float(found.frequency[-1])
    shown = np.abs(found.frequency) <= 2 * top
    x, y = thin_peaks(found.frequency[shown] * ruler.factor, found.amplitude[shown], 4000)
    return Lines(
        key=key,
        title=_whirl_title(found, shaft, top),
        x_axis=ruler.axis(top, -top),
        y_axis=Axis("Amplitude", unit, log=True, range=_decades(y)),
        series=(Series("Full spectrum", _plain(x), _plain(np.maximum(y, 1e-300)), colour=0),),
        markers=_shaft_markers(shaft, ruler) if shaft else (),
        help="X and Y together. Right of zero the shaft whirls the way X turns towards Y, left "
        "of zero against it; a straight line has both.",
    )


def orbit(found: Orbit, unit: str, *, filtered: bool, key: str = "orbit") -> Lines:
    """Draw the path of the shaft centre with a dot at each tacho pulse (``ORBIT_TURNS`` fit)."""
    step = max(1, found.x.size // ORBIT_POINTS)
    size = 1.08 * max(float(np.abs([found.x, found.y]).max(initial=0.0)), 1e-12)
    path = Series("Path", _plain(found.x[::step]), _plain(found.y[::step]), colour=0)
    at_x, at_y = (_plain(values) for values in found.keyphasor)
    dots = Series("Tacho pulse", at_x, at_y, points=True, colour=3)
    return Lines(
        key=key,
        title="Orbit at shaft speed (1×)" if filtered else "Orbit of all frequencies",
        x_axis=Axis("X", unit, range=(-size, size)),
        y_axis=Axis("Y", unit, range=(-size, size)),
        series=(path, dots) if found.pulses.size else (path,),
        square=True,
        help="The path of the shaft centre seen along the shaft. A dot that stands still is motion "
        "locked to the rotation; a wandering one is not.",
    )


def _spectrum_lines(
    found: Spectrum,
    ruler: Ruler,
    unit: str,
    classes: Sequence[ClassLines],
    *,
    key: str,
    title: str,
    top: float,
    help_text: str,
) -> Lines:
    # What lies far above the shown range would only cost resolution in it.
    shown = (found.frequency > 0) & (found.frequency <= max(2.5 * top, found.frequency[-1] / 8))
    x, y = thin_peaks(found.frequency[shown], found.amplitude[shown], SPECTRUM_POINTS)
    markers, bands = _cursors(classes, ruler, top)
    return Lines(
        key=key,
        title=title,
        x_axis=ruler.axis(top),
        y_axis=Axis("Amplitude", unit, log=True, range=_decades(y)),
        series=(Series("Amplitude", _plain(x * ruler.factor), _plain(y), colour=0),),
        markers=markers,
        bands=bands,
        help=help_text,
    )


def _cursors(
    classes: Sequence[ClassLines], ruler: Ruler, top: float
) -> tuple[tuple[Marker, ...], tuple[Band, ...]]:
    markers, bands = [], []
    for each in classes:
        for line in each.lines:
            low, high = line.low * ruler.factor, line.high * ruler.factor
            if line.high > line.low:
                bands.append(Band(low, high, 0.6, line.label))
                markers.append(Marker(line.label, x=low, colour=each.colour))
                continue
            for harmonic in range(1, line.harmonics + 1):
                if harmonic * line.low <= top:
                    label = line.label if harmonic == 1 else str(harmonic)
                    markers.append(Marker(label, x=harmonic * low, colour=each.colour))
    return tuple(markers), tuple(bands)


def _lines_title(found: Spectrum, classes: Sequence[ClassLines]) -> str:
    return "; ".join(_standing(found, each) for each in classes)


def _standing(found: Spectrum, each: ClassLines) -> str:
    who = f"“{each.name}”" if each.role == "both" else f"the {each.role} class “{each.name}”"
    if not each.lines:
        return f"{who[0].upper()}{who[1:]} has no line of its own"
    height = float(np.median([h for line in each.lines for h in _heights(found, line)]))
    names = ", ".join(line.label for line in each.lines)
    verb = "stands" if len(each.lines) == 1 else "stand"
    return f"{names} of {who} {verb} {height:.1f} × over the floor"


def _heights(found: Spectrum, line: FaultLine) -> list[float]:
    """How far each harmonic stands over the floor; of a band its highest point."""
    tolerance = max(SLIP, (line.high - line.low) / 2 / line.centre)
    places = [h * line.centre for h in range(1, line.harmonics + 1)]
    return [float(height) for height in prominence(found, places, tolerance)]


def envelope_range(found: Spectrum, ruler: Ruler, classes: Sequence[ClassLines]) -> float:
    """Give the frequency in Hz up to which the lines of these classes can be seen."""
    highest = [line.high * line.harmonics for each in classes for line in each.lines]
    shaft = (ruler.shaft_hz or 0.0) * ORDERS_SHOWN
    wanted = max([1.15 * line for line in highest] + [shaft])
    last = float(found.frequency[-1])
    return min(last, wanted) if wanted > 0 else last / 6


def spectrum_range(found: Spectrum, ruler: Ruler, classes: Sequence[ClassLines]) -> float:
    """Give the frequency in Hz up to which a spectrum with lines of these classes is shown."""
    last = float(found.frequency[-1])
    low_lines = [line for each in classes for line in each.lines if line.place == "spectrum"]
    return min(last, ORDERS_SHOWN * ruler.shaft_hz) if low_lines and ruler.shaft_hz else last


def _decades(amplitude: Array) -> tuple[float, float] | None:
    top = float(amplitude.max(initial=0.0))
    if top <= 0:
        return None
    low = max(float(np.percentile(amplitude, 1)) / 2, top * 10.0**-DECADES)
    return (min(low, top / 10), 1.6 * top)


def _wave_title(name: str, cam: Array, span: tuple[float, float], rate: float | None) -> str:
    width = (span[1] - span[0]) / cam.size
    peak = int(cam.argmax())
    low, high = span[0] + peak * width, span[0] + (peak + 1) * width
    at = f"{low:.4g} to {high:.4g} s" if rate else f"samples {low:.0f} to {high:.0f}"
    return f"The network looked most at {at} of {name}"


def _cam_bands(cam: Array, span: tuple[float, float]) -> tuple[Band, ...]:
    """Shade in few steps and join equal neighbours: a shape for each of 128 is slow to draw."""
    steps = np.round(np.clip(cam, 0, 1) * CAM_LEVELS).astype(int)
    borders = [0, *(np.flatnonzero(np.diff(steps)) + 1).tolist(), steps.size]
    width = (span[1] - span[0]) / steps.size
    return tuple(
        Band(span[0] + low * width, span[0] + high * width, float(steps[low]) / CAM_LEVELS)
        for low, high in pairwise(borders)
        if steps[low] > 0
    )


def _shaft_markers(shaft: float, ruler: Ruler) -> tuple[Marker, ...]:
    return tuple(Marker(f"{sign}1×", x=side * shaft * ruler.factor)
                 for sign, side in (("−", -1), ("+", 1)))  # fmt: skip


def _whirl_title(found: Spectrum, shaft: float | None, top: float) -> str:
    distance = np.abs(found.frequency)
    whirl = np.where((distance > 0) & (distance <= top), found.amplitude, 0.0)
    at = float(found.frequency[whirl.argmax()])
    way = "forward" if at > 0 else "backward"
    where = f"{abs(at) / shaft:.2f}×" if shaft else f"{abs(at):.4g} Hz"
    return f"The strongest whirl runs {way} at {where}"


def _plain(values: Array) -> list[float]:
    """Keep six digits: more cannot be seen and would only travel."""
    return [float(f"{value:.6g}") for value in values.tolist()]
