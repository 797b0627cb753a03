"""Searches, groups and bulk changes on real databases, against what Python says of the rows."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from storage.database import write_session
from storage.models import Dataset, Experiment, ExperimentMetric
from storage.search import SearchError
from storage.stores.bulk import change_many
from storage.stores.chosen_metrics import at_chosen_epoch
from storage.stores.experiment_groups import GroupRow
from storage.stores.experiments import ExperimentQuery, ExperimentStore, NewExperiment
from storage.stores.saved_views import SavedViewStore
from storage.stores.studies import StudyStore

N_RUNS = 24
NAMES = ("accuracy", "family", "tag", "load", "batch_size", "val.macro_f1", "created", "duration")
VALUES = ("0.5", "1e999", "-7d", "keep", "kept", "is", "has", "id", "name")
LETTERS = st.characters(codec="utf-8", min_codepoint=32)


@dataclass(frozen=True)
class Row:
    """What the oracle knows of a run."""

    id: int
    family: str
    batch_size: int | str
    load: frozenset[int]
    accuracy: float | None
    f1: float | None
    tags: frozenset[str]
    dataset: int


@pytest.fixture
def rows(any_database: str) -> list[Row]:
    with write_session() as session:
        for number in (1, 2):
            session.add(
                Dataset(
                    id=number, name=f"Set {number}", status="ready", source="upload",
                    fingerprint=str(number),
                )
            )  # fmt: skip
    chance = random.Random(3)
    return [_run(number, chance) for number in range(N_RUNS)]


def _run(number: int, chance: random.Random) -> Row:
    loads = chance.sample(range(4), 2) if number % 3 else []
    data = {"split": "field", "split_field": "load", "test_values": [str(each) for each in loads]}
    sizes: list[int | str] = [16, 32, 64, "auto"]
    batch = chance.choice(sizes)
    config = {"data": data if loads else {"split": "group"}, "training": {"batch_size": batch}}
    tags = tuple(chance.sample(["keep", "Turbine", "a b"], number % 3))
    family = chance.choice(["cnn1d", "classical"])
    dataset = 1 + number % 2
    new = NewExperiment(f"run {number}", family, dataset, config, tags=tags)
    created = ExperimentStore().create(new)
    ended = number % 4 > 0
    f1 = round(chance.random(), 3) if number % 5 else None
    with write_session() as session:
        row = session.get_one(Experiment, created.id)
        if ended:
            row.status = "running"
            session.flush()
            row.status, row.accuracy = "completed", round(chance.random(), 3)
        row.macro_f1 = row.accuracy
        if f1 is not None:
            session.add(ExperimentMetric(experiment_id=row.id, key="val_macro_f1", value=f1))
        accuracy = row.accuracy
    return Row(created.id, family, batch, frozenset(loads), accuracy, f1, frozenset(tags), dataset)


def found(where: str) -> set[int]:
    return {run.id for run in ExperimentStore().each(ExperimentQuery(where=where))}


def number_or(value: float | None, fallback: bool, test: Callable[[float], bool]) -> bool:
    return fallback if value is None else test(value)


ORACLE: list[tuple[str, Callable[[Row], bool]]] = [
    ("family = CNN1D", lambda row: row.family == "cnn1d"),
    ("accuracy < 0.5", lambda row: number_or(row.accuracy, False, lambda x: x < 0.5)),
    ("not accuracy < 50%", lambda row: number_or(row.accuracy, True, lambda x: x >= 0.5)),
    ("val.macro_f1 >= 0.5", lambda row: number_or(row.f1, False, lambda x: x >= 0.5)),
    ("validation_macro_f1 between 0.2 and 0.6",
     lambda row: number_or(row.f1, False, lambda x: 0.2 <= x <= 0.6)),
    ("batch_size in (16, auto)", lambda row: row.batch_size in (16, "auto")),
    ("batch_size != 16", lambda row: row.batch_size != 16),
    ("training.batch_size > 16", lambda row: row.batch_size in (32, 64)),
    ("batch_size ~ UT", lambda row: row.batch_size == "auto"),
    ("load in (1, 2)", lambda row: bool(row.load & {1, 2})),
    ("load not in 1..2", lambda row: bool(row.load) and not row.load & {1, 2}),
    ("load > 2", lambda row: 3 in row.load),
    ("tag:keep", lambda row: "keep" in row.tags),
    ("tag != 'a b'", lambda row: "a b" not in row.tags),
    ("has:tag", lambda row: bool(row.tags)),
    ("dataset = 'set 1' or id in 3..5", lambda row: row.dataset == 1 or 3 <= row.id <= 5),
    ("turbine not is:pending", lambda row: "Turbine" in row.tags and row.accuracy is not None),
    ("created > -1h and duration < 5m and kept = no", lambda _: True),
    ("created < 2020 or id = 1e300 or id = 2.5", lambda _: False),
    ('name ~ "run 1" and name !~ 2', lambda row: "1" in f"{row.id - 1}"[:1]
     and "2" not in f"{row.id - 1}"),
]  # fmt: skip


def test_each_condition_finds_what_python_finds(rows: list[Row]) -> None:
    for where, meant in ORACLE:
        expected = {row.id for row in rows if meant(row)}
        assert found(where) == expected, where
        assert found(f"not ({where})") == {row.id for row in rows} - expected, where
        assert ExperimentStore().page(ExperimentQuery(where=where)).total == len(expected)


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [*NAMES, *"=!<~:(),", "!=", "in", "not", "and", "or", "between", "..", *VALUES]
            ),
            st.text(LETTERS, max_size=6),
        ),
        max_size=9,
    ).map(" ".join)
)
@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_search_ever_fails_but_by_saying_what_is_wrong(rows: list[Row], text: str) -> None:
    try:
        page = ExperimentStore().page(ExperimentQuery(where=text))
    except SearchError as error:
        said = str(error)
    else:
        said = f"{page.total}."
    assert said.endswith((".", "?"))
    assert ExperimentStore().completions(text).end <= len(text)


SUGGESTED = {
    "batchsize = 3": "training.batch_size",
    "vall.macro_f1 > 3": "val_macro_f1",
    "is:keept": "kept",
    "acuracy > 1": "accuracy",
}


def test_a_name_that_is_none_brings_what_may_be_meant(rows: list[Row]) -> None:
    for wrong, suggested in SUGGESTED.items():
        with pytest.raises(SearchError) as caught:
            found(wrong)
        assert caught.value.suggestions[0] == suggested


SORTS: list[tuple[tuple[str, bool], ...]] = [
    (("metric:val_macro_f1", True),),
    (("metric:val_macro_f1", False), ("name", True)),
    (("param:training.batch_size", False), ("accuracy", True)),
    (("accuracy", False),),
    (("family", True), ("metric:val_macro_f1", False)),
]


def test_pages_in_any_order_hold_every_run_once_and_those_without_a_value_last(
    rows: list[Row],
) -> None:
    store = ExperimentStore()
    for sort in SORTS:
        whole = [run.id for run in store.each(ExperimentQuery(sort=sort))]
        pages = [
            run.id
            for offset in range(0, N_RUNS, 7)
            for run in store.page(ExperimentQuery(sort=sort, limit=7, offset=offset)).items
        ]
        assert pages == whole
        assert sorted(whole) == sorted(row.id for row in rows)
    best = {row.id: row.f1 for row in rows}
    order = [run.id for run in store.each(ExperimentQuery(sort=SORTS[0]))]
    values = [best[number] for number in order]
    measured = [value for value in values if value is not None]
    assert values == sorted(measured, reverse=True) + [None] * (N_RUNS - len(measured))


def groups_by(by: str) -> Iterator[GroupRow]:
    yield from ExperimentStore().groups(ExperimentQuery(), by).items


def test_groups_hold_their_members_with_mean_and_spread(rows: list[Row]) -> None:
    for by in ("dataset", "family", "tag", "study", "status", "preset", "param:data.split_field"):
        for group in groups_by(by):
            assert len(found(group.where)) == group.n, (by, group)
    for group in groups_by("family"):
        scores = [r.accuracy for r in rows if r.family == group.key and r.accuracy is not None]
        mean = sum(scores) / len(scores)
        sd = (sum((each - mean) ** 2 for each in scores) / (len(scores) - 1)) ** 0.5
        assert group.accuracy.mean == pytest.approx(mean)
        assert group.accuracy.sd == pytest.approx(sd)
        assert group.macro_f1.maximum == max(scores)
        best = max((r for r in rows if r.family == group.key), key=lambda r: r.accuracy or 0)
        assert group.best_id == best.id


def test_metrics_are_read_as_columns_and_as_a_table_of_models_by_data_sets(rows: list[Row]) -> None:
    pivot = ExperimentStore().pivot(ExperimentQuery(), "val_macro_f1")
    assert (pivot.rows, pivot.columns) == (("classical", "cnn1d"), ("Set 1", "Set 2"))
    for (family, dataset), spread in pivot.cells.items():
        scores = [
            row.f1
            for row in rows
            if row.f1 is not None and (row.family, f"Set {row.dataset}") == (family, dataset)
        ]
        assert spread.n == len(scores)
        assert spread.mean == pytest.approx(sum(scores) / len(scores))

    _columns_are_known_and_read(rows)


def _columns_are_known_and_read(rows: list[Row]) -> None:
    store = ExperimentStore()
    known = store.known_columns()
    assert known.metrics == ["val_macro_f1"]
    assert known.params == [
        "data.split", "data.split_field", "data.test_values", "training.batch_size",
    ]  # fmt: skip
    keys = ["metric:val_macro_f1", "param:training.batch_size"]
    values = store.values_of([row.id for row in rows], keys)
    for row in rows:
        expected: dict[str, Any] = {keys[1]: row.batch_size}
        expected |= {} if row.f1 is None else {keys[0]: row.f1}
        assert values[row.id] == expected


def test_many_runs_are_deleted_found_among_the_deleted_and_brought_back(rows: list[Row]) -> None:
    numbers = [row.id for row in rows]
    deleted = change_many("delete", [*numbers, 10_000])
    assert set(deleted.refused) == {row.id for row in rows if row.accuracy is None} | {10_000}
    bin_of = ExperimentStore().page(ExperimentQuery(deleted=True))
    assert {run.id for run in bin_of.items} == set(deleted.done)
    assert len(ExperimentStore().undelete(numbers)) == len(deleted.done)
    assert found("tag:keep") == {row.id for row in rows if "keep" in row.tags}
    change_many("tag", numbers, ["new", "keep"])
    change_many("untag", numbers[:3], ["new"])
    assert found("tag:new and tag:keep") == set(numbers[3:])


def test_repeats_are_folded_to_the_oldest_that_fits(rows: list[Row]) -> None:
    first, second = (StudyStore().create(name, "repeats", {}) for name in "ab")
    curve = StudyStore().create("c", "learning-curve", {})
    with write_session() as session:
        for number in range(1, 10):
            run = session.get_one(Experiment, number)
            run.study_id = (first.id, second.id, curve.id)[(number - 1) % 3]
    folded = ExperimentStore().page(ExperimentQuery(folded=True, limit=100))
    assert {run.id for run in folded.items} == {row.id for row in rows} - {4, 5, 7, 8}
    later = ExperimentQuery(folded=True, where=f"id in 4..8 and study in ({first.id}, {second.id})")
    assert {run.id for run in ExperimentStore().each(later)} == {4, 5}


def test_a_view_is_saved_once_renamed_made_the_default_and_deleted(any_database: str) -> None:
    store = SavedViewStore()
    first = store.save("experiments", " Best ", "?q=tag%3Akeep")
    again = store.save("experiments", "Best", "q=2")
    other = store.save("experiments", "Other", "")
    assert (first.id, again.query, first.query) == (again.id, "q=2", "q=tag%3Akeep")
    store.change(first.id, is_default=True)
    store.change(other.id, is_default=True, name="Mine")
    assert [(view.name, view.is_default) for view in store.all("experiments")] == [
        ("Best", False), ("Mine", True),
    ]  # fmt: skip
    store.delete(other.id)
    assert store.default("experiments") is None


def test_metrics_are_those_of_the_chosen_epoch_and_the_best_of_all_are_said_so() -> None:
    epochs = [
        (1, {"train_loss": 2.0, "val_loss": 0.9, "val_accuracy": 0.5}),
        (2, {"train_loss": 1.0, "val_loss": 0.4, "val_accuracy": 0.7}),
        (3, {"train_loss": 0.5, "val_loss": 0.6, "val_accuracy": 0.8, "broken": float("nan")}),
    ]
    measured = {"best_epoch": 2.0, "accuracy": 0.68, "validation_macro_f1": 0.66}
    assert at_chosen_epoch(measured, epochs) == {
        "best_epoch": 2.0, "accuracy": 0.68, "val_macro_f1": 0.66, "train_loss": 1.0,
        "val_loss": 0.4, "val_accuracy": 0.7, "best_val_loss": 0.4, "best_val_accuracy": 0.8,
    }  # fmt: skip
    folds = at_chosen_epoch({"best_epoch": 0, "accuracy": 0.9}, epochs[:2])
    assert folds["val_accuracy"] == pytest.approx(0.6)
    assert "best_val_loss" not in folds
