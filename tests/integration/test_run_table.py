"""Groups, pivot, exports and views over REST, opened by other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.database import write_session
from storage.models import Dataset, Experiment, ExperimentMetric
from storage.stores.experiments import ExperimentStore, NewExperiment
from tests.support.web import serving

FORMULA = '=HYPERLINK("http://evil.example")'
NAMES = (FORMULA, "@sum", "-1+1", "\t=1", "plain, with comma")
TYPED = "id,name,status,kept,tags,created_at,accuracy,param:training.batch_size,metric:val_loss"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as bench:
        yield bench.url


@pytest.fixture
def client(url: str, sqlite: str, data_folder: Path) -> Iterator[httpx.Client]:
    with write_session() as session:
        session.add(Dataset(id=1, name=FORMULA, status="ready", source="upload", fingerprint="f"))
    for number, name in enumerate(NAMES, 1):
        config = {"training": {"batch_size": 2**number, "mode": FORMULA}}
        ExperimentStore().create(NewExperiment(name, "cnn1d", 1, config, tags=(FORMULA, "b")))
        with write_session() as session:
            row = session.get_one(Experiment, number)
            row.status = "running"
            session.flush()
            row.status, row.accuracy, row.macro_f1 = "completed", 0.5 + number / 10, 0.5
            session.add(ExperimentMetric(experiment_id=number, key="val_loss", value=number / 8))
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


def test_no_cell_of_a_csv_file_is_a_formula(client: httpx.Client) -> None:
    columns = "name,tags,dataset_name,accuracy,param:training.mode,metric:val_loss"
    text = client.get(f"/api/experiments.csv?columns={columns}&sort=id&order=asc").text
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == columns.split(",")
    assert [row[0] for row in rows[1:]] == [f"'{name}" for name in NAMES[:4]] + [NAMES[4]]
    assert rows[1][1:] == [f"'{FORMULA}; b", f"'{FORMULA}", "0.6", f"'{FORMULA}", "0.125"]
    pivot = client.get("/api/experiment-pivot?format=csv").text
    assert all(not cell.startswith("=") for row in csv.reader(io.StringIO(pivot)) for cell in row)


def test_parquet_has_a_type_for_every_column(client: httpx.Client) -> None:
    answer = client.get(f"/api/experiments.parquet?columns={TYPED}&q=id > 1&sort=id&order=asc")
    table = pq.read_table(io.BytesIO(answer.content))
    assert [str(kind) for kind in table.schema.types] == [
        "int64", "string", "string", "bool", "list<element: string>", "timestamp[us, tz=UTC]",
        "double", "double", "double",
    ]  # fmt: skip
    assert table["name"].to_pylist() == list(NAMES[1:])
    assert table["param:training.batch_size"].to_pylist() == [4, 8, 16, 32]
    assert table["metric:val_loss"] == pa.chunked_array([[0.25, 0.375, 0.5, 0.625]])
    assert table["tags"].to_pylist()[0] == [FORMULA, "b"]


def test_lists_groups_and_views_are_given_and_what_is_wrong_is_said(client: httpx.Client) -> None:
    listed = client.get("/api/experiments?q=val.loss > 0.2&sort=-metric:val_loss,name&limit=2")
    assert [row["id"] for row in listed.json()["items"]] == [5, 4]
    assert listed.json()["total"] == 4
    group = client.get("/api/experiment-groups?by=family").json()["items"][0]
    assert (group["n"], group["best_id"], group["accuracy"]["mean"]) == (5, 5, pytest.approx(0.8))
    latex = client.get("/api/experiment-pivot?format=latex&metric=accuracy").text
    assert r"$0.800 \pm 0.158$ (5)" in latex
    for path in ("/api/experiments", "/api/experiments.csv", "/api/experiment-groups?by=tag&"):
        wrong = client.get(f"{path}{'' if '?' in path else '?'}q=acuracy > 1")
        assert wrong.status_code == 422
        problem = wrong.json()
        assert (problem["position"], problem["length"]) == (0, 7)
        assert problem["suggestions"][0] == "accuracy"
    completed = client.get("/api/experiment-completions?text=val.lo").json()
    assert completed["items"][0]["text"] == "val_loss"
    saved = client.post("/api/views", json={"name": FORMULA, "query": "q=a", "is_default": True})
    assert saved.status_code == 201
    assert client.get("/api/views").json()["items"][0]["name"] == FORMULA
    bulk = {"action": "delete", "ids": [1, 2, 99]}
    assert client.post("/api/experiments/bulk", json=bulk).json()["done"] == [1, 2]
    assert client.get("/api/experiments?deleted=true").json()["total"] == 2
