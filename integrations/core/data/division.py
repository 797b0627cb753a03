"""The working state of a split: each window's part, and the moves that strategies are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.windows import IntArray, WindowIndex, class_indices, group_indices

TRAIN, VALIDATION, TEST, UNUSED = 0, 1, 2, 3
BoolArray = npt.NDArray[np.bool_]


@dataclass
class Division:
    """Which part each window belongs to, while a strategy is dividing them.

    Attributes:
        part: TRAIN, VALIDATION, TEST or UNUSED (a gap in time) per window, shape (n,).
        klass: Class index per window, shape (n,).
        group: Group number per window, shape (n,).
        notes: Sentences about every compromise that had to be made.
        cut_in_time: Class indices whose recordings were cut in time into test and the rest.
    """

    info: DatasetInfo
    index: WindowIndex
    rng: np.random.Generator
    part: npt.NDArray[np.int8] = field(init=False)
    klass: IntArray = field(init=False)
    group: IntArray = field(init=False)
    notes: list[str] = field(default_factory=list)
    cut_in_time: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.part = np.zeros(len(self.index), dtype=np.int8)
        self.klass = class_indices(self.info)[self.index.recording]
        self.group = group_indices(self.info)[self.index.recording]

    def of_recordings(self, chosen: BoolArray) -> BoolArray:
        """Mark the windows of the chosen recordings."""
        return np.asarray(chosen[self.index.recording])

    def names(self, classes: set[int]) -> str:
        """Class names as a text for people, at most five of them."""
        shown = [f"“{self.info.classes[i]}”" for i in sorted(classes)]
        rest = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
        return ", ".join(shown[:5]) + rest


def groups_by_class(
    division: Division, among: BoolArray, units: IntArray | None = None
) -> dict[int, list[int]]:
    """Groups (or other units) that hold windows of each class, over the marked windows."""
    of_window = division.group if units is None else units
    pairs = np.unique(np.stack([division.klass[among], of_window[among]]), axis=1)
    found: dict[int, list[int]] = {}
    for klass, unit in pairs.T.tolist():
        found.setdefault(klass, []).append(unit)
    return found


def pick_groups(
    division: Division,
    among: BoolArray,
    fraction: float,
    keep: int,
    units: IntArray | None = None,
) -> BoolArray:
    """Choose whole groups holding about ``fraction`` of every class's groups.

    Classes with the fewest groups choose first. No class is left with fewer than ``keep`` groups;
    a class that cannot afford it gives none.

    Args:
        division: What is being divided.
        among: Mask over windows to choose from.
        fraction: Share of each class's groups.
        keep: Groups that must remain with every class.
        units: Number per window that stands in for its group, e.g. its recording.

    Returns:
        Mask over windows: those of the chosen groups, within ``among``.
    """
    of_window = division.group if units is None else units
    members = groups_by_class(division, among, of_window)
    classes_of: dict[int, list[int]] = {}
    for klass, groups in members.items():
        for group in groups:
            classes_of.setdefault(group, []).append(klass)
    left = {klass: len(groups) for klass, groups in members.items()}
    picked: set[int] = set()
    for klass in sorted(members, key=lambda k: (len(members[k]), k)):
        wanted = max(1, round(fraction * len(members[klass])))
        for group in division.rng.permutation(members[klass]).tolist():
            if len(members[klass]) - left[klass] >= wanted:
                break
            if group not in picked and all(left[k] > keep for k in classes_of[group]):
                picked.add(group)
                for k in classes_of[group]:
                    left[k] -= 1
    return np.asarray(among & np.isin(of_window, sorted(picked)))


def hold_back_validation(division: Division, fraction: float) -> None:
    """Move part of the training windows to validation, in the way the test part was made.

    Whole groups where a class has three. Where it has fewer, or where the test part itself
    shares groups with the rest, whole recordings, or else the end of each recording; that never
    touches the test part and is noted.
    """
    train = division.part == TRAIN
    test_groups = np.unique(division.group[division.part == TEST])
    poor = set(np.unique(division.klass[train]).tolist())
    if not np.isin(division.group[train & ~_cut(division)], test_groups).any():
        division.part[pick_groups(division, train, fraction, keep=2)] = VALIDATION
    else:
        chosen = pick_groups(division, train, fraction, keep=2, units=division.index.recording)
        division.part[chosen] = VALIDATION
        division.notes.append(
            "The test part shares groups with the training part, so whole recordings rather than "
            "groups validate as well."
        )
    poor -= set(np.unique(division.klass[division.part == VALIDATION]).tolist())
    for klass in sorted(poor):
        _validate_inside_groups(division, klass, fraction)
    if poor:
        division.notes.append(
            f"Too few groups to validate by group: {division.names(poor)}. Other recordings or "
            "later pieces of the training groups validate instead, so the validation figures are "
            "optimistic; the test part is not touched by this."
        )


def _cut(division: Division) -> BoolArray:
    return np.isin(division.klass, sorted(division.cut_in_time))


def _validate_inside_groups(division: Division, klass: int, fraction: float) -> None:
    mine = (division.part == TRAIN) & (division.klass == klass)
    for group in np.unique(division.group[mine]).tolist():
        inside = mine & (division.group == group)
        recordings = np.unique(division.index.recording[inside])
        if len(recordings) > 1:
            count = int(np.clip(round(fraction * len(recordings)), 1, len(recordings) - 1))
            chosen = division.rng.permutation(recordings)[:count]
            division.part[inside & np.isin(division.index.recording, chosen)] = VALIDATION
        else:
            cut_in_time(division, inside, validation=fraction, test=0.0)


def cut_in_time(division: Division, mine: BoolArray, *, validation: float, test: float) -> None:
    """Cut each marked recording in time into training, validation and test, with gaps.

    Windows that touch samples of a later part become UNUSED. A recording with too few windows
    for a part keeps them in the earlier one.
    """
    for recording in np.unique(division.index.recording[mine]).tolist():
        rows = np.flatnonzero(mine & (division.index.recording == recording))
        _end_of(division, rows, round(len(rows) * test), TEST)
        left = rows[division.part[rows] == TRAIN]
        _end_of(division, left, round(len(left) * validation), VALIDATION)


def _end_of(division: Division, rows: IntArray, count: int, part: int) -> None:
    if count == 0 or len(rows) == 0:
        return
    starts = division.index.start[rows]
    border = starts[-count]
    touching = (starts < border) & (starts + division.index.window_samples >= border)
    division.part[rows[-count:]] = part
    division.part[rows[touching]] = UNUSED
