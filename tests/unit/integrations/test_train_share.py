"""A training share leaves groups of the training part out and touches nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.core.config import DataConfig, SplitStrategy
from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.data.splits import Split, split
from integrations.core.data.windows import WindowIndex, class_indices


def info_of(groups: int, per_group: int = 2, classes: int = 3, n: int = 100) -> DatasetInfo:
    recordings = tuple(
        Recording(f"{k}-{g}-{i}", f"class {k}", f"{k}-{g}", n)
        for k in range(classes)
        for g in range(groups)
        for i in range(per_group)
    )
    return DatasetInfo("made", "signal", ("x",), recordings, fingerprint="f" * 64)


def windows(index: WindowIndex) -> set[tuple[int, int]]:
    return set(zip(index.recording.tolist(), index.start.tolist(), strict=True))


def divided(info: DatasetInfo, share: float, seed: int = 0, **data: object) -> Split:
    config = {"window_samples": 10, "overlap": 0.5, "train_share": share, "train_share_seed": seed}
    return split(info, DataConfig.model_validate(config | data))


@settings(max_examples=30, deadline=None)
@given(
    groups=st.integers(2, 12),
    shares=st.tuples(st.floats(0.05, 1.0), st.floats(0.05, 1.0)),
    seed=st.integers(0, 3),
    strategy=st.sampled_from([SplitStrategy.GROUP, SplitStrategy.RANDOM_WINDOWS]),
)
def test_shares_are_nested_and_leave_validation_test_and_digest_alone(
    groups: int, shares: tuple[float, float], seed: int, strategy: SplitStrategy
) -> None:
    info = info_of(groups)
    small, large = (divided(info, s, seed, split=strategy) for s in sorted(shares))
    whole = divided(info, 1.0, split=strategy)
    assert windows(small.train) <= windows(large.train) <= windows(whole.train)
    for part in (small, large):
        assert windows(part.validation) == windows(whole.validation)
        assert windows(part.test) == windows(whole.test)
        assert part.summary.digest == whole.summary.digest
        assert set(class_indices(info)[part.train.recording]) == {0, 1, 2}


def test_a_share_keeps_whole_groups_of_every_class() -> None:
    info = info_of(groups=12)
    half, whole = divided(info, 0.5), divided(info, 1.0)
    kept = {info.recordings[i].group for i in np.unique(half.train.recording).tolist()}
    there = {info.recordings[i].group for i in np.unique(whole.train.recording).tolist()}
    assert len(kept) == len(there) // 2
    assert windows(half.train) == {
        (r, s) for r, s in windows(whole.train) if info.recordings[r].group in kept
    }
    assert half.summary.train_groups == len(kept)


def test_another_subset_seed_keeps_other_groups() -> None:
    info = info_of(groups=12)
    assert windows(divided(info, 0.3, 0).train) != windows(divided(info, 0.3, 1).train)


@pytest.mark.parametrize("per_group", [1, 5])
def test_few_groups_give_recordings_or_their_beginnings_and_say_so(per_group: int) -> None:
    info = info_of(groups=3, per_group=per_group)
    half, whole = divided(info, 0.5), divided(info, 1.0)
    assert 0 < len(half.train) < len(whole.train)
    assert any("share" in note for note in half.summary.notes)
