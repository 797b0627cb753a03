"""What the classical family can show: what its model relies on, a tree, support vectors, a map."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.contract import StoredResult
from integrations.core.figures.chart import Axis, Bars, Chart, Label, Lines, Marker, Series

SHOWN = 20
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def panels(result: StoredResult) -> list[Chart]:
    """Give the charts that the run left something for."""
    found = [
        _importance(result),
        _tree(result),
        _support_vectors(result),
        _support_counts(result),
        _shrinkage(result),
        _map(result),
    ]
    return [chart for chart in found if chart is not None]


def _importance(result: StoredResult) -> Chart | None:
    rise = np.asarray(result.extras.get("importance", ()), dtype=np.float64)
    spread = np.asarray(result.extras.get("importance_spread", ()), dtype=np.float64)
    names = result.extras.get("feature_names", [])
    if len(rise) == 0 or len(rise) != len(names) or len(spread) != len(rise):
        return None
    finite = np.flatnonzero(np.isfinite(rise) & np.isfinite(spread))
    order = finite[np.argsort(-rise[finite], kind="stable")][:SHOWN]
    if len(order) == 0:
        return None
    return Bars(
        key="feature_importance",
        title=f"The model relies most on {names[order[0]]}",
        axis=Axis("Rise of the validation log loss when shuffled", "nats"),
        categories=tuple(str(names[i]) for i in order),
        values=tuple(rise[order].tolist()),
        low=tuple((rise - spread)[order].tolist()),
        high=tuple((rise + spread)[order].tolist()),
        help="Each feature is shuffled on the validation part; bars show how much worse the "
        "model gets, with the standard deviation over the shuffles. Features that say the "
        "same stand in for one another and look weaker than they are.",
    )


def _tree(result: StoredResult) -> Chart | None:
    """Draw the tree as one line that runs round it, with a text at every node."""
    extras = result.extras
    children = _array(extras, "tree_children")
    names = extras.get("feature_names", [])
    if len(children) < 3 or not _finite(extras, "tree_threshold", "tree_share"):
        return None
    x, y = _places(children)
    around = _tour(children)
    classes = result.info.classes
    texts = [_node_text(extras, i, names, classes) for i in range(len(children))]
    return Lines(
        key="one_tree",
        title=f"The first tree asks first for {names[int(_array(extras, 'tree_feature')[0])]}",
        x_axis=Axis("Yes to the left, no to the right"),
        y_axis=Axis("Questions asked", range=(float(y.max()) + 0.5, -0.5)),
        series=(Series("tree", tuple(x[around].tolist()), tuple(y[around].tolist()), colour=0),),
        labels=tuple(
            Label(float(a), float(b), text) for a, b, text in zip(x, y, texts, strict=True)
        ),
        help="One tree of many, down to four questions. A node shows its question, or the class "
        "that most of its training windows have and their share. Other trees ask otherwise; the "
        "forest takes their mean.",
    )


def _places(children: IntArray) -> tuple[FloatArray, FloatArray]:
    """Leaves stand side by side, each other node above the middle of its two."""
    x, y = np.zeros((2, len(children)))
    leaves = 0

    def place(node: int, depth: int) -> None:
        nonlocal leaves
        y[node] = depth
        left, right = children[node].tolist()
        if left < 0:
            x[node], leaves = leaves, leaves + 1
            return
        place(left, depth + 1)
        place(right, depth + 1)
        x[node] = (x[left] + x[right]) / 2

    place(0, 0)
    return x, y


def _tour(children: IntArray) -> list[int]:
    """Nodes in the order of a walk round the tree, each edge there and back."""
    found: list[int] = []

    def walk(node: int) -> None:
        found.append(node)
        for child in children[node].tolist():
            if child >= 0:
                walk(child)
                found.append(node)

    walk(0)
    return found


def _node_text(
    extras: dict[str, Any], node: int, names: list[str], classes: tuple[str, ...]
) -> str:
    feature = int(_array(extras, "tree_feature")[node])
    if feature >= 0:
        return f"{names[feature]}\n≤ {_array(extras, 'tree_threshold')[node]:.3g}?"
    share = 100 * _array(extras, "tree_share")[node]
    return f"{classes[int(_array(extras, 'tree_class')[node])]}\n{share:.0f} %"


def _support_vectors(result: StoredResult) -> Chart | None:
    extras = result.extras
    if not _finite(extras, "support_points"):
        return None
    points, of_class = _array(extras, "support_points"), _array(extras, "support_class")
    supports = _array(extras, "is_support").astype(bool)
    share = _array(extras, "support_share")
    series = [
        Series(name, *_columns(points[supports & (of_class == k)]), points=True, colour=k)
        for k, name in enumerate(result.info.classes)
        if (supports & (of_class == k)).any()
    ]
    if (~supports).any():
        series.append(Series("no support vector", *_columns(points[~supports]), points=True))
    return Lines(
        key="support_vectors",
        title=f"{100 * supports.mean():.0f} % of the training windows hold up the borders",
        x_axis=Axis(f"First principal component ({100 * share[0]:.0f} % of the spread)"),
        y_axis=Axis(f"Second principal component ({100 * share[1]:.0f} %)"),
        series=tuple(series),
        help="Training windows in the two directions of their largest spread. Those in colour are "
        "support vectors: only they decide. When nearly all are, classes overlap or the penalty "
        "is too small; the borders themselves are curved and lie in more dimensions.",
    )


def _support_counts(result: StoredResult) -> Chart | None:
    counts = _array(result.extras, "support_count")
    if len(counts) == 0 or counts.sum() == 0:
        return None
    order = np.argsort(-counts, kind="stable")
    return Bars(
        key="support_counts",
        title=f"{result.info.classes[int(order[0])]} needs the most support vectors",
        axis=Axis("Support vectors", "windows"),
        categories=tuple(result.info.classes[i] for i in order.tolist()),
        values=tuple(counts[order].astype(float).tolist()),
        help="A class that needs many has a ragged border with its neighbours.",
    )


def _shrinkage(result: StoredResult) -> Chart | None:
    extras = result.extras
    if not _finite(extras, "shrinkages", "left_out_error"):
        return None
    at, error = _array(extras, "shrinkages"), _array(extras, "left_out_error")
    best = int(np.argmin(error))
    return Lines(
        key="shrinkage",
        title=f"Leaving one window out chose a shrinkage of {at[best]:.3g}",
        x_axis=Axis("Shrinkage of the weights", log=True),
        y_axis=Axis("Mean squared leave-one-out error"),
        series=(Series("training windows", tuple(at.tolist()), tuple(error.tolist())),),
        markers=(Marker("chosen", x=float(at[best])),),
        help="To the left the model follows every training window, to the right it hardly dares "
        "to decide. A minimum at an end would say that the range is too narrow.",
    )


def _map(result: StoredResult) -> Chart | None:
    extras = result.extras
    rows = _array(extras, "map_window").astype(np.int64)
    if not _finite(extras, "map_points") or len(rows) == 0 or rows.max() >= len(result.test.truth):
        return None
    points = _array(extras, "map_points")
    truth = result.test.truth[rows]
    wrong = truth != result.test.predicted[rows]
    series = [
        Series(name, *_columns(points[truth == k]), points=True, colour=k)
        for k, name in enumerate(result.info.classes)
        if (truth == k).any()
    ]
    if wrong.any():
        series.append(Series("mistaken", *_columns(points[wrong]), points=True, colour=7))
    return Lines(
        key="feature_map",
        title=f"{int(wrong.sum())} of {len(rows)} shown test windows are mistaken",
        x_axis=Axis("First direction that parts the classes"),
        y_axis=Axis("Second direction"),
        series=tuple(series),
        help="Test windows in the plane that parts the training classes best. Mistakes inside "
        "another class's cloud are not a matter of the border: these windows look like it. "
        "Classes that overlap here may still be parted in further directions.",
    )


def _columns(points: FloatArray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(points[:, 0].tolist()), tuple(points[:, 1].tolist())


def _array(extras: dict[str, Any], name: str) -> npt.NDArray[Any]:
    return np.asarray(extras.get(name, ()))


def _finite(extras: dict[str, Any], *names: str) -> bool:
    arrays = [_array(extras, name) for name in names]
    return all(
        len(each) > 0 and bool(np.isfinite(each.astype(np.float64)).all()) for each in arrays
    )
