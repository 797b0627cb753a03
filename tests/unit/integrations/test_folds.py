"""Cross-validation folds keep groups whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from integrations.core.config import DataConfig
from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.data.folds import group_folds
from integrations.core.data.windows import group_indices, windows_of
from integrations.core.testing import toy_signals


def test_folds_keep_groups_whole_and_use_every_fold(tmp_path: Path) -> None:
    info = toy_signals(tmp_path).info
    index = windows_of(info, DataConfig(window_samples=64))
    fold = group_folds(info, index, 4, seed=0)
    group = group_indices(info)[index.recording]
    assert set(fold.tolist()) == {0, 1, 2, 3}
    assert all(len(np.unique(fold[group == g])) == 1 for g in np.unique(group))


def test_no_more_folds_than_the_poorest_class_has_groups(tmp_path: Path) -> None:
    info = toy_signals(tmp_path, groups=3).info
    fold = group_folds(info, windows_of(info, DataConfig(window_samples=64)), 10, seed=0)
    assert fold.max() == 2


@pytest.mark.parametrize("seed", [0, 1])
def test_a_class_of_one_group_is_cut_in_time(seed: int) -> None:
    recordings = tuple(
        Recording(f"{label}{i}", label, f"{label}{i}", 200)
        for label, n in (("a", 4), ("b", 1))
        for i in range(n)
    )
    info = DatasetInfo("made", "signal", ("x",), recordings)
    index = windows_of(info, DataConfig(window_samples=20))
    fold = group_folds(info, index, 4, seed)
    assert (np.diff(fold[index.recording == 4]) >= 0).all()
    assert set(fold[index.recording == 4].tolist()) == {0, 1, 2, 3}
