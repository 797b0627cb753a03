"""The finished model as plain arrays: written without pickle, used without scikit-learn.

One safetensors file and a card in JSON. It decides as the fitted model does, to rounding.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save

from integrations.classical.config import FORESTS, ModelKind
from integrations.core.files import write_atomically
from integrations.core.signal.minirocket import MiniRocket

Arrays = dict[str, npt.NDArray[Any]]
FloatArray = npt.NDArray[np.float64]
ARRAYS_FILE, CARD_FILE = "model.safetensors", "model.json"
ROWS = 2048
"""Rows walked through the trees at once."""


@dataclass(frozen=True)
class StoredModel:
    """A model read back, or about to be written.

    Attributes:
        arrays: Its numbers by name.
        card: What it is and what it was made from; ``kind``, ``columns``, ``classes_met`` and
            ``temperature`` are needed to use it.
    """

    arrays: Arrays
    card: dict[str, Any]

    def probability(self, table: npt.NDArray[np.floating[Any]]) -> FloatArray:
        """Class probabilities from all columns of the feature table, shape (n, classes)."""
        full = np.zeros((len(table), len(self.card["classes"])))
        full[:, self.arrays["classes_met"]] = self._found(self.used(table))
        return full

    def used(self, table: npt.NDArray[np.floating[Any]]) -> FloatArray:
        """The columns the learner sees, made comparable as in training, shape (n, used)."""
        used = np.asarray(table[:, self.arrays["columns"]], dtype=np.float64)
        if "centre" in self.arrays:
            used = (used - self.arrays["centre"]) / self.arrays["scale"]
        return used

    @property
    def minirocket(self) -> MiniRocket | None:
        """The transform in front of the model, if it has one."""
        if "dilations" not in self.arrays:
            return None
        dilations = self.arrays["dilations"]
        return MiniRocket(
            int(self.card["samples"]),
            tuple(dilations.tolist()),
            self.arrays["summed_channels"].astype(np.bool_),
            tuple(self.arrays[f"biases_{i}"] for i in range(len(dilations))),
        )

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Write both files."""
        arrays = {name: np.ascontiguousarray(value) for name, value in self.arrays.items()}
        blob, text = save(arrays), json.dumps(self.card, indent=2).encode()
        write_atomically(folder / ARRAYS_FILE, lambda file: file.write(blob))
        write_atomically(folder / CARD_FILE, lambda file: file.write(text))
        return folder / ARRAYS_FILE, folder / CARD_FILE

    def _found(self, used: FloatArray) -> FloatArray:
        kind = ModelKind(self.card["kind"])
        if kind in FORESTS:
            return _forest(self.arrays, used)
        if kind is ModelKind.GRADIENT_BOOSTING:
            return _boosted(self.arrays, used)
        if kind is ModelKind.SVM:
            scores = _support_vectors(self.arrays, used)
        else:
            scores = used @ self.arrays["coefficients"] + self.arrays["intercept"]
        return _softmax(scores / self.card["temperature"])


def read_model(folder: Path) -> StoredModel:
    """Read what ``StoredModel.write`` wrote.

    Raises:
        OSError: A file is missing.
        ValueError: A file is damaged.
    """
    card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    return StoredModel(load((folder / ARRAYS_FILE).read_bytes()), card)


def arrays_of(kind: ModelKind, model: Any, scaler: Any) -> Arrays:
    """Take a fitted model and its scaler apart into arrays."""
    found: Arrays = {"classes_met": np.asarray(model.classes_, dtype=np.int64)}
    if scaler is not None:
        centre = scaler.mean_ if hasattr(scaler, "mean_") else scaler.center_
        found |= {"centre": centre, "scale": scaler.scale_}
    take_apart = {
        ModelKind.SVM: _of_support_vectors,
        ModelKind.LOGISTIC: _of_logistic,
        ModelKind.MINIROCKET: _of_ridge,
        ModelKind.GRADIENT_BOOSTING: _of_boosting,
    }
    return found | take_apart.get(kind, _of_forest)(model)


def arrays_of_minirocket(transform: MiniRocket) -> Arrays:
    """Take a fitted transform apart into arrays."""
    found: Arrays = {
        "dilations": np.array(transform.dilations, dtype=np.int64),
        "summed_channels": transform.channels.astype(np.uint8),
    }
    return found | {f"biases_{i}": bias for i, bias in enumerate(transform.biases)}


def _of_forest(model: Any) -> Arrays:
    trees = [each.tree_ for each in model.estimators_]
    first = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
    return {
        "roots": first,
        "feature": np.concatenate([tree.feature for tree in trees]).astype(np.int32),
        "threshold": np.concatenate([tree.threshold for tree in trees]),
        **_children([(tree.children_left, tree.children_right) for tree in trees], first),
        "value": np.concatenate([tree.value[:, 0] for tree in trees]),
    }


