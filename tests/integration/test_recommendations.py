"""What follows from a run's numbers is gathered from its files, its rivals and its studies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.entities import LEARNING_CURVE, REPEATS
from storage.stores.dismissals import DismissalStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.notifications import NotificationStore
from storage.stores.runs import RunStore
from storage.stores.studies import StudyStore
from tasks.recommendations import facts_of, recommendations_of
from tasks.study_results import spreads
from tests.support.compared_runs import Bearing, Run, seeded_run, toy_dataset


@pytest.fixture
def dataset(sqlite: str) -> int:
    return toy_dataset(Bearing())


def _entity(number: int):
    return ExperimentStore().get(number)


def _codes(number: int) -> set[str]:
    return {found.code for found in recommendations_of(_entity(number))}


def test_a_run_is_held_against_the_others_on_its_split_only(dataset: int) -> None:
    mine = seeded_run(dataset, Run("Mine", 0.7))
    good = seeded_run(dataset, Run("Good", 0.95, seed=1))
    seeded_run(dataset, Run("Elsewhere", 0.99, seed=2, split_seed=5))
    facts = facts_of(_entity(mine))
    assert [rival.id for rival in facts.rivals] == [good]
    assert facts.same_split == 2
    assert not facts.is_best
    assert facts.rivals[0].difference.high < 0
    assert "better-rival" in _codes(mine)
    assert "better-rival" not in _codes(good)


def test_partners_are_measured_on_validation_windows(dataset: int) -> None:
    mine, other = (seeded_run(dataset, Run(f"Run {i}", 0.8, seed=i)) for i in range(2))
    rival = facts_of(_entity(mine)).rivals[0]
    assert rival.id == other
    assert -1 <= rival.error_correlation < 1
    assert rival.gain is not None
    assert rival.gain.low <= rival.gain.value <= rival.gain.high


def test_repeats_give_mean_and_best_and_are_no_rivals_of_each_other(dataset: int) -> None:
    study = StudyStore().create("Five", REPEATS, {"seeds": [0, 1, 2, 3, 4]})
    runs = [seeded_run(dataset, Run("r", 0.85, seed=i, study_id=study.id)) for i in range(5)]
    found = spreads([study.id, None])[study.id]
    assert found.n == 5
    assert found.macro_f1 is not None
    assert found.macro_f1.low < found.macro_f1.value < found.macro_f1.high
    best = max(runs, key=lambda number: _entity(number).macro_f1)
    assert found.best_id == best
    facts = facts_of(_entity(runs[0]))
    assert facts.repeats is not None
    assert len(facts.repeats.scores) == 5
    assert facts.rivals == ()
    assert ExperimentStore().best_rival(_entity(runs[0])) is None


def test_a_learning_curve_is_put_together_from_its_runs(dataset: int) -> None:
    base = seeded_run(dataset, Run("Base", 0.9))
    study = StudyStore().create("Curve", LEARNING_CURVE, {"shares": [0.2, 0.5, 1.0]}, base)
    for i, (share, accuracy) in enumerate([(0.2, 0.6), (0.5, 0.75), (0.2, 0.62), (0.5, 0.77)]):
        seeded_run(
            dataset,
            replace(Run("p", accuracy, seed=i, study_id=study.id), train_share=share),
        )
    curve = facts_of(_entity(base)).curve
    assert curve is not None
    assert [point.share for point in curve.points] == [0.2, 0.5, 1.0]
    assert [len(point.scores) for point in curve.points] == [2, 2, 1]
    amounts = [point.amount for point in curve.points]
    assert amounts == sorted(set(amounts))
    assert curve.gain is not None
    assert curve.gain.value > 0
    # Points of a curve are no rivals: they learnt from less.
    assert ExperimentStore().best_rival(_entity(base)) is None
    assert facts_of(_entity(base)).same_split == 1


def test_a_finding_put_aside_stays_aside_until_it_is_brought_back(dataset: int) -> None:
    mine = seeded_run(dataset, Run("Mine", 0.7))
    seeded_run(dataset, Run("Good", 0.95, seed=1))
    store = DismissalStore()
    for _ in range(2):
        store.put_aside(mine, "better-rival")
    assert "better-rival" not in _codes(mine)
    everything = recommendations_of(_entity(mine), dismissed=True)
    assert "better-rival" in {found.code for found in everything}
    store.bring_back(mine)
    assert "better-rival" in _codes(mine)


def test_the_end_of_a_study_is_told_once(dataset: int) -> None:
    study = StudyStore().create("Three", REPEATS, {"seeds": [0, 1, 2]})
    waiting = [
        ExperimentStore().create(
            NewExperiment(f"w{i}", "cnn1d", dataset, {}, study_id=study.id, priority=0)
        )
        for i in range(2)
    ]
    # Claimed first for its priority, while its siblings wait.
    seeded_run(dataset, Run("r", 0.9, study_id=study.id))
    assert [line.title for line in NotificationStore().page()] == []
    for one in waiting:
        RunStore().order(one.id, "cancel")
    seeded_run(dataset, Run("last", 0.9, seed=1, study_id=study.id))
    assert [line.title for line in NotificationStore().page()] == ["All runs of “Three” have ended"]
