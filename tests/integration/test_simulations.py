"""Simulated data sets through the job, the REST interface and the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.core.data.dataset import Dataset
from integrations.core.simulator.config import SimulatorConfig
from storage.entities import DatasetEntity, DatasetStatus, JobEntity, NotFoundError
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.jobs import JobStore
from tasks import simulations
from tasks.job_kinds import JobFailed, run_job
from tasks.queue import QueueError, order_simulation
from tests.integration.test_process_life import app, assert_refused
from tests.support.servers import processes_of
from tests.support.web import serving

SMALL: dict[str, Any] = {
    "content": {"signals_per_class": 4, "machines": 4},
    "recording": {"samples": 512},
}


def small(**changes: Any) -> SimulatorConfig:
    return SimulatorConfig.model_validate(SMALL | changes)


def made(job: JobEntity) -> DatasetEntity:
    return DatasetStore().get(job.dataset_id or 0)


@pytest.mark.usefixtures("any_database")
def test_a_job_makes_the_set_and_says_how_far_it_is() -> None:
    job = order_simulation(small(), "Bearings")
    assert made(job).status is DatasetStatus.IMPORTING
    said: list[tuple[float, str]] = []
    result = run_job(JobStore().get(job.id), lambda fraction, words: said.append((fraction, words)))
    ready = made(job)
    assert (ready.status, ready.name, ready.source) == (
        DatasetStatus.READY, "Bearings", "simulator",
    )  # fmt: skip
    assert (ready.n_recordings, ready.n_groups, len(ready.classes)) == (44, 4, 11)
    assert ready.window_samples == 512
    assert result == {"recordings": 44, "fingerprint": ready.fingerprint}
    assert [fraction for fraction, _ in said] == pytest.approx([(i + 1) / 44 for i in range(44)])
    assert said[-1][1] == "44 of 44 signals made, now mixed"
    Dataset(settings().datasets_folder / ready.folder).verify()


@pytest.mark.usefixtures("sqlite")
def test_two_jobs_of_one_configuration_make_the_same_data() -> None:
    jobs = [order_simulation(small()) for _ in range(2)]
    for job in jobs:
        run_job(JobStore().get(job.id), lambda _fraction, _words: None)
    assert len({made(job).fingerprint for job in jobs}) == 1


@pytest.mark.usefixtures("sqlite")
def test_a_repeated_job_replaces_what_an_interrupted_one_left() -> None:
    job = order_simulation(small())
    left = settings().datasets_folder / str(job.dataset_id)
    left.mkdir(parents=True)
    (left / "samples.f32").write_bytes(b"half")
    run_job(JobStore().get(job.id), lambda _fraction, _words: None)
    Dataset(left).verify()


@pytest.mark.usefixtures("sqlite")
def test_deleting_the_set_ends_the_job_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(simulations, "LOOK_SECONDS", 0.0)
    job = order_simulation(small())
    seen: list[float] = []

    def delete_soon(fraction: float, _words: str) -> None:
        seen.append(fraction)
        if len(seen) == 3:
            DatasetStore().delete(job.dataset_id or 0)

    with pytest.raises(JobFailed, match="no data set"):
        run_job(JobStore().get(job.id), delete_soon)
    assert len(seen) == 3
    assert list(settings().datasets_folder.iterdir()) == []
    with pytest.raises(NotFoundError):
        made(job)


@pytest.mark.usefixtures("sqlite")
def test_a_job_that_cannot_write_says_so_on_the_data_set() -> None:
    job = order_simulation(small())
    settings().datasets_folder.write_text("in the way")
    with pytest.raises(JobFailed, match="could not be written"):
        run_job(JobStore().get(job.id), lambda _fraction, _words: None)
    assert made(job).status is DatasetStatus.FAILED
    assert "free space" in made(job).error


@pytest.mark.usefixtures("sqlite")
def test_impossible_conditions_are_refused_before_anything_is_stored() -> None:
    operation = {"lowest_load_mpa": 9.0, "highest_load_mpa": 10.0,
                 "lowest_temperature_c": 100.0, "highest_temperature_c": 110.0}  # fmt: skip
    with pytest.raises(QueueError, match="Lower the lightest load"):
        order_simulation(small(operation=operation))
    assert DatasetStore().all() == []


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as bench:
        yield bench.url


@pytest.mark.usefixtures("sqlite")
def test_rest_orders_a_simulation(url: str) -> None:
    body = {"config": SMALL, "name": "From a script"}
    answer = httpx.post(f"{url}/api/datasets/simulate", json=body, timeout=30)
    assert answer.status_code == 202, answer.text
    accepted = answer.json()
    assert accepted["status"] == "importing"
    assert JobStore().get(accepted["job_id"]).dataset_id == accepted["id"]
    shown = httpx.get(f"{url}/api/datasets/{accepted['id']}", timeout=30).json()
    assert (shown["name"], shown["source"]) == ("From a script", "simulator")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"config": {"content": {"kind": "gearbox"}}}, "journal"),
        ({"config": {"content": {"classes": ["x" * 5000, "normal"]}}}, "no class"),
        ({"config": {"severity": {"lowest": 0.9, "highest": 0.2}}}, "Exchange"),
        ({"config": {"operation": {"lowest_load_mpa": 9, "highest_load_mpa": 9.5}}}, "stable"),
        ({"config": {"nonsense": 1}}, "nonsense"),
        ({"config": {"seed": 1e99}}, "seed"),
        ([], "body"),
    ],
)
@pytest.mark.usefixtures("sqlite")
def test_rest_refuses_what_cannot_be_made(url: str, body: Any, words: str) -> None:
    answer = httpx.post(f"{url}/api/datasets/simulate", json=body, timeout=30)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert len(answer.json()["detail"]) < 2000
    assert DatasetStore().all() == []


def test_the_command_makes_the_same_data_twice(tmp_path: Path) -> None:
    command = ["simulate", "--kind", "rolling", "--set", "content.signals_per_class=3",
               "--set", "recording.samples=512"]  # fmt: skip
    prints = []
    for _ in range(2):
        done = app(tmp_path, *command)
        assert done.returncode == 0, done.stderr
        prints.append(re.findall(r"^Fingerprint +(\w{64})$", done.stdout, re.MULTILINE))
    assert prints[0] == prints[1] != []
    assert processes_of(tmp_path) == []


def test_the_command_refuses_in_a_sentence(tmp_path: Path) -> None:
    done = app(tmp_path, "simulate", "--set", "severity.lowest=1", "--set", "severity.highest=0.2")
    assert_refused(done, "lowest severity", "Exchange")
