"""One test window of a finished run: where it lies, what the model said, and its charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.contract import StoredResult
from integrations.core.data.dataset import Dataset, FloatArray, Recording
from integrations.core.figures import signal_maps, signals
from integrations.core.figures.chart import Chart, Lines
from integrations.core.figures.signals import ClassLines, Ruler, Unit
from integrations.core.signal import spectra
from integrations.core.signal.fault_lines import FaultLine, Place, expected_lines
from integrations.core.signal.machine import shaft_hz

LONGEST_VIEW = 1 << 17
MOST_TELLING = 24
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """One test window in its recording.

    Attributes:
        row: Position in the test predictions.
        explained: Position among the explained windows, None where the run did not explain it.
    """

    result: StoredResult
    data: Dataset
    row: int
    explained: int | None

    @property
    def index(self) -> int:
        """Position of the recording in the data set."""
        return int(self.result.test.recording[self.row])

    @property
    def recording(self) -> Recording:
        """The recording."""
        return self.result.info.recordings[self.index]

    @property
    def start(self) -> int:
        """First sample of the window."""
        return int(self.result.test.start[self.row])

    @property
    def window_samples(self) -> int:
        """Length of the window."""
        return window_samples(self.result)

    @property
    def rate(self) -> float:
        """Samples per second, 1 where unknown."""
        return self.recording.sampling_rate_hz or 1.0

    @property
    def truth(self) -> str:
        """True class."""
        return self.result.info.classes[int(self.result.test.truth[self.row])]

    @property
    def predicted(self) -> str:
        """Class that the model said."""
        return self.result.info.classes[int(self.result.test.predicted[self.row])]

    @property
    def probability(self) -> Array:
        """Probability of each class, shape (classes,)."""
        return np.asarray(self.result.test.probability[self.row])

    def ruler(self, unit: str) -> Ruler:
        """Give the frequency axis in a unit; Hz where orders or a rate are unknown."""
        known: Unit = "orders" if unit == "orders" and self.shaft else "Hz"
        known = "cpm" if unit == "cpm" else known
        rated = self.recording.sampling_rate_hz is not None
        return Ruler(known if rated else "Hz", self.shaft, rated)

    @property
    def shaft(self) -> float | None:
        """Revolutions per second, None where speed or rate are unknown."""
        return shaft_hz(self.recording) if self.recording.sampling_rate_hz else None

    def samples(self, channel: int, extent: str) -> FloatArray:
        """Give one channel of the window, or of the whole recording up to a limit."""
        signal = np.asarray(self.data.signal(self.index)[channel])
        if extent == "recording":
            return signal[:LONGEST_VIEW]
        return signal[self.start : self.start + self.window_samples]

    def class_lines(self) -> list[ClassLines]:
        """Give the fault lines of the true class and, where it is another one, of the predicted."""
        truth = ClassLines(self.truth, "both", self._lines(self._true_faults()))
        if self.truth == self.predicted:
            return [truth]
        told = ClassLines(self.truth, "true", truth.lines)
        return [told, ClassLines(self.predicted, "predicted", self._lines(self.predicted))]

    def lines_in(self, place: Place) -> list[ClassLines]:
        """Give ``class_lines`` where one of them has lines in this kind of spectrum, else []."""
        found = [replace(each, lines=tuple(line for line in each.lines if line.place == place))
                 for each in self.class_lines()]  # fmt: skip
        return found if any(each.lines for each in found) else []

    def name(self, channel: int) -> str:
        """Name recording and channel."""
        several = len(self.result.info.channels) > 1
        return self.recording.name + (f", {self.result.info.channels[channel]}" if several else "")

    def unit(self, channel: int) -> str:
        """Give the unit of a channel: its own where the channels differ, else that of the set."""
        info = self.result.info
        units = info.properties.get("channel_units")
        own = units.get(info.channels[channel]) if isinstance(units, dict) else None
        return str(own) if own is not None else info.unit

    def explained_value(self, name: str) -> Array:
        """Give this window's row of an explanation, shape (…,), empty where there is none."""
        values = self.result.extras.get(name)
        if values is None or self.explained is None:
            return np.empty(0)
        return np.asarray(np.asarray(values)[self.explained], dtype=np.float64)

    def _lines(self, name: str) -> tuple[FaultLine, ...]:
        return expected_lines(self.result.info, self.recording, name)

    def _true_faults(self) -> str:
        """A mixture tells its faults in a field; any other class by its name."""
        return f"{self.truth} {self.recording.fields.get('faults', '')}"


def wave_chart(look: Look, channel: int, key: str = "signal_wave") -> Lines:
    """Draw the window, shaded where a network looked at."""
    return signals.waveform(
        look.samples(channel, "window"),
        look.recording.sampling_rate_hz,
        look.unit(channel),
        name=look.name(channel),
        start=look.start,
        cam=look.explained_value("explained_cam"),
        key=key,
    )


