"""Turns windows into what the physics-informed network reads: waveform, scores, lines, targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log, nan

import numpy as np
import numpy.typing as npt
import torch

from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.data.windows import WindowIndex
from integrations.core.signal.machine import BearingKind, bearing_kind
from integrations.core.signal.orders import WindowScores, vibration_channels
from integrations.core.training.inputs import Inputs, waveform
from integrations.pinn.config import PinnConfig
from integrations.pinn.lines import Line, reference_hz
from integrations.pinn.prominence import amplitude_spectrum, band_prominences
from integrations.pinn.regime import log_prior, sommerfeld

NEPERS_PER_DB = log(10) / 20
HARMONICS = (1, 2, 3)
"""Of a fault line that is asked for without a multiple; their prominences are averaged."""


class PhysicsInputs:
    """Prepares windows; built once per run, the same for all parts of the data.

    Gives (windows, physics scores, log prior, shortfall of required lines in nepers, log
    Sommerfeld number), see ``model`` and ``losses``.
    """

    def __init__(
        self,
        info: DatasetInfo,
        config: PinnConfig,
        lines: Mapping[str, tuple[Line, ...]],
        classes: tuple[str, ...] = (),
        reference_hz: float | None = None,
    ) -> None:
        """Set up.

        Args:
            info: Data set of the windows.
            config: The family's config.
            lines: Required lines of every class.
            classes: Those of the model where the data set is not the one it was trained on.
            reference_hz: Shaft speed that order tracking leaves as it is, see ``waveform``.
        """
        kind, classes = bearing_kind(info), classes or info.classes
        self._waveform = waveform(info, config.input, reference_hz)
        self._channels = vibration_channels(info)
        self._margin = config.physics.margin_db * NEPERS_PER_DB
        self._on_envelope = kind == "rolling"
        tolerance = config.physics.line_tolerance
        wanted = [(k, line) for k, name in enumerate(classes) for line in spread(lines[name])]
        self._class_of_line = torch.tensor([k for k, _ in wanted], dtype=torch.long)
        self._required = bands(info, [line for _, line in wanted], tolerance)
        self._scores = WindowScores(info)
        self._prior = torch.from_numpy(config.physics.regime_prior * log_prior(info, classes))
        self._log_s = _log_sommerfeld(info, kind, config)
        self._n_classes = len(classes)

    @property
    def has_sommerfeld(self) -> bool:
        """Whether any recording tells its Sommerfeld number."""
        return bool(torch.isfinite(self._log_s).any())

    def standardise(self, index: WindowIndex) -> tuple[float, float]:
        """Scale the Sommerfeld targets by the training part; gives mean and deviation of log S."""
        known = self._log_s[torch.from_numpy(np.unique(index.recording))]
        known = known[torch.isfinite(known)]
        mean = float(known.mean()) if len(known) else 0.0
        deviation = max(1e-3, float(known.std(unbiased=False))) if len(known) else 1.0
        self._log_s = (self._log_s - mean) / deviation
        return mean, deviation

    def __call__(self, windows: torch.Tensor, index: WindowIndex) -> Inputs:
        """Give the inputs of windows, shape (n, channels, samples)."""
        of = torch.from_numpy(index.recording)
        vibration = windows[:, self._channels]
        spectrum = amplitude_spectrum(vibration, envelope=self._on_envelope)
        required = self._required[of]
        heights = band_prominences(spectrum, required)
        return (
            *self._waveform(windows, index),
            torch.from_numpy(self._scores(windows.numpy(), index)),
            self._prior[of],
            self._margin - self._by_class(heights, torch.isfinite(required).all(dim=2)),
            self._log_s[of][:, None],
        )

    def _by_class(self, heights: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        """Average the known lines of each class, shape (n, classes); inf where there is none."""
        sums, counts = torch.zeros(2, len(heights), self._n_classes)
        sums.index_add_(1, self._class_of_line, heights)
        counts.index_add_(1, self._class_of_line, known.float())
        return torch.where(counts > 0, sums / counts.clamp(min=1), torch.inf)


def spread(lines: Sequence[Line]) -> list[Line]:
    """Put a line's first harmonics in the place of a line without a multiple."""
    return [
        Line(line.reference, multiple, multiple) if line.low is None else line
        for line in lines
        for multiple in (HARMONICS if line.low is None else (line.low,))
    ]


def bands(info: DatasetInfo, lines: Sequence[Line], tolerance: float) -> torch.Tensor:
    """Lay lines out for every recording, shape (n_recordings, n_lines, 2), cycles per sample.

    NaN where a recording does not tell what a line is a multiple of.
    """
    rows = [_bands_of(info, recording, lines, tolerance) for recording in info.recordings]
    table = np.array(rows, dtype=np.float32).reshape(len(rows), len(lines), 2)
    return torch.from_numpy(table)


def _bands_of(
    info: DatasetInfo, recording: Recording, lines: Sequence[Line], tolerance: float
) -> list[tuple[float, float]]:
    known = reference_hz(info, recording)
    rate = recording.sampling_rate_hz or nan
    return [
        (
            known.get(line.reference, nan) * (line.low or 1) * (1 - tolerance) / rate,
            known.get(line.reference, nan) * (line.high or 1) * (1 + tolerance) / rate,
        )
        for line in lines
    ]


def _log_sommerfeld(info: DatasetInfo, kind: BearingKind, config: PinnConfig) -> torch.Tensor:
    if kind != "journal" or config.physics.sommerfeld_weight == 0:
        return torch.full((len(info.recordings),), nan)
    numbers: npt.NDArray[np.float64] = np.array([sommerfeld(r) for r in info.recordings])
    return torch.from_numpy(np.log(numbers).astype(np.float32))
