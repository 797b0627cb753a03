"""Comparing finished runs: read from the stores, judged, and given over REST."""

from __future__ import annotations

import csv
import io

import httpx
import pytest

from integrations.core.evaluation.store import ResultError
from storage.stores.experiments import ExperimentStore
from storage.stores.studies import StudyStore
from tasks.comparison import chosen_epoch_values, compare_runs, couple, course_of, metrics_of
from tasks.comparison_groups import (
    model_names,
    pairs_of_repeats,
    ranking_of,
    repeats_of,
    table_over_data_sets,
)
from tests.support.compared_runs import Bearing, Run, seeded_run, toy_dataset
from tests.support.web import serving


@pytest.fixture
def data(sqlite: str) -> int:
    return toy_dataset(Bearing())


def test_the_clearly_better_of_two_runs_wins_and_equal_ones_stay_open(data: int) -> None:
    good, bad, like = (
        seeded_run(data, Run(name, accuracy, luck=k))
        for k, (name, accuracy) in enumerate((("good", 0.98), ("bad", 0.8), ("like", 0.975)))
    )
    told = compare_runs([bad, good]).judgement
    assert told is not None
    assert (told.kind, told.winner_id) == ("better", good)
    (pair,) = told.pairs
    assert pair.from_side(good).accuracy.low > 0
    undecided = compare_runs([good, like]).judgement
    assert undecided is not None
    assert undecided.kind != "better"
    assert compare_runs([good, like], delta=0.2).judgement != undecided
    assert compare_runs([good, good]).judgement is None


def test_other_splits_are_refused_and_say_so_while_the_rest_is_shown(data: int) -> None:
    here = seeded_run(data, Run("here", 0.9))
    there = seeded_run(data, Run("there", 0.9, split_seed=5))
    comparison = compare_runs([here, there, 99])
    assert comparison.missing == (99,)
    assert comparison.judgement is not None
    assert comparison.judgement.kind == "refused"
    assert "splits differ" in comparison.judgement.sentence
    with pytest.raises(ResultError, match="splits differ"):
        couple(comparison, here, there)
    with pytest.raises(ResultError, match="not part"):
        couple(comparison, here, 99)


def test_every_metric_is_given_at_the_chosen_epoch_with_its_course(data: int) -> None:
    run = seeded_run(data, Run("one", 0.9, epochs=30))
    values = chosen_epoch_values(compare_runs([run]).runs)
    row = ExperimentStore().epochs(run)[-1].values
    assert values["val_loss"] == (pytest.approx(row["val_loss"]),)
    assert metrics_of([run])[0] == "val_accuracy"
    course = course_of(run, "val_loss")
    assert course is not None
    assert len(course.epochs) == 30
    assert course.seconds[-1] == pytest.approx(15.0)
    thin = course_of(run, "val_loss", max_points=10)
    assert thin is not None
    assert len(thin.epochs) <= 10
    assert thin.values.min() == course.values.min()
    assert course_of(run, "nonesuch") is None


def test_repeats_are_compared_as_groups_over_the_same_seeds(data: int) -> None:
    studies = [StudyStore().create(name, "repeats", {}) for name in ("first", "second")]
    runs = [
        seeded_run(data, Run(f"{study.name} {k}", accuracy, seed=k, luck=place, study_id=study.id))
        for place, (study, accuracy) in enumerate(zip(studies, (0.98, 0.8), strict=True))
        for k in range(3)
    ]
    comparison = compare_runs([runs[0], runs[3]])
    groups = repeats_of(comparison.runs)
    assert [len(group.runs) for group in groups] == [3, 3]
    (pair,) = pairs_of_repeats(groups, comparison.runs)
    assert pair.n == 3
    assert pair.difference is not None
    assert pair.difference.low > 0
    assert pair.p_holm < 0.05


def test_models_over_data_sets_get_ranks_and_variants_get_names(data: int) -> None:
    other = toy_dataset(Bearing(name="Other", recordings_per_class=20), key="other")
    runs = [
        seeded_run(where, Run("r", accuracy, luck=k, family=family, epochs=3))
        for where in (data, other)
        for k, (family, accuracy) in enumerate((("cnn1d", 0.95), ("classical", 0.8)))
    ]
    entities = ExperimentStore().several(runs)
    table = table_over_data_sets(entities)
    assert table.models == ("cnn1d", "classical")
    ranking = ranking_of(table)
    assert ranking is not None
    assert ranking.average_ranks == (1.0, 2.0)
    variant = seeded_run(data, Run("r", 0.9, learning_rate=0.01, epochs=3))
    named = model_names(ExperimentStore().several([*runs, variant]))
    assert named[variant] == "cnn1d (2)"
    assert named[runs[1]] == "classical"


def test_rest_gives_the_verdict_the_pairs_and_the_tables(data: int) -> None:
    good, bad = (seeded_run(data, Run(f"=run {a}", a)) for a in (0.98, 0.8))
    with serving() as bench, httpx.Client(base_url=bench.url, timeout=30) as client:
        check_routes(client, good, bad)


def check_routes(client: httpx.Client, good: int, bad: int) -> None:
    answer = client.get(f"/api/compare?ids={good},{bad}&delta=0.02").json()
    assert answer["judgement"]["kind"] == "better"
    assert answer["judgement"]["delta"] == 0.02
    assert answer["pairs"][0]["told_apart"] is True
    assert answer["pairs"][0]["accuracy"]["low"] > 0
    assert client.get(f"/api/compare?ids={good},{bad}&delta=0.5").status_code == 422
    text = client.get(f"/api/compare/table?ids={good},{bad}").text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["name"] == "'=run 0.98"
    assert float(rows[0]["accuracy_low"]) < float(rows[0]["accuracy"])
    for table in ("metrics", "pairs", "settings", "pivot"):
        drawn = client.get(f"/api/compare/table?ids={good},{bad}&table={table}&format=tex")
        assert r"\toprule" in drawn.text
    assert client.get(f"/api/compare/table?ids={good},99").status_code == 404
