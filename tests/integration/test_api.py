"""The REST interface on real databases: what it promises, and what it answers to nonsense."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openapi_spec_validator import validate

from integrations.core.testing import toy_signals
from storage.database import write_session
from storage.entities import DatasetStatus
from storage.models import EpochRow, Experiment
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from tasks.import_jobs import ready_facts
from tests.support.finished_run import Toy, finished_run
from tests.support.web import serving

HOSTILE_IDS = ("0", "-1", "1e30", "1" * 40, "9" * 5000, "NaN", "1.5", "abc", "%00", "１", " 1")
FORMULA = '=HYPERLINK("http://evil.example")'


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as bench:
        yield bench.url


@pytest.fixture
def client(url: str, data_folder: Path) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture
def dataset_id(any_database: str) -> int:
    folder = settings().datasets_folder / "toy"
    toy = toy_signals(folder)
    entity = DatasetStore().create("toy", source="upload", status=DatasetStatus.IMPORTING)
    DatasetStore().set_ready(entity.id, ready_facts(toy.info, folder, "toy"))
    return entity.id


def order(client: httpx.Client, dataset_id: int, **more: Any) -> dict[str, Any]:
    body = {"family": "cnn1d", "dataset_id": dataset_id, "preset": "quick_test", **more}
    answer = client.post("/api/experiments", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def end(experiment_id: int, **values: Any) -> None:
    with write_session() as session:
        row = session.get_one(Experiment, experiment_id)
        if row.status == "pending":
            row.status = "running"
            session.flush()
        for key, value in {"status": "completed", **values}.items():
            setattr(row, key, value)


def assert_problem(answer: Any, *statuses: int) -> str:
    assert answer.status_code in statuses, f"{answer.status_code} {answer.text[:300]}"
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert len(body["detail"]) > 10
    return str(body["detail"])


def test_an_ordered_run_can_be_found_described_steered_and_deleted(
    client: httpx.Client, dataset_id: int
) -> None:
    ordered = order(client, dataset_id, name="First", tags=["a"], priority=7)
    where = f"/api/experiments/{ordered['experiment_id']}"
    found = client.get(where).json()
    assert (found["name"], found["status"], found["priority"]) == ("First", "pending", 7)
    assert found["task_id"] == ordered["task_id"]
    assert found["config"]["data"]["window_samples"] > 0

    changed = client.patch(where, json={"note": "why", "tags": ["b", "c"]}).json()
    assert (changed["name"], changed["note"], changed["tags"]) == ("First", "why", ["b", "c"])
    assert client.get("/api/experiments?tag=b").json()["total"] == 1
    assert client.get("/api/experiments?tag=a").json()["total"] == 0

    assert_problem(client.delete(where), 409)
    assert_problem(client.post(f"{where}/stop"), 409)
    assert client.post(f"/api/task-cancel/{ordered['task_id']}").status_code in (200, 202)
    assert client.delete(where).status_code == 204
    assert_problem(client.get(where), 404)
    assert client.get("/api/experiments").json() == {"items": [], "total": 0}


def test_the_list_filters_sorts_and_pages(client: httpx.Client, dataset_id: int) -> None:
    numbers = [order(client, dataset_id, name=f"run {n}")["experiment_id"] for n in range(5)]
    for accuracy, number in zip((0.5, None, 0.9, 0.7, None), numbers, strict=True):
        end(number, accuracy=accuracy)

    def names(query: str) -> list[str]:
        answer = client.get(f"/api/experiments?{query}").json()
        return [item["name"] for item in answer["items"]]

    assert names("sort=accuracy&order=desc&limit=3") == ["run 2", "run 3", "run 0"]
    assert names("sort=accuracy&order=asc&limit=2") == ["run 0", "run 3"]
    assert names("sort=name&order=asc&offset=3") == ["run 3", "run 4"]
    assert names("search=RUN%203") == ["run 3"]
    assert names("search=%25") == []
    assert names("status=failed") == []
    assert len(names("status=failed&status=completed")) == 5
    assert names("since=2100-01-01") == []
    assert len(names("until=2100-01-01&family=cnn1d")) == 5
    assert client.get("/api/experiments?limit=2").json()["total"] == 5


def test_a_clone_keeps_the_configuration_and_names_its_origin(
    client: httpx.Client, dataset_id: int
) -> None:
    first = order(client, dataset_id, config={"seed": 5})["experiment_id"]
    answer = client.post(f"/api/experiments/{first}/clone", json={"config": {"seed": 6}})
    second = answer.json()["experiment_id"]
    assert answer.status_code == 201
    compared = client.get(f"/api/compare?ids={first},{second}").json()
    assert [item["parent_id"] for item in compared["experiments"]] == [None, first]
    assert compared["differences"] == [{"setting": "seed", "values": [5, 6]}]


def test_a_setting_out_of_range_is_named_with_its_field(
    client: httpx.Client, dataset_id: int
) -> None:
    body = {
        "family": "cnn1d",
        "dataset_id": dataset_id,
        "config": {"data": {"window_samples": -1}},
    }
    answer = client.post("/api/experiments", json=body)
    assert_problem(answer, 422)
    assert answer.json()["errors"][0]["field"] == "config.data.window_samples"


@pytest.mark.parametrize(
    "change",
    [
        {"family": "nonesuch"},
        {"preset": "nonesuch"},
        {"preset": "../../etc/passwd"},
        {"dataset_id": 999},
        {"dataset_id": 10**30},
        {"dataset_id": "1; drop table"},
        {"config": {"nonesuch": 1}},
        {"config": {"seed": 10**400}},
        {"config": {"data": {"split_field": "a\0b"}}},
        {"config": {"training": {"epochs": "1" * 5000}}},
        {"config": []},
        {"name": "x" * 201},
        {"name": "a\0b"},
        {"tags": ["x"] * 51},
        {"priority": 10},
        {"surprise": True},
    ],
)
def test_an_order_that_makes_no_sense_is_refused_with_a_sentence(
    client: httpx.Client, dataset_id: int, change: dict[str, Any]
) -> None:
    body = {"family": "cnn1d", "dataset_id": dataset_id, **change}
    assert_problem(client.post("/api/experiments", json=body), 404, 422)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
        b'{"family": NaN, "dataset_id": Infinity}',
        b'{"family": "\\ud800", "dataset_id": 1}',
        b'{"family": "cnn1d", "dataset_id": 1, "config": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        b'{"family": "cnn1d", "dataset_id": ' + b"9" * 10_000 + b"}",
    ],
)
def test_a_damaged_body_is_refused(client: httpx.Client, dataset_id: int, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert_problem(client.post("/api/experiments", content=body, headers=headers), 400, 422)


@pytest.mark.parametrize("hostile", HOSTILE_IDS)
def test_ids_that_are_none_are_refused_everywhere(
    client: httpx.Client, sqlite: str, hostile: str
) -> None:
    for path in ("", "/epochs", "/events", "/artifacts", "/artifacts/x", "/report.pdf"):
        assert_problem(client.get(f"/api/experiments/{hostile}{path}"), 404, 422)
    for action in ("pause", "resume", "stop", "retry", "clone", "report"):
        assert_problem(client.post(f"/api/experiments/{hostile}/{action}"), 404, 422)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=10000000",
        "limit=NaN",
        "offset=-1",
        "offset=" + "9" * 30,
        "sort=password",
        "sort=name;drop",
        "order=sideways",
        "search=" + "x" * 10_000,
        "search=%00",
        "status=nonesuch",
        "dataset_id=" + "9" * 40,
        "since=yesterday",
        "since=0001-01-01T00:00:00%2B14:00",
        "until=9999-12-31T23:59:59-14:00",
        "since=1e400",
    ],
)
def test_a_query_that_makes_no_sense_is_refused(
    client: httpx.Client, any_database: str, query: str
) -> None:
    for path in ("/api/experiments", "/api/experiments.csv"):
        if path.endswith("csv") and query.startswith(("limit", "offset")):
            continue
        assert_problem(client.get(f"{path}?{query}"), 409, 422)


@pytest.mark.parametrize("ids", ["", ",", "a", "1,b", "1" * 30, ",".join(map(str, range(1, 40)))])
def test_comparing_needs_a_few_numbers(client: httpx.Client, sqlite: str, ids: str) -> None:
    assert_problem(client.get(f"/api/compare?ids={ids}"), 422)


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=200))
def test_any_search_is_answered(client: httpx.Client, sqlite: str, text: str) -> None:
    answer = client.get("/api/experiments", params={"search": text})
    assert answer.status_code in (200, 422)


def test_what_a_run_left_behind_is_listed_and_downloaded(client: httpx.Client, sqlite: str) -> None:
    number = finished_run(Toy())
    with write_session() as session:
        rows = [EpochRow(experiment_id=number, epoch=n, values={"loss": 1 / n}) for n in (1, 2, 3)]
        session.add_all(rows)
    where = f"/api/experiments/{number}"
    epochs = client.get(f"{where}/epochs?since=1").json()
    assert [item["epoch"] for item in epochs["items"]] == [2, 3]
    events = client.get(f"{where}/events").json()["items"]
    assert events == sorted(events, key=lambda item: -item["seq"])
    for item in client.get(f"{where}/artifacts").json()["items"]:
        answer = client.get(item["url"])
        assert answer.status_code == 200
        assert len(answer.content) == item["bytes"]
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["../../signalbench.db", "..%2f..%2fsignalbench.db", "/etc/passwd", "%00", "x" * 5000]
)
def test_no_name_leads_out_of_the_artifacts(client: httpx.Client, sqlite: str, name: str) -> None:
    number = finished_run(Toy())
    assert_problem(client.get(f"/api/experiments/{number}/artifacts/{name}"), 404, 422)


def test_a_report_is_ordered_once_and_only_of_a_run_with_results(
    client: httpx.Client, sqlite: str
) -> None:
    number = finished_run(Toy())
    where = f"/api/experiments/{number}"
    assert_problem(client.get(f"{where}/report.pdf"), 404)
    first, second = (client.post(f"{where}/report") for _ in range(2))
    assert (first.status_code, first.json()["url"]) == (202, f"{where}/report.pdf")
    assert first.json()["job_id"] == second.json()["job_id"]
    assert "being made" in assert_problem(client.get(f"{where}/report.pdf"), 404)
    ExperimentStore().describe(number, name="no results")
    end(number, accuracy=None)
    assert_problem(client.post(f"{where}/report"), 409)


def test_the_csv_has_all_rows_and_no_formulas(client: httpx.Client, dataset_id: int) -> None:
    for _ in range(3):
        order(client, dataset_id, name=FORMULA, tags=["+1"])
    order(client, dataset_id, name="plain")
    answer = client.get("/api/experiments.csv?sort=name&order=asc")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-disposition"] == 'attachment; filename="experiments.csv"'
    assert [row["name"] for row in rows] == [f"'{FORMULA}"] * 3 + ["plain"]
    assert rows[0]["tags"] == "'+1"
    assert len(client.get("/api/experiments.csv?search=plain").text.splitlines()) == 2


def test_health_says_what_is_missing(client: httpx.Client, any_database: str) -> None:
    health = client.get("/api/health").json()
    assert set(health["checks"]) == {"database", "redis", "workers", "runs", "disk"}
    assert health["checks"]["database"]["status"] == "ok"
    assert health["checks"]["redis"]["status"] == "problem"
    assert health["checks"]["workers"]["status"] == "problem"
    assert health["status"] == "degraded"


def test_families_come_with_schema_defaults_and_presets(client: httpx.Client) -> None:
    listed = client.get("/api/families").json()
    assert listed["total"] == len(listed["items"]) >= 2
    for row in listed["items"]:
        family = client.get(f"/api/families/{row['name']}").json()
        assert [preset["name"] for preset in family["presets"]] == row["presets"]
        assert set(family["defaults"]) == set(family["config_schema"]["properties"])
    assert_problem(client.get("/api/families/nonesuch"), 404)


def test_the_openapi_document_is_valid_and_has_the_fixed_names(client: httpx.Client) -> None:
    document = client.get("/api/openapi.json").json()
    validate(document)
    fixed = {
        "/api/health", "/api/families", "/api/families/{family}", "/api/experiments",
        "/api/experiments/{experiment_id}", "/api/experiments/{experiment_id}/pause",
        "/api/experiments/{experiment_id}/resume", "/api/experiments/{experiment_id}/stop",
        "/api/experiments/{experiment_id}/retry", "/api/experiments/{experiment_id}/clone",
        "/api/experiments/{experiment_id}/epochs", "/api/experiments/{experiment_id}/events",
        "/api/experiments/{experiment_id}/artifacts",
        "/api/experiments/{experiment_id}/artifacts/{name}",
        "/api/experiments/{experiment_id}/report", "/api/experiments/{experiment_id}/report.pdf",
        "/api/compare", "/api/datasets", "/api/datasets/{dataset_id}",
        "/api/task-status/{task_id}", "/api/task-cancel/{task_id}", "/api/task-logs/{task_id}",
    }  # fmt: skip
    assert fixed <= set(document["paths"])


def test_the_docs_page_needs_no_script_and_no_other_server(client: httpx.Client) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "http://" not in page.text
    assert "/api/experiments/{experiment_id}/clone" in page.text


def test_an_unknown_api_address_is_a_problem_not_a_page(client: httpx.Client) -> None:
    assert "/api/docs" in assert_problem(client.get("/api/nonesuch"), 404)
    assert_problem(client.put("/api/experiments/1", json={}), 404, 405)


def test_foreign_hosts_and_origins_are_refused(client: httpx.Client, sqlite: str) -> None:
    assert_problem(client.get("/api/health", headers={"Host": "evil.example"}), 421)
    for origin in ("http://evil.example", "null", "http://localhost:1", "http://localhost.evil"):
        answer = client.delete("/api/experiments/1", headers={"Origin": origin})
        assert_problem(answer, 403)
    same = client.delete("/api/experiments/1", headers={"Origin": str(client.base_url).rstrip("/")})
    assert_problem(same, 404)


def test_a_body_too_large_or_without_length_is_refused(client: httpx.Client) -> None:
    large = json.dumps({"name": "x" * 3_000_000})
    assert_problem(client.post("/api/experiments", content=large), 413)
    assert_problem(client.post("/api/experiments", content=iter([b"{}"])), 411)


def test_every_answer_carries_the_security_headers(client: httpx.Client, sqlite: str) -> None:
    for path in ("/", "/api/families", "/api/nonesuch", "/assets/10-base.css"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe-eval" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
