"""Finds recordings whose label may be wrong, by confident learning on cross-validated confidence.

Northcutt, Jiang & Chuang 2021, "Confident learning: estimating uncertainty in dataset labels",
JAIR 70. The confidence comes from a logistic regression on standard signal features, which no
label was used to make, and for each recording from folds that hold none of its group.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.data.dataset import Dataset, DatasetInfo
from integrations.core.data.folds import group_folds
from integrations.core.data.windows import IntArray, WindowIndex, class_indices, group_indices
from integrations.core.failures.logistic import fit_logistic
from integrations.core.signal.features import compute_features

MOST_WINDOWS = 4000
FOLDS = 5
STRENGTH = 0.1
"""Inverse regularisation: features are many and groups are few."""
ENOUGH_ACCURACY = 0.7
"""Models that recognise a smaller share of recordings would suspect most labels."""


@dataclass(frozen=True)
class LabelSuspect:
    """A recording that looks like another class than its label says.

    Attributes:
        recording: Index in the data set.
        label: Class index of its label.
        likely: Class index it looks like.
        own: Cross-validated probability of the label, mean over its windows.
        other: That of the likely class.
        usual: Mean probability that recordings of the likely class get for it: the threshold.
    """

    recording: int
    label: int
    likely: int
    own: float
    other: float
    usual: float

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class LabelCheck:
    """What looking for wrong labels gave.

    Attributes:
        suspects: Most suspect first.
        checked: Recordings whose label could be checked.
        accuracy: Share of them that cross-validation recognised; NaN when none.
        unchecked: Class indices with too few groups to hold one out.
    """

    suspects: tuple[LabelSuspect, ...]
    checked: int
    accuracy: float
    unchecked: tuple[int, ...] = ()

    @property
    def reliable(self) -> bool:
        """False when the models are too weak to doubt a label; there are no suspects then."""
        return bool(self.accuracy >= ENOUGH_ACCURACY)


def check_labels(data: Dataset, index: WindowIndex, seed: int = 0) -> LabelCheck:
    """Look for wrong labels among the recordings that windows lie in.

    Args:
        data: The data set.
        index: Windows of all parts, ordered by recording and start.
        seed: Of the folds.
    """
    info = data.info
    unchecked = _classes_of_one_group(info)
    some = spread(index, MOST_WINDOWS)
    klass = class_indices(info)[some.recording]
    known = ~np.isin(klass, unchecked)
    some, klass = some.take(known), klass[known]
    if len(np.unique(klass)) < 2:
        return LabelCheck((), 0, float("nan"), unchecked)
    probability = _held_out(data, some, klass, seed)
    recordings, first, number = np.unique(some.recording, return_index=True, return_inverse=True)
    mean = np.zeros((len(recordings), probability.shape[1]))
    np.add.at(mean, number, probability)
    mean /= np.bincount(number)[:, None]
    label = klass[first]
    accuracy = float((mean.argmax(axis=1) == label).mean())
    found = confident_mistakes(recordings, label, mean) if accuracy >= ENOUGH_ACCURACY else ()
    return LabelCheck(found, len(recordings), accuracy, unchecked)


def confident_mistakes(
    recordings: IntArray, label: IntArray, probability: npt.NDArray[np.float64]
) -> tuple[LabelSuspect, ...]:
    """Give items counted off the diagonal of the confident joint, most suspect first.

    Args:
        recordings: What each item is called.
        label: Class index per item.
        probability: Out-of-sample probabilities per item, shape (n, classes).
    """
    n_classes = probability.shape[1]
    own = probability[np.arange(len(label)), label]
    threshold = np.full(n_classes, np.inf)
    for klass in np.unique(label).tolist():
        threshold[klass] = own[label == klass].mean()
    passed = np.where(probability >= threshold, probability, -np.inf)
    likely = passed.argmax(axis=1)
    wrong = np.flatnonzero(np.isfinite(passed.max(axis=1)) & (likely != label))
    found = [
        LabelSuspect(
            int(recordings[i]), int(label[i]), int(likely[i]), float(own[i]),
            float(probability[i, likely[i]]), float(threshold[likely[i]]),
        )
        for i in wrong.tolist()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda suspect: suspect.own - suspect.other))


def spread(index: WindowIndex, most: int) -> WindowIndex:
    """Take windows evenly out of each recording until there are at most so many."""
    if len(index) <= most:
        return index
    _, number, counts = np.unique(index.recording, return_inverse=True, return_counts=True)
    each = max(1, most // len(counts))
    place = np.arange(len(index)) - (np.cumsum(counts) - counts)[number]
    step = np.maximum(counts / each, 1.0)[number]
    return index.take(np.floor((place + 1) / step) > np.floor(place / step))


def _held_out(
    data: Dataset, index: WindowIndex, klass: IntArray, seed: int
) -> npt.NDArray[np.float64]:
    """Probabilities of each window by a model that saw no window of its group."""
    table = compute_features(data, index)
    fold = group_folds(data.info, index, FOLDS, seed)
    probability = np.zeros((len(index), len(data.info.classes)))
    for number in np.unique(fold).tolist():
        held, rest = fold == number, fold != number
        model = fit_logistic(table[rest], klass[rest], len(data.info.classes), STRENGTH)
        probability[held] = model.probability(table[held])
    return probability


def _classes_of_one_group(info: DatasetInfo) -> tuple[int, ...]:
    klass, group = class_indices(info), group_indices(info)
    alone = [k for k in range(len(info.classes)) if len(np.unique(group[klass == k])) < 2]
    return tuple(alone)
