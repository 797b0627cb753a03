"""Divides training windows into cross-validation folds by group."""

from __future__ import annotations

import numpy as np

from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.windows import IntArray, WindowIndex, class_indices, group_indices


def group_folds(info: DatasetInfo, index: WindowIndex, folds: int, seed: int) -> IntArray:
    """Give each window a fold number, keeping groups whole wherever a class has two or more.

    No more folds are made than the poorest class with several groups has groups. The windows of
    a class with a single group are dealt out as contiguous blocks in time.

    Args:
        info: The data set.
        index: Training windows, ordered by recording and start.
        folds: Wanted number of folds, at least 2.
        seed: Fixes which groups share a fold.

    Returns:
        Fold numbers from 0, shape (len(index),).
    """
    rng = np.random.default_rng([seed, 0xF01D])
    klass = class_indices(info)[index.recording]
    group = group_indices(info)[index.recording]
    groups_of = {k: np.unique(group[klass == k]) for k in np.unique(klass).tolist()}
    several = [len(groups) for groups in groups_of.values() if len(groups) > 1]
    folds = max(2, min([folds, *several]))
    fold_of_group = _deal_groups(groups_of, folds, rng)
    fold = np.array([fold_of_group[g] for g in group.tolist()], dtype=np.int64)
    for k, groups in groups_of.items():
        if len(groups) == 1:
            rows = np.flatnonzero(klass == k)
            fold[rows] = np.arange(len(rows)) * folds // len(rows)
    return fold


def _deal_groups(
    groups_of: dict[int, IntArray], folds: int, rng: np.random.Generator
) -> dict[int, int]:
    """Deal each class's groups out evenly, the poorest class first; a group is dealt once."""
    dealt: dict[int, int] = {}
    for k in sorted(groups_of, key=lambda k: (len(groups_of[k]), k)):
        held = np.bincount([dealt[g] for g in groups_of[k].tolist() if g in dealt], minlength=folds)
        for g in rng.permutation(groups_of[k]).tolist():
            if g not in dealt:
                dealt[g] = int(np.argmin(held))
                held[dealt[g]] += 1
    return dealt
