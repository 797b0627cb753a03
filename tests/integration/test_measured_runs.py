"""All figures of a finished run over REST, its temperature, and what cannot be measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from integrations.core.evaluation.calibration import CALIBRATION
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore
from tasks.calibrations import stored_calibration
from tasks.job_kinds import JobFailed, run_job
from tests.support.finished_run import Toy, finished_run
from tests.support.web import serving


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as bench:
        yield bench.url


@pytest.fixture
def client(url: str, sqlite: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60) as client:
        yield client


def metrics_of(client: httpx.Client, run: int) -> dict[str, Any]:
    answer = client.get(f"/api/experiments/{run}/metrics")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_every_figure_comes_with_its_interval(client: httpx.Client) -> None:
    run = finished_run(Toy(noise=2.0, recordings_per_class=12))
    found = metrics_of(client, run)
    measures = found["measures"]
    assert [row["name"] for row in measures["classes"]] == list(Toy().classes)
    for row in measures["classes"]:
        assert row["recall"]["low"] <= row["recall"]["value"] <= row["recall"]["high"]
    assert {row["class_name"] for row in measures["areas"]} == set(Toy().classes)
    assert measures["reliability"]["ece"]["high"] > 0
    assert [table["field"] for table in measures["slices"]] == ["load"]
    assert found["worst_slice"]["field"] == "load"
    assert (found["calibration"], found["robustness"]) == (None, None)


def test_a_temperature_is_learnt_once_asked_for_and_stays(client: httpx.Client) -> None:
    run = finished_run(Toy(noise=2.0, recordings_per_class=12))
    made = client.post(f"/api/experiments/{run}/calibration")
    assert made.status_code == 201, made.text
    assert made.json()["temperature"] != 1.0
    assert metrics_of(client, run)["calibration"] == made.json()
    kept = stored_calibration(run)
    assert kept is not None
    assert kept.temperature == made.json()["temperature"]
    again = client.post(f"/api/experiments/{run}/calibration").json()
    assert again["temperature"] == made.json()["temperature"]
    names = [row.name for row in ExperimentStore().artifacts(run)]
    assert names.count(CALIBRATION) == 1


def test_a_run_without_mistakes_is_not_calibrated(client: httpx.Client) -> None:
    run = finished_run(Toy(noise=0.01))
    refused = client.post(f"/api/experiments/{run}/calibration")
    assert refused.status_code == 409
    assert "at least 5 mistakes" in refused.json()["detail"]


def test_robustness_is_one_job_at_a_time_and_needs_a_model(client: httpx.Client) -> None:
    run = finished_run(Toy())
    first = client.post(f"/api/experiments/{run}/robustness")
    assert first.status_code == 202
    assert client.post(f"/api/experiments/{run}/robustness").json() == first.json()
    with pytest.raises(JobFailed, match="no finished model"):
        run_job(JobStore().get(first.json()["job_id"]), lambda *_: None)


@pytest.mark.parametrize("what", ["metrics", "calibration", "robustness"])
def test_what_does_not_exist_is_not_found(client: httpx.Client, what: str) -> None:
    ask = client.get if what == "metrics" else client.post
    assert ask(f"/api/experiments/999/{what}").status_code == 404
