"""Leaves part of the training groups out, for learning curves; validation and test stay whole."""

from __future__ import annotations

import numpy as np

from integrations.core.data.division import TRAIN, UNUSED, Division
from integrations.core.data.windows import IntArray

ENOUGH_UNITS = 4
"""With fewer groups of a class, its recordings are dealt out; with fewer of those, its time."""


def keep_share(division: Division, share: float, seed: int) -> None:
    """Mark the training windows outside a share of each class's groups as UNUSED.

    The subsets are nested: what a share keeps, every larger share with the same seed keeps too.
    A class with too few groups gives whole recordings, one with too few of those the beginning of
    each recording; that is noted.

    Args:
        division: Divided already into training, validation and test.
        share: Of each class's training groups, above 0; 1 keeps all.
        seed: Fixes the order in which groups are taken.
    """
    if share >= 1.0:
        return
    rng = np.random.default_rng([seed, 0x5A4E])
    train = division.part == TRAIN
    poor: set[int] = set()
    for klass in np.unique(division.klass[train]).tolist():
        rows = np.flatnonzero(train & (division.klass == klass))
        group, recording = division.group[rows], division.index.recording[rows]
        units = group if len(np.unique(group)) >= ENOUGH_UNITS else recording
        if units is not group:
            poor.add(klass)
        order = rng.permutation(np.unique(units))
        if len(order) >= ENOUGH_UNITS:
            kept = np.isin(units, order[: _count(share, len(order))])
        else:
            kept = _beginnings(recording, share)
        division.part[rows[~kept]] = UNUSED
    if poor:
        division.notes.append(
            f"Too few groups to learn from a share of them: {division.names(poor)}. Whole "
            "recordings, or the beginning of each, are kept instead."
        )


def _count(share: float, units: int) -> int:
    return max(1, round(share * units))


def _beginnings(recording: IntArray, share: float) -> np.ndarray:
    """Mark the first share of each recording's windows; they come ordered by start."""
    kept = np.zeros(len(recording), dtype=bool)
    for number in np.unique(recording).tolist():
        mine = np.flatnonzero(recording == number)
        kept[mine[: _count(share, len(mine))]] = True
    return kept
