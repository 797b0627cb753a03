"""The address of a comparison, and what follows from the runs alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from dash_app.pages.compare.state import asked_of, default_couple, largest_comparable
from storage.entities import ExperimentEntity, Status
from storage.models import utc_now


def run(number: int, accuracy: float | None, split: str = "s") -> ExperimentEntity:
    entity = ExperimentEntity(
        number, "t", "local", f"run {number}", "cnn1d", "", 1, "data", "f", {}, Status.COMPLETED,
        "", 5, 0, 0, 0, 0, 1.0, "by group", split, False, accuracy, accuracy, {}, 0, 0.0, 1.0, "",
        "", "", [], None, utc_now(), None, None,
    )  # fmt: skip
    return replace(entity)


def test_the_address_gives_back_its_whole_state() -> None:
    query = "ids=3,1,2,3&delta=0.02&a=1&b=2&metric=val_loss&x=time&smooth=0.6&settings=all"
    asked = asked_of(dict(parse_qsl(f"{query}&field=load")))
    assert asked.ids == (3, 1, 2)
    assert (asked.delta, asked.first, asked.second) == (0.02, 1, 2)
    assert (asked.metric, asked.over, asked.smoothing) == ("val_loss", "time", 0.6)
    assert asked.all_settings
    assert asked.field == "load"


@pytest.mark.parametrize(
    "query",
    [
        {"ids": "x,,-1,1e3,²,999999999999999999999", "delta": "nan", "a": "no", "smooth": "inf"},
        {"ids": ["1", "2"], "delta": ["1"], "metric": None, "x": 5},
        {"ids": "", "delta": "", "smooth": ""},
    ],
)
def test_an_address_that_makes_no_sense_gives_the_empty_page(query: dict[str, Any]) -> None:
    asked = asked_of(query)
    assert asked.ids == ()
    assert asked.delta == 0.01
    assert asked.smoothing == 0.0


def test_more_than_ten_runs_and_absurd_margins_are_cut() -> None:
    asked = asked_of({"ids": ",".join(map(str, range(1, 14))), "delta": "5", "smooth": "7"})
    assert len(asked.ids) == 10
    assert asked.too_many == 3
    assert asked.delta == 0.2
    assert asked.smoothing == 0.95


def test_the_best_two_on_one_split_are_looked_at_first() -> None:
    runs = [run(1, 0.9), run(2, 0.99), run(3, 0.95, "other"), run(4, None), run(5, 0.92)]
    assert default_couple(runs, None, None) == (2, 5)
    assert default_couple(runs, 1, 3) == (1, 3)
    assert default_couple(runs, 1, 4) == (2, 5)
    assert default_couple(runs[:1], None, None) == (1, None)


def test_the_largest_set_on_one_split_is_offered_only_where_it_leaves_something_out() -> None:
    runs = [run(1, 0.9), run(2, 0.9), run(3, 0.9, "other")]
    assert largest_comparable(runs) == [1, 2]
    assert largest_comparable(runs[:2]) == []
    assert largest_comparable([runs[0], runs[2]]) == []
