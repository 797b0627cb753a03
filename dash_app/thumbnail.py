"""A small drawing of a data set: one recording of each of its first classes."""

from __future__ import annotations

import numpy as np

from integrations.core.data.dataset import Dataset, FloatArray
from integrations.core.figures.chart import OKABE_ITO

WIDTH, HEIGHT = 320, 72
COLUMNS = 160
MAX_CLASSES = 3
MAX_SAMPLES = 4096


def thumbnail_svg(data: Dataset) -> str:
    """Draw envelopes of the first samples, one row per class, as an SVG without any text."""
    chosen = _one_per_class(data)
    row = HEIGHT / max(len(chosen), 1)
    paths = [
        _path(data.signal(index)[0, :MAX_SAMPLES], number * row, row, OKABE_ITO[number])
        for number, index in enumerate(chosen)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'preserveAspectRatio="none">{"".join(paths)}</svg>'
    )


def _one_per_class(data: Dataset) -> list[int]:
    first: dict[str, int] = {}
    for index, recording in enumerate(data.info.recordings):
        first.setdefault(recording.label, index)
    return [first[label] for label in sorted(first)[:MAX_CLASSES]]


def _path(samples: FloatArray, top: float, height: float, colour: str) -> str:
    """Draw the line of a short signal, or the band between extremes of a long one."""
    low, high = float(samples.min()), float(samples.max())
    scale = (height - 6) / ((high - low) or 1.0)

    def y_of(value: float) -> float:
        return top + height - 3 - (value - low) * scale

    count = min(COLUMNS, samples.size)
    pieces = np.array_split(samples, count)
    step = WIDTH / max(count - 1, 1)
    if samples.size <= 2 * COLUMNS:
        points = [(i * step, y_of(float(p.mean()))) for i, p in enumerate(pieces)]
    else:
        points = []
        for i, piece in enumerate(pieces):
            points += [(i * step, y_of(float(piece.min()))), (i * step, y_of(float(piece.max())))]
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="1.2" '
        'stroke-linejoin="round" vector-effect="non-scaling-stroke"/>'
    )
