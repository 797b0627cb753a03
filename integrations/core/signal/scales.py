"""What a sample means on an axis: seconds and hertz, or revolutions and orders. Light."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.core.data.dataset import DatasetInfo
from integrations.core.figures.chart import Axis
from integrations.core.signal.machine import shaft_hz


@dataclass(frozen=True)
class SampleScale:
    """Turns samples into units that people read.

    Attributes:
        rate: Samples per unit of ``time``; a frequency in cycles per sample times it is in the
            unit of ``frequency``.
    """

    rate: float
    time: Axis
    frequency: Axis


def sample_scale(info: DatasetInfo, order_tracking: bool = False) -> SampleScale:
    """Find the scale of a data set's windows.

    Args:
        info: The data set; where its sampling rates differ, samples stay samples.
        order_tracking: Windows were resampled to equal shaft angle, as the slowest one runs.
    """
    rates = {recording.sampling_rate_hz for recording in info.recordings}
    rate = rates.pop() if len(rates) == 1 else None
    if rate is None:
        return SampleScale(1.0, Axis("Time", "samples"), Axis("Frequency", "cycles per sample"))
    speeds = [shaft_hz(recording) for recording in info.recordings] if order_tracking else []
    known = [speed for speed in speeds if speed]
    if known:
        return SampleScale(
            rate / min(known), Axis("Shaft angle", "revolutions"), Axis("Order", "× shaft speed")
        )
    return SampleScale(rate, Axis("Time", "s"), Axis("Frequency", "Hz"))
