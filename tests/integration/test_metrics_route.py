"""What Prometheus reads at /metrics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse

from storage.database import write_session
from storage.entities import DatasetStatus, Status
from storage.models import Channel
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.notifications import Notice, announce
from storage.stores.runs import Epoch, Finished, RunStore
from storage.stores.workers import WorkerStore
from tests.support.web import serving

HOSTILE = 'x"} 1\n# EOF <script>'
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as bench:
        yield bench.url


@pytest.fixture
def client(url: str, data_folder: Path) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


def new_run(dataset_id: int, priority: int = 5) -> int:
    new = NewExperiment(HOSTILE, "cnn1d", dataset_id, {}, priority=priority, tags=(HOSTILE,))
    return ExperimentStore().create(new).id


def some_bench() -> None:
    dataset = DatasetStore().create(HOSTILE, source="upload", status=DatasetStatus.READY)
    for priority in (9, 8, 5, 1):
        new_run(dataset.id, priority)
    runs = RunStore()
    first = runs.claim_next("far:1", "far", 60.0)
    assert first is not None
    runs.commit_epoch(first, Epoch(1, 1, {"loss": 1.0}, 12.0))
    runs.finish(first, Finished(Status.COMPLETED, {}, "", "", False, 1, 12.5))
    second = runs.claim_next("far:1", "far", 60.0)
    assert second is not None
    runs.commit_epoch(second, Epoch(1, 2, {"loss": 1.0}, 1.0))
    WorkerStore().beat("far:1", "far", 2, {"busy": 1, "rss_bytes": 5, "redis": False})
    with write_session() as session:
        session.add(Channel(kind="webhook", name=HOSTILE, config={}, kinds=["storage"]))
        session.flush()
        announce(session, Notice("warning", "storage", HOSTILE))


def samples(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def test_metrics_tell_what_the_bench_does(client: httpx.Client, any_database: str) -> None:
    some_bench()
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = samples(answer.text)
    expected = {
        ("signalbench_experiments", (("status", "completed"),)): 1,
        ("signalbench_experiments", (("status", "pending"),)): 2,
        ("signalbench_experiments", (("status", "failed"),)): 0,
        ("signalbench_waiting", (("queue", "high"),)): 0,
        ("signalbench_waiting", (("queue", "normal"),)): 1,
        ("signalbench_waiting", (("queue", "low"),)): 1,
        ("signalbench_running", ()): 1,
        ("signalbench_epochs_total", ()): 2,
        ("signalbench_epochs_per_second", ()): 1 / 60,
        ("signalbench_run_seconds_sum", (("family", "cnn1d"), ("status", "completed"))): 12.5,
        ("signalbench_run_seconds_count", (("family", "cnn1d"), ("status", "completed"))): 1,
        ("signalbench_deliveries", (("status", "queued"),)): 1,
        ("signalbench_workers_alive", ()): 1,
        ("signalbench_worker_slots", (("worker", "far:1"),)): 2,
        ("signalbench_worker_busy", (("worker", "far:1"),)): 1,
        ("signalbench_worker_redis_up", (("worker", "far:1"),)): 0,
        ("signalbench_redis_up", ()): 0,
        ("signalbench_database_up", ()): 1,
    }
    assert {key: found.get(key) for key in expected} == pytest.approx(expected)
    assert 50 < found["signalbench_lease_left_seconds", ()] <= 60
    assert found["signalbench_disk_bytes", ()] > found["signalbench_disk_free_bytes", ()] > 0
    assert "process_resident_memory_bytes" in answer.text


def test_nothing_people_wrote_becomes_a_label(client: httpx.Client, sqlite: str) -> None:
    some_bench()
    client.get("/experiment/1/monitor?x=<script>")
    client.get("/api/%3Cscript%3E")
    client.request("SCRIPT", "/api/experiments/1")
    text = client.get("/metrics").text
    assert "<script" not in text
    assert 'method="SCRIPT"' not in text


def test_requests_are_counted_by_route_template(client: httpx.Client, sqlite: str) -> None:
    def count() -> float:
        key = (("method", "GET"), ("route", "/api/experiments/{experiment_id}"), ("status", "404"))
        found = samples(client.get("/metrics").text)
        return found.get(("signalbench_http_requests_total", key), 0.0)

    before = count()
    for number in (71, 72, 73):
        client.get(f"/api/experiments/{number}")
    assert count() == before + 3


def test_openmetrics_is_given_to_who_asks_for_it(client: httpx.Client, sqlite: str) -> None:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    answer = client.get("/metrics", headers=accept)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert any(family.name == "signalbench_http_requests" for family in parse_open(answer.text))


def test_a_foreign_host_reads_no_metrics(client: httpx.Client, sqlite: str) -> None:
    assert client.get("/metrics", headers={"Host": "evil.example"}).status_code == 421


def test_the_bench_without_a_database_still_gives_metrics(
    client: httpx.Client, data_folder: Path
) -> None:
    found = samples(client.get("/metrics").text)
    assert found["signalbench_database_up", ()] == 0
