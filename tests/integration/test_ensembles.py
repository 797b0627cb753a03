"""Finished runs joined through the worker, and what is refused before anything starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.core.evaluation.store import RUN
from storage.entities import ExperimentEntity, Status
from storage.stores.experiments import ExperimentStore
from storage.stores.finished_runs import FinishedRuns
from tasks.queue import NewRun, RefusedError, create_experiment
from tests.support.station import LEASE, Station, running_worker

FOREST = {"model": {"kind": "random_forest"}, "training": {"folds": 2, "importance_repeats": 0}}
SIZES = (10, 15, 20)


@pytest.fixture
def station(
    sqlite: str, redis_url: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Station:
    from storage.settings import settings

    monkeypatch.setenv("REDIS_URL", redis_url)
    for name, value in LEASE.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    return Station(data_folder)


@pytest.fixture
def members(station: Station) -> Iterator[list[ExperimentEntity]]:
    """Three forests of different sizes, trained by a real worker that goes on serving."""
    with running_worker(station):
        runs = [forest(station, trees) for trees in SIZES]
        yield [station.await_status(run.id, Status.COMPLETED, Status.FAILED) for run in runs]


def forest(station: Station, trees: int, **data: object) -> ExperimentEntity:
    config = {**FOREST, "model": {"kind": "random_forest", "trees": trees}, "seed": trees}
    if data:
        config["data"] = data
    return create_experiment(NewRun("classical", station.dataset_id, config=config))


def test_an_ensemble_joins_finished_runs_and_keeps_its_forecast(
    station: Station, members: list[ExperimentEntity]
) -> None:
    assert [run.status for run in members] == [Status.COMPLETED] * 3, members
    automatic = create_experiment(NewRun("ensemble", station.dataset_id, preset="standard"))
    chosen = create_experiment(
        NewRun(
            "ensemble",
            station.dataset_id,
            config={"members": {"experiments": [run.id for run in members]}},
        )
    )
    for run in (automatic, chosen):
        ended = station.await_status(run.id, Status.COMPLETED, Status.FAILED)
        assert ended.status is Status.COMPLETED, ended.error
        assert ended.split_digest == members[0].split_digest
        assert ended.accuracy is not None
        assert ended.forecast is not None
        assert 0 < ended.forecast["low"] < ended.forecast["mid"] < ended.forecast["high"]
    folder = FinishedRuns().folders([chosen.id], RUN)[chosen.id]
    assert (folder / "model.json").is_file()
    with pytest.raises(RefusedError, match="is an ensemble itself"):
        create_experiment(
            NewRun(
                "ensemble",
                station.dataset_id,
                config={"members": {"experiments": [members[0].id, members[1].id, chosen.id]}},
            )
        )


def test_the_data_of_the_members_are_taken_where_nobody_chose_them(station: Station) -> None:
    with running_worker(station):
        runs = [forest(station, trees, window_samples=64, overlap=0.25) for trees in SIZES]
        for run in runs:
            station.await_status(run.id, Status.COMPLETED)
    config = {"members": {"experiments": [run.id for run in runs]}}
    for asked in ({}, config):
        made = create_experiment(NewRun("ensemble", station.dataset_id, config=asked))
        assert made.config["data"]["window_samples"] == 64
        assert made.config["data"]["overlap"] == 0.25
    other = {**config, "data": {"window_samples": 128}}
    with pytest.raises(RefusedError, match="another split"):
        create_experiment(NewRun("ensemble", station.dataset_id, config=other))


def test_without_finished_runs_an_ensemble_is_refused_in_words(station: Station) -> None:
    with pytest.raises(RefusedError, match="needs 3 finished runs") as refused:
        create_experiment(NewRun("ensemble", station.dataset_id))
    assert refused.value.problems[0].field == "members.experiments"
    config = {"members": {"experiments": [7, 8, 9]}}
    with pytest.raises(RefusedError, match="no finished experiment 9"):
        create_experiment(NewRun("ensemble", station.dataset_id, config=config))
    assert ExperimentStore().status_counts() == {}