def _of_boosting(model: Any) -> Arrays:
    trees = [tree.nodes for each in model._predictors for tree in each]
    first = np.cumsum([0, *(len(nodes) for nodes in trees[:-1])])
    nodes = np.concatenate(trees)
    leaf = nodes["is_leaf"].astype(bool)
    sides = [
        tuple(
            np.where(each["is_leaf"], -1, each[side].astype(np.int64)) for side in ("left", "right")
        )
        for each in trees
    ]
    return {
        "roots": first,
        "feature": np.where(leaf, -2, nodes["feature_idx"]).astype(np.int32),
        "threshold": nodes["num_threshold"].astype(np.float64),
        **_children(sides, first),
        "value": nodes["value"].astype(np.float64)[:, None],
        "baseline": np.asarray(model._baseline_prediction, dtype=np.float64).ravel(),
    }


def _children(sides: list[tuple[Any, ...]], first: npt.NDArray[np.int64]) -> Arrays:
    """Child node of each node in the joined table; leaves point at themselves."""
    own = np.arange(int(first[-1]) + len(sides[-1][0]), dtype=np.int32)
    joined = {}
    for name, side in (("left", 0), ("right", 1)):
        at = np.concatenate(
            [
                np.where(each[side] < 0, -1, each[side] + start)
                for each, start in zip(sides, first, strict=True)
            ]
        )
        joined[name] = np.where(at < 0, own, at).astype(np.int32)
    return joined


def _of_support_vectors(model: Any) -> Arrays:
    return {
        "support_vectors": model.support_vectors_,
        "dual": model.dual_coef_,
        "offset": model.intercept_,
        "of_class": np.asarray(model.n_support_, dtype=np.int64),
        "sharpness": np.array([model._gamma]),
    }


def _of_logistic(model: Any) -> Arrays:
    coefficients, intercept = model.coef_.T, model.intercept_
    if coefficients.shape[1] == 1:  # two classes share one score
        coefficients = np.concatenate([-coefficients, coefficients], axis=1) / 2
        intercept = np.concatenate([-intercept, intercept]) / 2
    return {"coefficients": coefficients, "intercept": intercept}


def _of_ridge(model: Any) -> Arrays:
    return {"coefficients": model.coefficients, "intercept": model.intercept}


def _leaves(arrays: Arrays, used: FloatArray) -> npt.NDArray[np.int32]:
    """Leaf that each row reaches in each tree, shape (n, trees)."""
    feature, threshold = arrays["feature"], arrays["threshold"]
    left, right = arrays["left"], arrays["right"]
    at = np.tile(arrays["roots"].astype(np.int32), (len(used), 1))
    rows = np.arange(len(used))[:, None]
    while True:
        below = used[rows, np.maximum(feature[at], 0)] <= threshold[at]
        deeper = np.where(below, left[at], right[at])
        if np.array_equal(deeper, at):
            return at
        at = deeper


def _forest(arrays: Arrays, used: FloatArray) -> FloatArray:
    single = used.astype(np.float32).astype(np.float64)  # as the trees were grown
    parts = [
        arrays["value"][_leaves(arrays, single[start : start + ROWS])].mean(axis=1)
        for start in range(0, len(single), ROWS)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, arrays["value"].shape[1]))


def _boosted(arrays: Arrays, used: FloatArray) -> FloatArray:
    values = arrays["value"][:, 0][_leaves(arrays, used)]
    scores = len(arrays["baseline"])
    raw = values.reshape(len(used), -1, scores).sum(axis=1) + arrays["baseline"]
    return _softmax(raw if scores > 1 else np.concatenate([-raw, raw], axis=1) / 2)


def _support_vectors(arrays: Arrays, used: FloatArray) -> FloatArray:
    """One score per class from the votes and margins of all pairs (as libsvm and scikit-learn)."""
    vectors = arrays["support_vectors"]
    squared = (used**2).sum(1)[:, None] - 2 * used @ vectors.T + (vectors**2).sum(1)
    kernel = np.exp(-arrays["sharpness"][0] * np.maximum(squared, 0))
    borders = np.concatenate([[0], np.cumsum(arrays["of_class"])])
    classes = len(arrays["of_class"])
    dual, offset = arrays["dual"], arrays["offset"]
    if classes == 2:
        score = kernel @ dual[0] + offset[0]
        return np.stack([-score, score], axis=1)
    votes, margins = np.zeros((2, len(used), classes))
    for number, (a, b) in enumerate(combinations(range(classes), 2)):
        of_a, of_b = slice(borders[a], borders[a + 1]), slice(borders[b], borders[b + 1])
        score = (
            kernel[:, of_a] @ dual[b - 1, of_a] + kernel[:, of_b] @ dual[a, of_b] + offset[number]
        )
        votes[:, a] += score >= 0
        votes[:, b] += score < 0
        margins[:, a] += score
        margins[:, b] -= score
    return np.asarray(votes + margins / (3 * (np.abs(margins) + 1)))


def _softmax(scores: FloatArray) -> FloatArray:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
