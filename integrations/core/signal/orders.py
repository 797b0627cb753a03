"""The order-domain physics scores of a data set: which exist, what is missing, and the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from integrations.core.data.dataset import Dataset, DatasetInfo, once_per_data_set
from integrations.core.data.windows import WindowIndex, gather
from integrations.core.signal import journal, rolling
from integrations.core.signal.impulsiveness import NAMES, impulsiveness
from integrations.core.signal.lines import FloatArray
from integrations.core.signal.machine import bearing_kind, fault_orders, known_lines, shaft_hz
from integrations.core.signal.machine import critical_hz as critical_of

IntArray = npt.NDArray[np.int64]
CHUNK = 64
"""Windows per chunk: their spectra stay in the processor's cache."""
SPEED_CHANNELS = frozenset({"tacho", "tachometer", "keyphasor", "key phasor", "speed", "rpm"})


@once_per_data_set
def score_names(info: DatasetInfo) -> tuple[str, ...]:
    """Name the physics scores of a window, all channels; () where there can be none."""
    if missing_for_scores(info):
        return ()
    found = []
    several = len(info.channels) > 1
    for channel in vibration_channels(info):
        prefix = f"{info.channels[channel]}: " if several else ""
        found += [prefix + name for name in _channel_names(info)]
    if bearing_kind(info) == "journal":
        critical = _critical_known(info)
        found += journal.pair_names(critical) if _position(info, "X", "Y") else ()
        found += journal.axial_names() if several and _position(info, "axial") else ()
    return tuple(found)


@once_per_data_set
def missing_for_scores(info: DatasetInfo) -> tuple[str, ...]:
    """Say in words what keeps a data set from having physics scores; () when nothing does."""
    found = []
    count = Counter[str]()
    for recording in info.recordings:
        count["sampling rate"] += not recording.sampling_rate_hz
        count["rpm"] += shaft_hz(recording) is None
    for fact in ("sampling rate", "rpm"):
        if count[fact]:
            noun = "recording" if count[fact] == 1 else "recordings"
            found.append(f"{fact} of {count[fact]} {noun}")
    kind = bearing_kind(info)
    if kind == "unknown":
        found.append("the kind of bearing (property bearing_kind: rolling or journal)")
    elif kind == "rolling" and (_without_orders(info) or not (found or known_lines(info))):
        found.append("the bearing's orders (bpfo, bpfi, bsf, ftf, or its geometry)")
    return tuple(found)


def physics_scores(
    dataset: Dataset,
    index: WindowIndex,
    progress: Callable[[int, int], None] = lambda done, total: None,
    windows: FloatArray | None = None,
) -> FloatArray:
    """Compute the physics scores of windows.

    Args:
        dataset: Where the samples lie.
        index: Which windows.
        progress: Called with (windows done, windows in all) after every chunk.
        windows: Samples to take in place of the stored ones, (len(index), channels, samples).

    Returns:
        Shape (len(index), len(score_names(info))), float32, finite; without amplitudes, and the
        same whichever windows are computed together.
    """
    info = dataset.info
    names = score_names(info)
    table = np.zeros((len(index), len(names)), dtype=np.float32)
    if not names:
        return table
    machines = _machines(info)
    done = 0
    for rows, rate in _chunks(machines, index):
        windows = gather(dataset, index.take(rows))
        table[rows] = machines.scores(windows, index.recording[rows], rate)
        done += len(rows)
        progress(done, len(index))
    return table


class WindowScores:
    """Scores windows that are in memory, such as ones from which a band was removed.

    Attributes:
        names: Of the scores; () where there can be none.
    """

    def __init__(self, info: DatasetInfo) -> None:
        self.names = score_names(info)
        self._machines = _machines(info) if self.names else None

    def __call__(self, windows: FloatArray, index: WindowIndex) -> FloatArray:
        """Score windows, shape (n, channels, samples), that lie (or lay) where the index says."""
        table = np.zeros((len(index), len(self.names)), dtype=np.float32)
        if self._machines is not None:
            for rows, rate in _chunks(self._machines, index):
                table[rows] = self._machines.scores(windows[rows], index.recording[rows], rate)
        return table


