"""Repeats and learning curves are real runs of one study, made once and whole or not at all."""

from __future__ import annotations

import pytest

from storage.entities import LEARNING_CURVE, REPEATS, ConflictError
from storage.stores.experiments import ExperimentStore
from storage.stores.studies import StudyStore
from tasks.experiments import NewRun, QueueError, RefusedError
from tasks.studies import (
    open_learning_curve,
    store_learning_curve,
    store_repeats,
)
from tests.support.finished_run import Toy, finished_run


@pytest.fixture
def run(sqlite: str) -> int:
    return finished_run(Toy(recordings_per_class=14))


def _request(run: int, **changes: object) -> NewRun:
    entity = ExperimentStore().get(run)
    given = {"name": "Again", "config": entity.config, **changes}
    return NewRun(entity.family, entity.dataset_id, **given)


def test_repeats_differ_in_their_seed_only_and_belong_to_one_study(run: int) -> None:
    made = store_repeats(_request(run), 3)
    assert made.study.kind == REPEATS
    assert [item.config["seed"] for item in made.made] == [0, 1, 2]
    assert len({str({**item.config, "seed": 0}) for item in made.made}) == 1
    assert {item.study_id for item in made.made} == {made.study.id}
    assert StudyStore().members(made.study.id) == [item.id for item in made.made]
    assert made.made[2].name == "Again · seed 2"


def test_repeats_can_vary_the_split_as_well(run: int) -> None:
    made = store_repeats(_request(run), 2, vary_split=True)
    assert [item.config["data"]["seed"] for item in made.made] == [0, 1]


def test_repeats_asked_twice_with_one_key_are_made_once(run: int) -> None:
    first, second = (store_repeats(_request(run, key="k"), 3) for _ in range(2))
    assert first.study.id == second.study.id
    assert not second.made


@pytest.mark.parametrize("count", [1, 21])
def test_a_number_of_repeats_out_of_bounds_is_refused(run: int, count: int) -> None:
    with pytest.raises(QueueError, match="2 to 20"):
        store_repeats(_request(run), count)


def test_repeats_that_cannot_run_leave_no_study_behind(run: int) -> None:
    config = ExperimentStore().get(run).config
    bad = {**config, "data": {**config["data"], "window_samples": 100_000}}
    with pytest.raises(RefusedError):
        store_repeats(_request(run, config=bad), 2)
    assert StudyStore().several([1, 2]) == {}


def test_a_learning_curve_trains_on_nested_shares_of_one_training_part(run: int) -> None:
    made = store_learning_curve(run, seeds=2)
    assert made.study.kind == LEARNING_CURVE
    assert made.study.experiment_id == run
    shares = made.study.settings["shares"]
    assert shares[-1] == 1.0
    assert made.study.settings["windows"] == sorted(set(made.study.settings["windows"]))
    # The run itself is the whole data with the first seed.
    assert len(made.made) == 2 * len(shares) - 1
    assert {item.priority for item in made.made} == {2}
    drawn = {(m.config["data"]["train_share"], m.config["data"]["train_share_seed"])
             for m in made.made}  # fmt: skip
    assert drawn == {(s, n) for s in shares for n in (0, 1)} - {(1.0, 0)}


def test_a_learning_curve_is_not_measured_twice_at_once(run: int) -> None:
    study = store_learning_curve(run, seeds=1).study
    assert open_learning_curve(run) == study
    with pytest.raises(ConflictError, match="already"):
        store_learning_curve(run)


def test_too_few_groups_give_no_learning_curve(sqlite: str) -> None:
    lone = finished_run(Toy(recordings_per_class=3), "lone")
    config = ExperimentStore().get(lone).config
    assert config["data"]["train_share"] == 1.0
    with pytest.raises(QueueError, match="too few groups"):
        store_learning_curve(lone, shares=(0.9, 0.95, 1.0))
