"""Repeats, learning curves and recommendations over REST."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from storage.entities import LEARNING_CURVE, REPEATS
from storage.stores.studies import StudyStore
from tests.support.compared_runs import Bearing, Run, seeded_run, toy_dataset
from tests.support.web import serving


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as bench:
        yield bench.url


@pytest.fixture
def client(url: str, data_folder: Path) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture
def dataset(sqlite: str) -> int:
    return toy_dataset(Bearing())


def test_repeats_are_ordered_once_and_read_as_a_study(client: httpx.Client, dataset: int) -> None:
    body = {"family": "cnn1d", "dataset_id": dataset, "repeats": 3}
    body |= {"config": {"data": {"window_samples": 16}}}
    answers = [
        client.post("/api/experiments", json=body, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    made = answers[0].json()
    assert made == answers[1].json()
    assert len(made["experiment_ids"]) == 3
    study = client.get(f"/api/studies/{made['study_id']}").json()
    assert study["kind"] == REPEATS
    assert [run["id"] for run in study["experiments"]] == made["experiment_ids"]
    assert study["repeats"] == {"n": 0, "accuracy": None, "macro_f1": None, "best_id": None}


def test_a_clone_can_be_repeated_too(client: httpx.Client, dataset: int) -> None:
    base = seeded_run(dataset, Run("Base", 0.9))
    made = client.post(f"/api/experiments/{base}/clone", json={"repeats": 2}).json()
    runs = client.get(f"/api/studies/{made['study_id']}").json()["experiments"]
    assert [run["parent_id"] for run in runs] == [base, base]
    assert [run["name"] for run in runs] == ["Base (copy) · seed 0", "Base (copy) · seed 1"]


@pytest.mark.parametrize("repeats", [0, 21, "5", 2.5, True])
def test_repeats_out_of_bounds_are_refused(
    client: httpx.Client, dataset: int, repeats: object
) -> None:
    body = {"family": "cnn1d", "dataset_id": dataset, "repeats": repeats}
    assert client.post("/api/experiments", json=body).status_code == 422


def test_a_learning_curve_is_ordered_once_and_read(client: httpx.Client, dataset: int) -> None:
    base = seeded_run(dataset, Run("Base", 0.9))
    address = f"/api/experiments/{base}/learning-curve"
    assert client.get(address).status_code == 404
    made = client.post(address, json={"seeds": 1})
    assert made.status_code == 202, made.text
    assert len(made.json()["experiment_ids"]) == 4
    assert client.post(address).status_code == 409
    curve = client.get(address).json()
    assert curve["expected"] == 5
    assert [point["share"] for point in curve["points"]] == [1.0]
    study = client.get(f"/api/studies/{made.json()['study_id']}").json()
    assert study["kind"] == LEARNING_CURVE
    assert study["learning_curve"] == curve


def test_recommendations_carry_evidence_and_a_way_and_can_be_put_aside(
    client: httpx.Client, dataset: int
) -> None:
    mine = seeded_run(dataset, Run("Mine", 0.7))
    good = seeded_run(dataset, Run("Good", 0.95, seed=1))
    address = f"/api/experiments/{mine}/recommendations"
    found = {item["code"]: item for item in client.get(address).json()["items"]}
    better = found["better-rival"]
    assert better["action"]["href"] == f"/compare?ids={mine},{good}"
    assert not better["dismissed"]
    assert client.post(f"{address}/better-rival/dismiss").status_code == 204
    found = {item["code"]: item for item in client.get(address).json()["items"]}
    assert found["better-rival"]["dismissed"]
    assert client.delete(f"{address}/better-rival/dismiss").status_code == 204
    assert client.post(f"{address}/no-such/dismiss").status_code == 404


def test_a_run_without_results_has_no_recommendations(client: httpx.Client, dataset: int) -> None:
    body = {"family": "cnn1d", "dataset_id": dataset}
    body |= {"config": {"data": {"window_samples": 16}}}
    number = client.post("/api/experiments", json=body).json()["experiment_id"]
    answer = client.get(f"/api/experiments/{number}/recommendations")
    assert answer.status_code == 409
    assert "no results" in answer.json()["detail"]


def test_a_study_that_is_not_there_is_said_to_be_missing(
    client: httpx.Client, dataset: int
) -> None:
    assert client.get("/api/studies/999").status_code == 404
    assert StudyStore().several([999]) == {}
