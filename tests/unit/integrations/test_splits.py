"""No group stands on two sides, every window has one place, and the same seed gives the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integrations.core.config import DataConfig, SplitStrategy
from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.data.splits import Split, SplitError, preview_split, split
from integrations.core.data.windows import WindowIndex, windows_of


def info_of(recordings: list[Recording]) -> DatasetInfo:
    return DatasetInfo("made", "signal", ("x",), tuple(recordings), fingerprint="f" * 64)


def recording(
    name: str, label: str, group: str, n: int = 100, published: str | None = None, **fields: str
) -> Recording:
    return Recording(name, label, group, n, fields=dict(fields), published_split=published)


def grid(classes: int = 3, groups: int = 5, per_group: int = 2, n: int = 100) -> DatasetInfo:
    return info_of(
        [
            recording(f"{k}-{g}-{i}", f"class {k}", f"{k}-{g}", n, load=str(i), size=str(g))
            for k in range(classes)
            for g in range(groups)
            for i in range(per_group)
        ]
    )


@st.composite
def data_sets(draw: st.DrawFn) -> DatasetInfo:
    n_classes = draw(st.integers(2, 4))
    recordings = []
    for k in range(n_classes):
        for g in range(draw(st.integers(1, 6))):
            for i in range(draw(st.integers(1, 3))):
                n = draw(st.integers(20, 200))
                part = draw(st.sampled_from(["train", "test"]))
                fields = {"load": str(i)} if draw(st.booleans()) else {}
                recordings.append(
                    recording(f"{k}-{g}-{i}", f"class {k}", f"{k}-{g}", n, part, **fields)
                )
    return info_of(recordings)


configs = st.builds(
    DataConfig,
    window_samples=st.integers(4, 20),
    overlap=st.sampled_from([0.0, 0.5, 0.9]),
    split=st.sampled_from(list(SplitStrategy)),
    split_field=st.just("load"),
    test_values=st.just(["0"]),
    test_fraction=st.floats(0.05, 0.5),
    validation_fraction=st.floats(0.05, 0.5),
    seed=st.integers(0, 3),
)


def groups_of(info: DatasetInfo, index: WindowIndex) -> set[str]:
    return {info.recordings[i].group for i in np.unique(index.recording).tolist()}


def samples_of(index: WindowIndex) -> set[tuple[int, int]]:
    pairs = zip(index.recording.tolist(), index.start.tolist(), strict=True)
    return {(r, s + k) for r, s in pairs for k in range(index.window_samples)}


def windows_set(index: WindowIndex) -> set[tuple[int, int]]:
    return set(zip(index.recording.tolist(), index.start.tolist(), strict=True))


def divided(info: DatasetInfo, config: DataConfig) -> Split:
    try:
        return split(info, config)
    except SplitError:
        assume(False)
        raise


@given(data_sets(), configs)
@settings(deadline=None, max_examples=80)
def test_every_window_belongs_to_one_part_at_most(info: DatasetInfo, config: DataConfig) -> None:
    parts = divided(info, config)
    sets = [windows_set(part) for part in (parts.train, parts.validation, parts.test)]
    everything = windows_set(windows_of(info, config))
    assert sum(len(part) for part in sets) == len(set.union(*sets))
    assert set.union(*sets) <= everything
    if config.split is SplitStrategy.RANDOM_WINDOWS:
        assert set.union(*sets) == everything


@given(data_sets(), configs)
@settings(deadline=None, max_examples=80)
def test_a_group_on_both_sides_is_always_called_leaky(
    info: DatasetInfo, config: DataConfig
) -> None:
    parts = divided(info, config)
    learnt = groups_of(info, parts.train) | groups_of(info, parts.validation)
    assert parts.summary.leaky == bool(learnt & groups_of(info, parts.test))


@given(data_sets(), configs)
@settings(deadline=None, max_examples=80)
def test_group_split_keeps_groups_whole(info: DatasetInfo, config: DataConfig) -> None:
    config = config.model_copy(update={"split": SplitStrategy.GROUP})
    parts = divided(info, config)
    assert not parts.summary.leaky
    learnt = groups_of(info, parts.train) | groups_of(info, parts.validation)
    assert not learnt & groups_of(info, parts.test)
    if not parts.summary.notes:
        assert not groups_of(info, parts.train) & groups_of(info, parts.validation)


@given(data_sets(), configs)
@settings(deadline=None, max_examples=80)
def test_no_sample_is_shared_between_parts_except_at_random(
    info: DatasetInfo, config: DataConfig
) -> None:
    assume(config.split is not SplitStrategy.RANDOM_WINDOWS)
    parts = divided(info, config)
    train, validation, test = (
        samples_of(part) for part in (parts.train, parts.validation, parts.test)
    )
    assert not train & validation
    assert not (train | validation) & test


@given(data_sets(), configs)
@settings(deadline=None, max_examples=60)
def test_every_class_is_trained_on(info: DatasetInfo, config: DataConfig) -> None:
    parts = divided(info, config)
    labels = {info.recordings[i].label for i in parts.train.recording.tolist()}
    assert labels == set(info.classes)


@given(data_sets(), configs)
@settings(deadline=None, max_examples=60)
def test_same_arguments_give_the_same_digest(info: DatasetInfo, config: DataConfig) -> None:
    parts = divided(info, config)
    again = split(info, config)
    assert parts.summary == again.summary
    assert np.array_equal(parts.test.recording, again.test.recording)
    assert preview_split(info, config) == parts.summary


def test_digest_does_not_change_between_releases() -> None:
    config = DataConfig(window_samples=20)
    assert split(grid(), config).summary.digest == "5b463e3b770ab6d3"


def test_digest_depends_on_seed_window_and_data() -> None:
    config = DataConfig(window_samples=20)
    digests = {
        split(grid(), config).summary.digest,
        split(grid(), config, seed=9).summary.digest,
        split(grid(), config.model_copy(update={"window_samples": 25})).summary.digest,
        split(replace(grid(), fingerprint="0" * 64), config).summary.digest,
    }
    assert len(digests) == 4


def test_windows_cover_a_recording_with_the_asked_overlap() -> None:
    index = windows_of(grid(1, 1, 1, n=100), DataConfig(window_samples=40, overlap=0.5))
    assert index.start.tolist() == [0, 20, 40, 60]


def test_window_longer_than_the_shortest_recording_is_refused_by_name() -> None:
    info = info_of([recording("long", "a", "a", 90), recording("short", "b", "b", 30)])
    with pytest.raises(SplitError, match=r"“short” \(30 samples\)"):
        split(info, DataConfig(window_samples=40))


def test_empty_data_set_is_refused() -> None:
    with pytest.raises(SplitError, match="no recordings"):
        split(info_of([]), DataConfig())


def test_one_class_is_refused() -> None:
    with pytest.raises(SplitError, match="at least two"):
        split(grid(classes=1), DataConfig(window_samples=20))


def test_group_split_refuses_a_class_of_one_group_and_says_what_to_do() -> None:
    lone = info_of([*grid().recordings, recording("n", "normal", "n")])
    with pytest.raises(SplitError, match=r"“normal”.*split by a field"):
        split(lone, DataConfig(window_samples=20))


def test_group_split_takes_whole_groups_of_every_class() -> None:
    summary = split(grid(groups=10), DataConfig(window_samples=20)).summary
    assert (summary.train_groups, summary.validation_groups, summary.test_groups) == (18, 6, 6)
    assert summary.notes == ()
    assert not summary.leaky


def test_groups_with_several_classes_stay_whole() -> None:
    info = info_of(
        [recording(f"{p}-{k}", k, f"patient {p}") for p in range(8) for k in ("ill", "well")]
    )
    parts = split(info, DataConfig(window_samples=20))
    sides = [groups_of(info, part) for part in (parts.train, parts.validation, parts.test)]
    assert sum(len(side) for side in sides) == 8
    assert not parts.summary.leaky


def test_two_groups_train_and_test_and_validation_is_noted() -> None:
    parts = split(grid(groups=2), DataConfig(window_samples=20))
    assert not parts.summary.leaky
    assert any("validation figures are optimistic" in note for note in parts.summary.notes)


def test_published_split_is_kept_to_the_letter() -> None:
    info = info_of(
        [
            recording(f"{k}{i}", k, f"{k}{i}", published="test" if i > 5 else "train")
            for k in "ab"
            for i in range(10)
        ]
    )
    parts = split(info, DataConfig(window_samples=20, split=SplitStrategy.PUBLISHED))
    tested = {info.recordings[i].published_split for i in parts.test.recording.tolist()}
    assert tested == {"test"}
    assert parts.summary.test_recordings == 8
    assert parts.summary.name == "published split"


def test_published_split_needs_a_published_split() -> None:
    with pytest.raises(SplitError, match="Choose the split by group"):
        split(grid(), DataConfig(window_samples=20, split=SplitStrategy.PUBLISHED))


def by_field(field: str, *values: str) -> DataConfig:
    return DataConfig(
        window_samples=20, split=SplitStrategy.FIELD, split_field=field, test_values=list(values)
    )


def test_field_split_holds_back_exactly_the_chosen_values() -> None:
    info = grid()
    parts = split(info, by_field("size", "1"))
    assert {info.recordings[i].fields["size"] for i in parts.test.recording.tolist()} == {"1"}
    assert "1" not in {info.recordings[i].fields["size"] for i in parts.train.recording.tolist()}
    assert not parts.summary.leaky
    assert parts.summary.name == "by size (1 held back)"


def test_field_split_across_groups_says_that_it_leaks() -> None:
    summary = split(grid(), by_field("load", "1")).summary
    assert summary.leaky
    assert summary.name == "by load (1 held back); the same recording group on both sides"


def test_field_split_cuts_a_lone_recording_without_the_field_in_time() -> None:
    info = info_of([*grid().recordings, recording("n", "normal", "n", 1000)])
    parts = split(info, by_field("size", "1"))
    starts = {
        part: index.start[index.recording == 30]
        for part, index in (
            ("train", parts.train),
            ("validation", parts.validation),
            ("test", parts.test),
        )
    }
    assert starts["train"].max() + 20 < starts["validation"].min()
    assert starts["validation"].max() + 20 < starts["test"].min()
    assert parts.summary.leaky
    assert parts.summary.name.endswith("“normal” cut in time")


def test_field_split_names_the_values_there_are() -> None:
    with pytest.raises(SplitError, match="0, 1, 2, 3, 4"):
        split(grid(), by_field("size", "99"))


def test_field_split_refuses_to_hold_back_a_whole_class() -> None:
    info = info_of([*grid().recordings, recording("n", "normal", "n", size="7")])
    with pytest.raises(SplitError, match="“normal”"):
        split(info, by_field("size", "7"))


def test_random_windows_of_cut_recordings_are_leaky() -> None:
    config = DataConfig(window_samples=20, split=SplitStrategy.RANDOM_WINDOWS)
    assert split(grid(), config).summary.leaky


def test_large_data_sets_are_divided_quickly() -> None:
    info = grid(classes=10, groups=1000, per_group=2)
    summary = split(info, DataConfig(window_samples=20)).summary
    assert summary.test_groups == 2000
