"""What the panels draw of a fitted learner: one of its trees, its support vectors, a map."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg
from sklearn.svm import SVC

from integrations.classical.model import Learner, Table
from integrations.classical.ridge import SHRINKAGES, Ridge

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
SHOWN_DEPTH = 4
MOST_POINTS = 400
MOST_MAPPED_FROM = 2000
"""Training windows the map is fitted on."""
SHRUNK = 0.1
"""Share of the total spread added to the spread within classes, so that it can be inverted."""


def looks(learner: Learner, table: Table, labels: IntArray, test_table: Table) -> dict[str, Any]:
    """Give small extras for the panels.

    Args:
        learner: Fitted on the training part.
        table: Training features, all columns.
        labels: Class indices of the training part.
        test_table: Test features; only projected, nothing is fitted on them.
    """
    found: dict[str, Any] = {}
    if hasattr(learner.model, "estimators_"):
        found |= _tree(learner)
    if isinstance(learner.model, SVC):
        found |= _support_vectors(learner, table, labels)
    if isinstance(learner.model, Ridge):
        found["shrinkages"] = SHRINKAGES
        found["left_out_error"] = learner.model.left_out_error
    return found | _map(learner, table, labels, test_table)


def _tree(learner: Learner) -> dict[str, Any]:
    """First tree, cut at SHOWN_DEPTH, in the features' own units."""
    tree = learner.model.estimators_[0].tree_
    centre, scale = _units(learner)
    rows: list[tuple[int, float, int, int, int]] = []
    shares: list[FloatArray] = []

    def walk(node: int, depth: int) -> int:
        own = len(rows)
        feature = int(tree.feature[node]) if depth < SHOWN_DEPTH else -2
        rows.append((-1, 0.0, -1, -1, int(tree.n_node_samples[node])))
        shares.append(tree.value[node, 0])
        if feature >= 0:
            threshold = float(tree.threshold[node] * scale[feature] + centre[feature])
            left = walk(int(tree.children_left[node]), depth + 1)
            right = walk(int(tree.children_right[node]), depth + 1)
            rows[own] = (feature, threshold, left, right, rows[own][4])
        return own

    walk(0, 0)
    columns = list(zip(*rows, strict=True))
    return {
        "tree_feature": np.array(columns[0], dtype=np.int64),
        "tree_threshold": np.array(columns[1]),
        "tree_children": np.array([columns[2], columns[3]], dtype=np.int64).T,
        "tree_windows": np.array(columns[4], dtype=np.int64),
        "tree_class": learner.model.classes_[np.argmax(shares, axis=1)],
        "tree_share": np.max(shares, axis=1),
    }


def _units(learner: Learner) -> tuple[FloatArray, FloatArray]:
    """Centre and scale that were taken out of each used feature."""
    scaler, n = learner.scaler, len(learner.columns)
    if scaler is None:
        return np.zeros(n), np.ones(n)
    centre = scaler.mean_ if hasattr(scaler, "mean_") else scaler.center_
    return np.asarray(centre), np.asarray(scaler.scale_)


def _support_vectors(learner: Learner, table: Table, labels: IntArray) -> dict[str, Any]:
    """Training windows on the first two principal components; which are support vectors."""
    used = learner.scaled(table)
    some = _spread(len(used))
    _, sizes, axes = linalg.svd(used[some] - used.mean(axis=0), full_matrices=False)
    if len(sizes) < 2:
        return {}
    supports = np.zeros(len(used), dtype=np.bool_)
    supports[learner.model.support_] = True
    return {
        "support_points": ((used[some] - used.mean(axis=0)) @ axes[:2].T).astype(np.float32),
        "support_class": labels[some],
        "is_support": supports[some],
        "support_count": np.bincount(labels[supports], minlength=int(labels.max()) + 1),
        "support_share": (sizes[:2] ** 2 / max(float((sizes**2).sum()), 1e-30)),
    }


def _map(learner: Learner, table: Table, labels: IntArray, test_table: Table) -> dict[str, Any]:
    """Test windows in the plane that parts the training classes best.

    Linear discriminants (Fisher 1936) with shrinkage; of MiniRocket the plane of largest spread of
    its class scores.
    """
    some = _spread(len(table), MOST_MAPPED_FROM)
    shown = _spread(len(test_table))
    if len(shown) == 0:
        return {}
    if isinstance(learner.model, Ridge):
        train: Table = learner.model.scores(table[some])
        test: Table = learner.model.scores(test_table[shown])
        spread = np.cov(train.T) if train.shape[1] > 1 else np.ones((1, 1))
        axes = linalg.eigh(np.atleast_2d(spread))[1][:, ::-1][:, :2]
    else:
        train, test = learner.scaled(table[some]), learner.scaled(test_table[shown])
        axes = _discriminants(train, labels[some])
    points = (test - train.mean(axis=0)) @ axes
    if points.shape[1] < 2:
        points = np.concatenate([points, np.zeros((len(points), 1))], axis=1)
    return {"map_points": points.astype(np.float32), "map_window": shown}


def _discriminants(train: Table, labels: IntArray) -> FloatArray:
    means = {k: train[labels == k].mean(axis=0) for k in np.unique(labels).tolist()}
    centred = train - np.stack([means[k] for k in labels.tolist()])
    within = centred.T @ centred / len(train)
    total = np.cov(train.T).reshape(within.shape)
    within += SHRUNK * np.diag(np.maximum(np.diag(total), 1e-9)) + 1e-9 * np.eye(len(within))
    return np.asarray(linalg.eigh(total, within)[1][:, ::-1][:, :2])


def _spread(n: int, most: int = MOST_POINTS) -> IntArray:
    """At most so many rows, spread evenly."""
    return np.unique(np.linspace(0, max(n - 1, 0), min(n, most)).astype(np.int64))
