"""What the spectrogram family can show: images, where the network looked, and its first filters."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.contract import StoredResult
from integrations.core.figures.chart import Axis, Chart, Heatmap
from integrations.core.signal.scales import SampleScale, sample_scale

MOST_IMAGES, MOST_CAMS = 12, 6
MOST_FILTERS = 64
OCTAVES_FROM = 1.05
"""Ratio of neighbouring rows' spacings from which a frequency axis is drawn logarithmic."""

Floats = npt.NDArray[np.float64]


def panels(result: StoredResult) -> list[Chart]:
    """Give the charts; none when the run kept nothing to draw."""
    charts: list[Chart] = [*_examples(result)]
    filters = np.asarray(result.extras.get("first_filters", ()), dtype=np.float64)
    if filters.ndim == 3 and filters.size and np.isfinite(filters).all():
        charts.append(_filters(filters))
    return charts


def _examples(result: StoredResult) -> list[Heatmap]:
    extras = result.extras
    images = np.asarray(extras.get("example_images", ()), dtype=np.float64)
    cams = np.asarray(extras.get("example_cams", ()), dtype=np.float64)
    if images.ndim != 3 or images.shape != cams.shape or images.size == 0:
        return []
    if not (np.isfinite(images).all() and np.isfinite(cams).all()):
        return []
    tracked = bool(result.config.get("input", {}).get("order_tracking", False))
    scale = sample_scale(result.info, tracked)
    rows = np.asarray(extras["example_rows"], dtype=np.int64)[:MOST_IMAGES].tolist()
    drawn = [_image(result, i, row, images[i], scale) for i, row in enumerate(rows)]
    by_mistake = sorted(range(len(rows)), key=lambda i: not _mistaken(extras, rows[i]))
    looked = [_cam(result, i, rows[i], cams[i], scale) for i in sorted(by_mistake[:MOST_CAMS])]
    return drawn + looked


def _image(
    result: StoredResult, number: int, row: int, image: Floats, scale: SampleScale
) -> Heatmap:
    return Heatmap(
        key=f"image_{number}",
        title=f"{_truth(result, row)}: what the network was given",
        values=_cells(10 * (image - image.max())),
        value_axis=Axis("Power", "dB below the largest", range=(-60.0, 0.0)),
        help=f"{_place(result, row, scale)} Bright is strong.",
        **_axes(result, scale),
    )


def _cam(result: StoredResult, number: int, row: int, cam: Floats, scale: SampleScale) -> Heatmap:
    truth, said = _truth(result, row), _named(result, "explained_predicted", row)
    verdict = "recognised" if truth == said else f"mistaken for {said}"
    return Heatmap(
        key=f"image_cam_{number}",
        title=f"{truth}, {verdict}: where the network looked",
        values=_cells(cam),
        value_axis=Axis("Grad-CAM, largest = 1", range=(0.0, 1.0)),
        help=f"{_place(result, row, scale)} Bright patches spoke for “{said}”. "
        "Compare with the image of the same window above.",
        **_axes(result, scale),
    )


def _axes(result: StoredResult, scale: SampleScale) -> dict[str, Any]:
    frequency = np.asarray(result.extras["example_frequency"], dtype=np.float64) * scale.rate
    time = np.asarray(result.extras["example_time"], dtype=np.float64) / scale.rate
    steps = np.diff(frequency)
    octaves = len(steps) > 1 and steps[-1] > OCTAVES_FROM * steps[0] > 0
    vertical = scale.frequency
    return {
        "x_axis": scale.time,
        "y_axis": Axis(vertical.title, vertical.unit, log=bool(octaves)),
        "columns": tuple(time.tolist()),
        "rows": tuple(frequency.tolist()),
    }


def _filters(filters: Floats) -> Heatmap:
    """Lay the small filters side by side in a nearly square mosaic, with an empty line between."""
    shown = filters[:MOST_FILTERS]
    n, height, width = shown.shape
    across = int(np.ceil(np.sqrt(n)))
    down = -(-n // across)
    mosaic = np.full((down * (height + 1) - 1, across * (width + 1) - 1), np.nan)
    for i, each in enumerate(shown):
        top, left = (i // across) * (height + 1), (i % across) * (width + 1)
        largest = max(float(np.abs(each).max()), 1e-12)
        mosaic[top : top + height, left : left + width] = each[::-1] / largest
    return Heatmap(
        key="first_filters_2d",
        title=f"The {n} filters of the first layer",
        x_axis=Axis("Time inside a filter", "pixels"),
        y_axis=Axis("Frequency inside a filter", "pixels"),
        columns=tuple(_pixel(i, width) for i in range(mosaic.shape[1])),
        rows=tuple(_pixel(i, height) for i in range(mosaic.shape[0])),
        values=_cells(mosaic),
        value_axis=Axis("Weight, largest of a filter = 1", range=(-1.0, 1.0)),
        help="Each small square is one learnt filter. Stripes along time find steady lines, "
        "stripes along frequency find impacts.",
    )


def _pixel(place: int, size: int) -> str:
    """Name a mosaic's line; names must differ, the gaps carry none."""
    return f"{place // (size + 1) + 1}.{place % (size + 1) + 1}"


def _truth(result: StoredResult, row: int) -> str:
    return _named(result, "explained_truth", row)


def _named(result: StoredResult, key: str, row: int) -> str:
    return result.info.classes[int(result.extras[key][row])]


def _mistaken(extras: dict[str, Any], row: int) -> bool:
    return int(extras["explained_truth"][row]) != int(extras["explained_predicted"][row])


def _place(result: StoredResult, row: int, scale: SampleScale) -> str:
    recording = result.info.recordings[int(result.extras["explained_recording"][row])]
    start = int(result.extras["explained_start"][row])
    rate = recording.sampling_rate_hz
    where = f"{start / rate:.3g} s" if rate else f"sample {start}"
    channel = result.info.channels[0]
    return f"Channel {channel} of “{recording.name}”, from {where} on."


def _cells(values: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in values.round(3).tolist())
