"""Charts of what layers answer: maps for a mistaken and a correct window, and silent channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.contract import StoredResult
from integrations.core.figures.chart import Axis, Bars, Chart, Heatmap
from integrations.core.figures.filters import common_rate

SHOWN_LAYERS = 2
FloatArray = npt.NDArray[np.float64]


def activation_charts(result: StoredResult) -> list[Chart]:
    """Draw the maps of the surest mistake and the surest hit; none where nothing was kept."""
    charts: list[Chart] = []
    for hit, word in ((False, "mistake"), (True, "hit")):
        place = _first(result.extras, hit)
        if place is not None:
            charts += window_charts(result, place, word)
    return charts


def window_charts(result: StoredResult, place: int, key: str) -> list[Chart]:
    """Draw the maps of one kept window.

    Args:
        result: A finished run.
        place: Position among the kept windows (``activation_windows``).
        key: Put into the charts' keys to keep windows apart.
    """
    names = [str(name) for name in result.extras.get("activation_layers", ())]
    charts = [_map(result, place, layer, key) for layer in _shown(len(names))]
    return [chart for chart in charts if chart is not None]


def activity_charts(extras: dict[str, Any]) -> list[Chart]:
    """Draw mean answers and silent channels per layer; none where nothing was kept or all is 0."""
    names = tuple(str(name) for name in extras.get("activity_layers", ()))
    return [
        chart
        for chart in (
            _bars(extras, "activity_silent", names, "Channels that stay silent",
                  Axis("Share of channels", percent=True, range=(0.0, 1.0)),
                  "Channels above zero in none of the explained windows. A large share in a wide "
                  "layer means that a narrower network would do."),
            _bars(extras, "activity_mean", names, "Mean answer of the layers",
                  Axis("Mean activation"),
                  "Answers that fade to nothing, or explode, from the first layer to the last "
                  "make a network hard to train."),
        )
        if chart is not None
    ]  # fmt: skip


def _first(extras: dict[str, Any], hit: bool) -> int | None:
    """First kept window that is a hit (or a mistake); they come surest first."""
    for place, row in enumerate(np.asarray(extras.get("activation_windows", ()), dtype=int)):
        right = extras["explained_predicted"][row] == extras["explained_truth"][row]
        if bool(right) is hit:
            return place
    return None


def _shown(layers: int) -> list[int]:
    """The first and the last mapped layer."""
    return sorted({0, layers - 1})[:SHOWN_LAYERS] if layers else []


def _map(result: StoredResult, place: int, layer: int, key: str) -> Heatmap | None:
    extras, info = result.extras, result.info
    values = np.asarray(extras[f"activations_{layer}"][place], dtype=np.float64)
    if values.size == 0 or not np.isfinite(values).all():
        return None
    row = int(extras["activation_windows"][place])
    recording = info.recordings[int(extras["explained_recording"][row])]
    truth, said = (
        info.classes[int(extras[name][row])] for name in ("explained_truth", "explained_predicted")
    )
    rate = common_rate(info)
    begin = int(extras["explained_start"][row])
    samples = int(result.config.get("data", {}).get("window_samples", values.shape[1]))
    time = begin + (np.arange(values.shape[1]) + 0.5) * samples / values.shape[1]
    verdict = f"truly {truth}" if truth == said else f"truly {truth}, taken for {said}"
    name = extras["activation_layers"][layer]
    return Heatmap(
        key=f"activations_{key}_{layer}",
        title=f"{name}: answers to {recording.name} ({verdict})",
        x_axis=Axis("Sample") if rate is None else Axis("Time in the recording", "s"),
        y_axis=Axis("Channel"),
        columns=tuple((time if rate is None else time / rate).tolist()),
        rows=tuple(float(c + 1) for c in extras[f"activation_channels_{layer}"]),
        values=tuple(tuple(line) for line in values.round(3).tolist()),
        value_axis=Axis("Activation"),
        help="Each row is a channel of the layer, bright where it answers. Regular bright columns "
        "are impacts or periods that the network has found.",
    )


def _bars(
    extras: dict[str, Any], key: str, names: tuple[str, ...], title: str, axis: Axis, help_: str
) -> Bars | None:
    values: FloatArray = np.asarray(extras.get(key, ()), dtype=np.float64)
    if not names or len(values) != len(names) or not np.isfinite(values).all():
        return None
    if not values.any():
        return None
    return Bars(key, title, axis, names, tuple(values.tolist()), help=help_)
