"""One-vs-rest ROC and precision-recall curves, exact in area and thinned for drawing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from integrations.core.evaluation.evaluation import Curve

MAX_POINTS = 200
FloatArray = npt.NDArray[np.float64]


def roc_curve(name: str, is_class: npt.NDArray[np.bool_], score: FloatArray) -> Curve:
    """True over false positive rate; no area when either side has no test windows."""
    hits, misses = _cumulated(is_class, score)
    if hits[-1] == 0 or misses[-1] == 0:
        return Curve(class_name=name, x=(), y=(), area=None)
    x, y = misses / misses[-1], hits / hits[-1]
    return _curve(name, x, y, float(np.trapezoid(y, x)))


def pr_curve(name: str, is_class: npt.NDArray[np.bool_], score: FloatArray) -> Curve:
    """Precision over recall; the area is average precision (no interpolation)."""
    hits, misses = _cumulated(is_class, score)
    if hits[-1] == 0:
        return Curve(class_name=name, x=(), y=(), area=None)
    recall = hits / hits[-1]
    precision = hits[1:] / (hits[1:] + misses[1:])
    area = float((np.diff(recall) * precision).sum())
    return _curve(name, recall, np.concatenate([precision[:1], precision]), area)


def _cumulated(is_class: npt.NDArray[np.bool_], score: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Hits and false alarms as the threshold falls, one entry per distinct score, from (0, 0)."""
    if len(score) == 0:
        return np.zeros(1), np.zeros(1)
    order = np.argsort(-score, kind="stable")
    last_of_score = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    hits = np.cumsum(is_class[order], dtype=np.float64)[last_of_score]
    misses = last_of_score + 1 - hits
    return np.append(0.0, hits), np.append(0.0, misses)


def _curve(name: str, x: FloatArray, y: FloatArray, area: float) -> Curve:
    kept = _corners(x, y)
    if len(kept) > MAX_POINTS:
        kept = kept[np.linspace(0, len(kept) - 1, MAX_POINTS).round().astype(int)]
    xs, ys = (tuple(np.round(v[kept], 5).tolist()) for v in (x, y))
    return Curve(class_name=name, x=xs, y=ys, area=area)


def _corners(x: FloatArray, y: FloatArray) -> npt.NDArray[np.intp]:
    """Points where the direction changes; those between lie on a straight line anyway."""
    turn = np.diff(x)[:-1] * np.diff(y)[1:] != np.diff(x)[1:] * np.diff(y)[:-1]
    return np.flatnonzero(np.concatenate([[True], turn, [True]]))
