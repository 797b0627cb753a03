"""What the transformer can show: attention over time, and how its heads differ."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from integrations.core.contract import StoredResult
from integrations.core.figures.chart import Axis, Chart, Heatmap, Lines, Series
from integrations.core.signal.scales import SampleScale, sample_scale

MOST_CURVES = 6

Floats = npt.NDArray[np.float64]


def panels(result: StoredResult) -> list[Chart]:
    """Give the charts; none when the run kept no attention."""
    charts: list[Chart] = []
    rollout = _array(result, "attention_rollout", 2)
    time, level = _array(result, "attention_time", 1), _array(result, "attention_level", 2)
    if rollout is not None and time is not None and level is not None:
        tracked = bool(result.config.get("input", {}).get("order_tracking", False))
        scale = sample_scale(result.info, tracked)
        seconds = tuple((time / scale.rate).tolist())
        charts.append(_map(result, rollout, seconds, scale))
        heads = _array(result, "attention_heads", 3)
        charts += _curves(result, rollout, level, heads, seconds, scale)
        charts += _heads(result, scale)
    return charts


def _array(result: StoredResult, key: str, ndim: int) -> Floats | None:
    values = np.asarray(result.extras.get(key, ()), dtype=np.float64)
    return values if values.ndim == ndim and values.size and np.isfinite(values).all() else None


def _map(
    result: StoredResult, rollout: Floats, time: tuple[float, ...], scale: SampleScale
) -> Heatmap:
    """Attention of every explained window, ordered by class."""
    truth = np.asarray(result.extras["explained_truth"], dtype=np.int64)
    order = np.argsort(truth, kind="stable").tolist()
    relative = rollout * rollout.shape[1]
    return Heatmap(
        key="attention_time",
        title="When in a window the transformer looks, by class",
        x_axis=scale.time,
        y_axis=Axis("Window"),
        columns=time,
        rows=tuple(f"{n}. {_verdict(result, i)}" for n, i in enumerate(order, start=1)),
        values=tuple(tuple(relative[i].round(3).tolist()) for i in order),
        value_axis=Axis("Attention, even = 1"),
        help="Attention rolled out through all layers (Abnar & Zuidema 2020). Even rows mean that "
        "the whole window counts alike, as for steady vibration; bright spots mean events. An "
        "arrow leads from the true to the predicted class.",
    )


def _curves(
    result: StoredResult,
    rollout: Floats,
    level: Floats,
    heads: Floats | None,
    time: tuple[float, ...],
    scale: SampleScale,
) -> list[Lines]:
    """The window of each class whose attention is the least even, over its own level."""
    truth = np.asarray(result.extras["explained_truth"], dtype=np.int64)
    unevenness = rollout.std(axis=1)
    most = [max(np.flatnonzero(truth == k), key=lambda i: unevenness[i]) for k in np.unique(truth)]
    chosen = sorted(
        sorted(most, key=lambda i: -unevenness[i])[:MOST_CURVES], key=lambda i: truth[i]
    )
    return [_curve(result, int(i), rollout, level, heads, time, scale) for i in chosen]


def _curve(
    result: StoredResult,
    row: int,
    rollout: Floats,
    level: Floats,
    heads: Floats | None,
    time: tuple[float, ...],
    scale: SampleScale,
) -> Lines:
    recording = result.info.recordings[int(result.extras["explained_recording"][row])]
    envelope = level[row] / max(float(level[row].mean()), 1e-12)
    series = [
        Series("Level of the signal", time, envelope.round(4).tolist(), dashed=True),
        Series("Attention, all layers", time, _relative(rollout[row])),
    ]
    if heads is not None:
        series += [
            Series(f"Last layer, head {i + 1}", time, _relative(head))
            for i, head in enumerate(heads[row])
        ]
    return Lines(
        key=f"attention_curve_{row}",
        title=f"{_title(result, row)}: attention over one window",
        x_axis=scale.time,
        y_axis=Axis("Relative to the mean", range=None),
        series=tuple(series),
        help=f"Recording “{recording.name}”. Where attention rises with the level, the transformer "
        "reads the events; where it stays even, it reads the whole.",
    )


def _heads(result: StoredResult, scale: SampleScale) -> list[Heatmap]:
    charts = []
    entropy, distance = (_array(result, f"attention_{k}", 2) for k in ("entropy", "distance"))
    if entropy is not None:
        title = "How evenly each head looks around"
        text = "0: at one token only; 1: at all alike. Heads near 1 in every layer add little."
        axis = Axis("Entropy, largest = 1", range=(0.0, 1.0))
        charts.append(_by_head("attention_entropy", title, entropy, axis, text))
    if distance is not None:
        title = "How far each head looks"
        text = "Mean distance between a token and those it looks at."
        axis = Axis(f"Distance ({scale.time.unit})")
        charts.append(_by_head("attention_distance", title, distance / scale.rate, axis, text))
    similarity = _array(result, "attention_similarity", 2)
    if similarity is not None and entropy is not None:
        charts.append(_likeness(similarity, entropy.shape[1]))
    return charts


def _by_head(key: str, title: str, values: Floats, axis: Axis, text: str) -> Heatmap:
    layers, heads = values.shape
    return Heatmap(
        key=key,
        title=title,
        x_axis=Axis("Head"),
        y_axis=Axis("Layer"),
        columns=tuple(str(i + 1) for i in range(heads)),
        rows=tuple(str(i + 1) for i in range(layers)),
        values=tuple(tuple(row) for row in values.tolist()),
        value_axis=axis,
        texts=tuple(tuple(f"{value:.2g}" for value in row) for row in values),
        help=text,
    )


def _likeness(similarity: Floats, heads: int) -> Heatmap:
    names = tuple(f"{i // heads + 1}.{i % heads + 1}" for i in range(len(similarity)))
    return Heatmap(
        key="attention_similarity",
        title="Which heads look at the same",
        x_axis=Axis("Layer.head"),
        y_axis=Axis("Layer.head"),
        columns=names,
        rows=names,
        values=tuple(tuple(row) for row in similarity.round(3).tolist()),
        value_axis=Axis("Correlation", range=(-1.0, 1.0)),
        help="Correlation of attention over all explained windows. Heads near 1 could be spared.",
    )


def _relative(shares: Floats) -> list[float]:
    return [float(value) for value in (shares * len(shares)).round(4)]


def _title(result: StoredResult, row: int) -> str:
    return _verdict(result, row, " mistaken for ")


def _verdict(result: StoredResult, row: int, between: str = " → ") -> str:
    """Name the true class, and the predicted one where they differ."""
    truth, said = (
        result.info.classes[int(result.extras[f"explained_{key}"][row])]
        for key in ("truth", "predicted")
    )
    return truth if truth == said else f"{truth}{between}{said}"
