"""Which features a data set gets, by name and unit; light, the wizard counts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from integrations.core.data.dataset import DatasetInfo, once_per_data_set
from integrations.core.signal.machine import known_lines

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Feature:
    """One number per window and channel.

    Attributes:
        unit: "signal" is the data set's own unit, "Hz" becomes cycles per sample without a rate.
    """

    name: str
    unit: str = ""


N_BANDS = 8

TIME = (
    Feature("mean", "signal"),
    Feature("RMS", "signal"),
    Feature("peak", "signal"),
    Feature("peak to peak", "signal"),
    Feature("mean absolute", "signal"),
    Feature("skewness"),
    Feature("kurtosis"),
    Feature("crest factor"),
    Feature("shape factor"),
    Feature("impulse factor"),
    Feature("clearance factor"),
    Feature("zero crossings", "per sample"),
    Feature("Hjorth mobility"),
    Feature("Hjorth complexity"),
)

SPECTRUM = (
    Feature("spectral centroid", "Hz"),
    Feature("spectral spread", "Hz"),
    Feature("spectral skewness"),
    Feature("spectral kurtosis"),
    Feature("spectral entropy"),
    Feature("spectral flatness"),
    Feature("50 % roll-off", "Hz"),
    Feature("85 % roll-off", "Hz"),
    Feature("strongest line", "Hz"),
)

ENVELOPE = (
    Feature("envelope mean", "signal"),
    Feature("envelope deviation", "signal"),
    Feature("envelope skewness"),
    Feature("envelope kurtosis"),
    Feature("envelope crest factor"),
    Feature("envelope centroid", "Hz"),
    Feature("envelope entropy"),
    Feature("envelope flatness"),
    Feature("envelope strongest line", "Hz"),
    Feature("envelope line prominence"),
)


@dataclass(frozen=True)
class FeaturePlan:
    """Which features a data set gets.

    Attributes:
        features: One per column, all of channel 1, then all of channel 2 and so on.
        edges_hz: Borders of the logarithmic bands.
        lines: Names of the fault lines looked for, empty where speed or geometry is unknown.
    """

    features: tuple[Feature, ...]
    edges_hz: FloatArray
    lines: tuple[str, ...]


@once_per_data_set
def plan_features(info: DatasetInfo) -> FeaturePlan:
    """Decide which features suit a data set.

    Fault-line features need a sampling rate, a shaft speed and the bearing's orders for every
    recording; see ``machine.fault_orders`` for where they come from.
    """
    rates = {recording.sampling_rate_hz or 1.0 for recording in info.recordings}
    edges = (min(rates) / 2 * np.logspace(-2.4, 0, N_BANDS + 1)).astype(np.float32)
    edges[0], edges[-1] = 0.0, max(rates)
    lines = known_lines(info)
    one_channel = [*TIME, *SPECTRUM, *ENVELOPE]
    one_channel += [_band(edges, i, rates == {1.0}) for i in range(N_BANDS)]
    one_channel += [Feature(f"{name} prominence", "decades") for name in lines]
    prefix = [f"{channel}: " if len(info.channels) > 1 else "" for channel in info.channels]
    named = tuple(Feature(p + f.name, f.unit) for p in prefix for f in one_channel)
    return FeaturePlan(named, edges, lines)


def _band(edges: FloatArray, i: int, no_rate: bool) -> Feature:
    low, high = (f"{edge:.3g}" for edge in (edges[i], edges[i + 1]))
    if i == N_BANDS - 1:
        return Feature(f"energy above {low} {'cycles/sample' if no_rate else 'Hz'}", "decades")
    return Feature(f"energy {low}–{high} {'cycles/sample' if no_rate else 'Hz'}", "decades")