def occlusion_charts(look: Look, ruler: Ruler, key: str = "signal_occlusion") -> list[Chart]:
    """Draw what the decision rests on, in frequency and in orders; [] where not explained."""
    extras = look.result.extras
    edges = np.asarray(extras.get("explained_band_edges", ()), dtype=np.float64) * look.rate
    falls = look.explained_value("explained_occlusion")
    by_order = look.explained_value("explained_order_occlusion")
    charts = (
        signal_maps.occlusion(edges, falls, ruler, look.predicted, key=key),
        signal_maps.order_occlusion(
            extras.get("explained_orders", ()), by_order, look.predicted, key=f"{key}_orders"
        ),
    )
    return [chart for chart in charts if chart is not None]


def spectrum_charts(
    look: Look, ruler: Ruler, channel: int, extent: str, key: str = "signal_spectrum"
) -> list[Lines]:
    """Draw the amplitude spectrum; of a mistake once with the lines of either class."""
    found = spectra.amplitude_spectrum(look.samples(channel, extent), look.rate)
    unit, name, shown = look.unit(channel), look.name(channel), look.lines_in("spectrum")
    top = signals.spectrum_range(found, ruler, shown)
    return [
        signals.spectrum(found, ruler, unit, name=name, classes=classes, top=top, key=each)
        for classes, each in _by_class(shown, key)
    ]


def envelope_charts(
    look: Look,
    ruler: Ruler,
    channel: int,
    extent: str,
    band: tuple[float, float] | None = None,
    prewhitened: bool = False,
    key: str = "signal_envelope",
) -> list[Lines]:
    """Draw the envelope spectrum; of a mistake once with the lines of either class."""
    found = spectra.envelope_spectrum(look.samples(channel, extent), look.rate, band, prewhitened)
    unit = "prewhitened" if prewhitened else look.unit(channel)
    shown = look.lines_in("envelope")
    top = signals.envelope_range(found, ruler, shown)
    return [
        signals.envelope(found, ruler, unit, classes=classes, band=band, top=top, key=each)
        for classes, each in _by_class(shown, key)
    ]


def _by_class(classes: list[ClassLines], key: str) -> list[tuple[list[ClassLines], str]]:
    if len(classes) < 2:
        return [(classes, key)]
    return [([classes[0]], key), ([classes[1]], f"{key}_predicted")]


def window_samples(result: StoredResult) -> int:
    """Give the window length of a run."""
    return int(result.config["data"]["window_samples"])


def telling_label(result: StoredResult, row: int) -> str:
    """Say what a window is and what it was taken for: "ball → inner race, 93 %"."""
    test, classes = result.test, result.info.classes
    true, said = classes[int(test.truth[row])], classes[int(test.predicted[row])]
    sure = f"{float(test.probability[row].max()) * 100:.0f} %"
    words = f"{true}, right with {sure}" if true == said else f"{true} → {said}, {sure}"
    return f"{words} · {result.info.recordings[int(test.recording[row])].name}"


def look_at(result: StoredResult, data: Dataset, row: int) -> Look:
    """Look at a row of the test predictions."""
    return Look(result, data, row, explained_position(result, row))


def find_look(result: StoredResult, data: Dataset, recording: int, number: int) -> Look | None:
    """Find the number-th (1-based) test window of a recording; None when there is none."""
    rows = rows_of(result, recording)
    if not 1 <= number <= len(rows):
        return None
    return look_at(result, data, int(rows[number - 1]))


def rows_of(result: StoredResult, recording: int) -> npt.NDArray[np.int64]:
    """Give the test windows of a recording in the order of time, as rows of the predictions."""
    rows = np.flatnonzero(result.test.recording == recording)
    return rows[np.argsort(result.test.start[rows], kind="stable")]


def explained_position(
    result: StoredResult, row: int, among: Mapping[str, Any] | None = None
) -> int | None:
    """Find a test window among those that the run explained, or among further explanations."""
    extras = result.extras if among is None else among
    recording = np.asarray(extras.get("explained_recording", ()))
    start = np.asarray(extras.get("explained_start", ()))
    same = (recording == result.test.recording[row]) & (start == result.test.start[row])
    found = np.flatnonzero(same)
    return int(found[0]) if found.size else None


def telling_rows(result: StoredResult) -> list[int]:
    """Give rows worth a look: those that the run explained, else the surest mistakes and hits."""
    test = result.test
    recording = np.asarray(result.extras.get("explained_recording", ()), dtype=np.int64)
    start = np.asarray(result.extras.get("explained_start", ()), dtype=np.int64)
    place = {(r, s): row for row, (r, s) in enumerate(
        zip(test.recording.tolist(), test.start.tolist(), strict=True))}  # fmt: skip
    pairs = zip(recording.tolist(), start.tolist(), strict=True)
    rows = [place[pair] for pair in pairs if pair in place]
    if not rows:
        rows = np.argsort(-test.probability.max(axis=1, initial=0), kind="stable").tolist()
    right = test.predicted == test.truth
    return sorted(rows, key=lambda row: bool(right[row]))[:MOST_TELLING]