class _Machines:
    """What is known of the machine behind every recording, as arrays over the recordings."""

    def __init__(self, info: DatasetInfo) -> None:
        self.kind = bearing_kind(info)
        self.channels = vibration_channels(info)
        self.rate = np.array([recording.sampling_rate_hz for recording in info.recordings])
        self.shaft_hz = np.array([shaft_hz(each) for each in info.recordings], dtype=np.float32)
        self.pair = _position(info, "X", "Y")
        self.axial = _position(info, "axial") if len(info.channels) > 1 else []
        self.critical_hz = None
        if _critical_known(info):
            known = [critical_of(recording) for recording in info.recordings]
            self.critical_hz = np.array(known, dtype=np.float32)
        orders = [fault_orders(info, recording) for recording in info.recordings]
        self.orders = {
            name: np.array([each[name] for each in orders], dtype=np.float32)
            for name in known_lines(info)
        }

    def scores(self, windows: FloatArray, recording: IntArray, rate: float) -> FloatArray:
        """Score windows of one sampling rate, shape (n, scores), finite."""
        score = self.journal if self.kind == "journal" else self.rolling
        found = score(_in_range(windows), recording, rate)
        return np.nan_to_num(found, copy=False, posinf=0.0, neginf=0.0)

    def rolling(self, windows: FloatArray, recording: IntArray, rate: float) -> FloatArray:
        """Score windows of rolling bearings, shape (n, scores)."""
        orders = {name: order[recording] for name, order in self.orders.items()}
        shaft = self.shaft_hz[recording]
        parts = []
        for channel in self.channels:
            parts.append(rolling.rolling_scores(windows[:, channel], rate, shaft, orders))
            parts.append(impulsiveness(windows[:, channel]))
        return np.concatenate(parts, axis=1)

    def journal(self, windows: FloatArray, recording: IntArray, rate: float) -> FloatArray:
        """Score windows of journal bearings, shape (n, scores)."""
        critical = None if self.critical_hz is None else self.critical_hz[recording]
        chunk = journal.JournalChunk(windows.shape[2], rate, self.shaft_hz[recording], critical)
        spectra = {channel: chunk.spectra(windows[:, channel]) for channel in self.channels}
        parts = [chunk.channel_scores(spectra[channel]) for channel in self.channels]
        if self.pair:
            parts.append(chunk.pair_scores(spectra[self.pair[0]], spectra[self.pair[1]]))
        if self.axial:
            radial = [spectra[i] for i in self.pair or self.channels if i != self.axial[0]]
            parts.append(chunk.axial_scores(spectra[self.axial[0]], radial))
        return np.concatenate(parts, axis=1)


@once_per_data_set
def _machines(info: DatasetInfo) -> _Machines:
    return _Machines(info)


def _without_orders(info: DatasetInfo) -> bool:
    return not all(fault_orders(info, recording) for recording in info.recordings)


def _channel_names(info: DatasetInfo) -> tuple[str, ...]:
    if bearing_kind(info) == "journal":
        return journal.channel_names(_critical_known(info))
    combs = rolling.combs(known_lines(info))
    lines = tuple(f"{comb.name}, {view}" for view, _ in rolling.VIEWS for comb in combs)
    return (*lines, *NAMES)


def _critical_known(info: DatasetInfo) -> bool:
    return all(critical_of(recording) is not None for recording in info.recordings)


def vibration_channels(info: DatasetInfo) -> list[int]:
    """Positions of the channels that carry vibration, all of them when none is named otherwise."""
    chosen = [i for i, name in enumerate(info.channels) if name.lower() not in SPEED_CHANNELS]
    return chosen or list(range(len(info.channels)))


def _position(info: DatasetInfo, *names: str) -> list[int]:
    """Positions of channels by name, [] unless all are there."""
    lower = [channel.lower() for channel in info.channels]
    return (
        [lower.index(name.lower()) for name in names]
        if {*map(str.lower, names)} <= {*lower}
        else []
    )


def _in_range(windows: FloatArray) -> FloatArray:
    """Divide each channel by its peak, so that squares of any unit stay within float32."""
    peak = np.abs(windows).max(axis=2, keepdims=True)
    return np.asarray(windows / np.where(peak > 0, peak, np.float32(1)))


def _chunks(machines: _Machines, index: WindowIndex) -> Iterator[tuple[IntArray, float]]:
    """Positions of windows of one sampling rate, ordered by speed, a chunk at a time."""
    rate = machines.rate[index.recording]
    order = np.lexsort((machines.shaft_hz[index.recording], rate))
    for each in np.unique(rate):
        rows = order[rate[order] == each]
        for start in range(0, len(rows), CHUNK):
            yield rows[start : start + CHUNK], float(each)
