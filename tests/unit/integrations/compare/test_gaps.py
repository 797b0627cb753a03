"""Where two runs differ: classes, conditions, single recordings."""

from __future__ import annotations

import numpy as np
import pytest

from integrations.core.compare.contenders import Contender
from integrations.core.compare.gaps import (
    class_parts,
    confusion_change,
    field_parts,
    flipped,
    gaps,
)
from integrations.core.contract import Predictions
from integrations.core.data.dataset import DatasetInfo, Recording

CLASSES = ("good", "worn")
RECORDINGS, WINDOWS = 80, 4


def contender(number: int, said: list[int], truth: list[int]) -> Contender:
    recording = np.repeat(np.arange(RECORDINGS), WINDOWS)
    start = np.tile(np.arange(WINDOWS) * 100, RECORDINGS)
    probability = np.eye(2)[np.asarray(said)] * 0.8 + 0.1
    test = Predictions(recording, start, np.asarray(truth), probability)
    return Contender(number, f"run {number}", test, "split", "data")


@pytest.fixture
def runs() -> tuple[Contender, Contender]:
    """The second run mistakes three of four windows of half of the worn recordings."""
    truth = [int(i // WINDOWS % 2) for i in range(RECORDINGS * WINDOWS)]
    said = [0 if t and i % WINDOWS and i // WINDOWS % 4 == 1 else t for i, t in enumerate(truth)]
    return contender(1, truth, truth), contender(2, said, truth)


def test_the_class_on_which_two_runs_differ_is_clear_and_the_other_is_not(
    runs: tuple[Contender, Contender],
) -> None:
    a, b = runs
    good, worn = gaps(a, b, a.test.recording, class_parts(a, CLASSES))
    assert (good.name, worn.name) == CLASSES
    assert not good.clear
    assert good.difference.value == 0
    assert worn.clear
    assert worn.difference.value == pytest.approx(3 / 8)
    assert (worn.windows, worn.units) == (160, 40)


def test_intervals_widen_when_more_parts_are_looked_at(runs: tuple[Contender, Contender]) -> None:
    a, b = runs
    worn = [name if name == "worn" else "" for name in class_parts(a, CLASSES)]
    (alone,) = gaps(a, b, a.test.recording, worn)
    together = gaps(a, b, a.test.recording, class_parts(a, CLASSES))[1]
    assert together.difference.low < alone.difference.low


def test_the_change_of_the_confusion_is_in_shares_of_the_true_class(
    runs: tuple[Contender, Contender],
) -> None:
    change = confusion_change(*runs, 2)
    assert change.tolist() == [[0, 0], [pytest.approx(-3 / 8), pytest.approx(3 / 8)]]
    assert np.allclose(change.sum(axis=1), 0)


def test_flipped_recordings_open_at_the_first_window_that_differs(
    runs: tuple[Contender, Contender],
) -> None:
    found = flipped(*runs)
    assert len(found) == 20
    first = found[0]
    assert (first.recording, first.start, first.truth) == (1, 100, 1)
    assert (first.only_a, first.only_b, first.windows) == (3, 0, 4)
    assert (first.said_a, first.said_b) == (1, 0)


def test_fields_of_many_numbers_are_cut_into_bands_and_names_of_many_values_left_out() -> None:
    recordings = tuple(
        Recording(f"r{i}", "good", f"g{i}", 10,
                  fields={"rpm": 1000.0 + i, "load": str(i % 3), "serial": f"s{i}", "site": "a"})
        for i in range(RECORDINGS)
    )  # fmt: skip
    parts = field_parts(DatasetInfo("d", "signal", ("x",), recordings), np.arange(RECORDINGS))
    assert sorted(parts) == ["load", "rpm"]
    assert len(set(parts["rpm"])) == 4
    assert [parts["rpm"].count(band) for band in dict.fromkeys(parts["rpm"])] == [20] * 4
    assert set(parts["load"]) == {"0", "1", "2"}
