"""Asks a model about new recordings, window by window, and lets each recording's windows vote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from integrations.core.config import DataConfig
from integrations.core.contract import Predictor
from integrations.core.data.dataset import Dataset
from integrations.core.data.windows import WindowIndex, window_hop
from integrations.core.evaluation.calibration import calibrated
from integrations.core.outliers import OUTSIDE, OutlierMeter, recording_p_values
from integrations.core.prediction.fitting import too_short
from integrations.core.prediction.outcome import LeftOut, RecordingSaid, WindowSaid

AT_ONCE = 512
MOST_WINDOWS = 2000
"""Of one recording; a longer one is looked at in windows spread evenly over it."""
FloatArray = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]


def predict_recordings(
    predictor: Predictor,
    data: Dataset,
    config: DataConfig,
    temperature: float = 1.0,
    meter: OutlierMeter | None = None,
    progress: Progress = lambda fraction, message: None,
) -> tuple[list[RecordingSaid], list[LeftOut]]:
    """Predict every recording of a data set.

    Args:
        predictor: The model.
        data: New recordings; their labels mean nothing.
        config: How the model's own data were cut into windows.
        temperature: Learnt on validation windows, see ``calibrated``.
        meter: Tells how far windows lie from the training data; None where nothing can.
        progress: Takes the share done and the recording under way.

    Raises:
        TrainingError: The recordings lack what the model needs to know of them.
    """
    said, left_out = [], []
    recordings = data.info.recordings
    for number, recording in enumerate(recordings):
        progress(number / len(recordings), recording.name)
        reason = too_short(recording, predictor.window_samples)
        if reason:
            left_out.append(LeftOut(name=recording.name, sentence=reason))
            continue
        windows = windows_of_recording(data, number, predictor.window_samples, config)
        probability = _probability(predictor, data, windows, temperature)
        place = _place(predictor, data, windows, meter)
        said.append(_voted(predictor, data, windows, probability, place))
    return said, left_out


def windows_of_recording(
    data: Dataset, number: int, window_samples: int, config: DataConfig
) -> WindowIndex:
    """Cut one recording into windows as in training, at most ``MOST_WINDOWS`` of them."""
    hop = window_hop(config.model_copy(update={"window_samples": window_samples}))
    last = data.info.recordings[number].n_samples - window_samples
    start = np.arange(0, last + 1, hop, dtype=np.int64)
    if len(start) > MOST_WINDOWS:
        start = start[np.linspace(0, len(start) - 1, MOST_WINDOWS).astype(np.int64)]
    return WindowIndex(np.full(len(start), number, dtype=np.int64), start, window_samples)


@dataclass(frozen=True)
class _Place:
    """Where the windows of a recording lie beside the training data; empty when not known.

    Attributes:
        p_values: Of every window.
        joined: Of the recording.
        distance: Median over the windows, in units of the farthest validation window's.
        n_usual: Validation windows that say what is usual.
    """

    p_values: tuple[float, ...] = ()
    joined: float | None = None
    distance: float | None = None
    n_usual: int = 0

    @property
    def warning(self) -> str:
        """Say that the recording lies outside; "" when it does not, or that is not known.

        Few validation windows cannot give a small p-value; lying farther away than all of them is
        then all that can be said.
        """
        if self.joined is None or self.distance is None:
            return ""
        times = f"{self.distance:.2g} times as far from the training data as the farthest of"
        if self.joined <= OUTSIDE:
            return f"Unlike the training data (p = {self.joined:.2g}): {times} {self._all}."
        if self.distance > 1:
            return f"Perhaps unlike the training data: {times} {self._all}, too few to be sure."
        return ""

    @property
    def _all(self) -> str:
        return f"{self.n_usual} validation windows"


def _probability(
    predictor: Predictor, data: Dataset, windows: WindowIndex, temperature: float
) -> FloatArray:
    pieces = [predictor.probability(data, some) for some in _pieces(windows)]
    whole = np.concatenate(pieces)
    return whole if temperature == 1.0 else calibrated(whole, temperature)


def _place(
    predictor: Predictor, data: Dataset, windows: WindowIndex, meter: OutlierMeter | None
) -> _Place:
    if meter is None:
        return _Place()
    pieces = [meter.distance(predictor.features(data, some)) for some in _pieces(windows)]
    distances = np.concatenate(pieces)
    p_values = meter.p_value(distances)
    joined = float(recording_p_values(p_values, windows.recording)[1][0])
    farthest = float(meter.usual[-1])
    ratio = float(np.median(distances)) / farthest if farthest > 0 else None
    return _Place(tuple(p_values.tolist()), joined, ratio, len(meter.usual))


def _pieces(windows: WindowIndex) -> Iterator[WindowIndex]:
    for start in range(0, len(windows), AT_ONCE):
        yield windows.take(np.arange(start, min(start + AT_ONCE, len(windows))))


def _voted(
    predictor: Predictor,
    data: Dataset,
    windows: WindowIndex,
    probability: FloatArray,
    place: _Place,
) -> RecordingSaid:
    recording = data.info.recordings[int(windows.recording[0])]
    mean = probability.mean(axis=0)
    winner = int(mean.argmax())
    each = place.p_values or (None,) * len(windows)
    return RecordingSaid(
        name=recording.name,
        n_samples=recording.n_samples,
        sampling_rate_hz=recording.sampling_rate_hz,
        predicted=predictor.classes[winner],
        probability=tuple(mean.tolist()),
        agreement=float((probability.argmax(axis=1) == winner).mean()),
        p_value=place.joined,
        distance=place.distance,
        unlike=bool(place.warning),
        warning=place.warning,
        windows=tuple(
            WindowSaid(start=start, probability=tuple(row), p_value=p)
            for start, row, p in zip(
                windows.start.tolist(), probability.tolist(), each, strict=True
            )
        ),
    )
