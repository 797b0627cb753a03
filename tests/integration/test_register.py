"""The register on both databases, and over REST."""

from __future__ import annotations

import httpx
import pytest

from storage.database import write_session
from storage.entities import ConflictError, DatasetEntity, NotFoundError
from storage.models import Experiment
from storage.stores.datasets import DatasetStore, ReadyFacts
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.model_versions import Stage
from storage.stores.register import RegisterStore, generated_name
from storage.stores.runs import RunStore
from tests.support.web import serving

NAME = "Classification · ok / worn · Rig"


@pytest.fixture
def dataset(any_database: str) -> DatasetEntity:
    made = DatasetStore().create("Rig", source="upload")
    DatasetStore().set_ready(
        made.id, ReadyFacts("f" * 64, "rig", 8, 8, 1, 800, 100.0, ["ok", "worn"], 0, 64)
    )
    return DatasetStore().get(made.id)


def run(dataset: DatasetEntity, accuracy: float | None = 0.9, parent: int | None = None) -> int:
    new = NewExperiment("A run", "cnn1d", dataset.id, {"seed": 1}, parent_id=parent)
    number = ExperimentStore().create(new).id
    with write_session() as session:
        row = session.get_one(Experiment, number)
        row.accuracy, row.metrics = accuracy, {"accuracy": accuracy}
    return number


def test_versions_count_up_and_know_where_they_came_from(dataset: DatasetEntity) -> None:
    store = RegisterStore()
    first = run(dataset)
    name = store.suggested_name(first)
    assert name == NAME
    one = store.register(first, name, note="first try", tags=["rig"])
    two = store.register(run(dataset), name)
    child = store.register(run(dataset, parent=first), name)
    assert [(v.version, v.parent) for v in (one, two, child)] == [(1, None), (2, 1), (3, 1)]
    model = store.get(one.model_id)
    assert [v.version for v in model.versions] == [3, 2, 1]
    assert (model.newest, model.production) == (child, None)
    assert one.dataset_name == "Rig"
    assert one.metrics == {"accuracy": 0.9}
    assert store.of_experiments([first])[0][0] == NAME
    assert store.names() == [NAME]


def test_a_run_without_result_or_already_registered_is_refused(dataset: DatasetEntity) -> None:
    store = RegisterStore()
    with pytest.raises(ConflictError, match="no result"):
        store.register(run(dataset, accuracy=None), NAME)
    number = run(dataset)
    store.register(number, NAME)
    with pytest.raises(ConflictError, match="version 1 of"):
        store.register(number, NAME)
    with pytest.raises(NotFoundError):
        store.register(4711, NAME)


def test_the_run_behind_a_version_cannot_be_deleted(dataset: DatasetEntity) -> None:
    number = run(dataset)
    lease = RunStore().claim_next("test", "here", 60.0)
    assert lease is not None
    model = RegisterStore().register(number, NAME).model_id
    RunStore().fail(lease, "Enough.")
    with pytest.raises(ConflictError, match="version 1 of the model"):
        ExperimentStore().delete(number)
    RegisterStore().delete(model)
    ExperimentStore().delete(number)


def test_production_holds_one_version_and_can_be_rolled_back(dataset: DatasetEntity) -> None:
    store = RegisterStore()
    model = store.register(run(dataset), NAME).model_id
    for _ in range(2):
        store.register(run(dataset), NAME)
    with pytest.raises(ConflictError, match="No other version"):
        store.roll_back(model)
    for version in (1, 2, 3):
        found = store.move(model, version, Stage.PRODUCTION)
        assert found.production is not None
        assert found.production.version == version
    with pytest.raises(ConflictError, match="already"):
        store.move(model, 3, Stage.PRODUCTION)
    back = store.roll_back(model, "Too many false alarms.")
    assert {v.version: v.stage for v in back.versions} == {
        3: Stage.ARCHIVED, 2: Stage.PRODUCTION, 1: Stage.ARCHIVED,
    }  # fmt: skip
    newest = store.changes(model)[0]
    assert (newest.version, newest.after, newest.note) == (
        2, Stage.PRODUCTION, "Too many false alarms.",
    )  # fmt: skip
    with pytest.raises(ConflictError, match="in production"):
        store.delete(model)
    store.move(model, 2, Stage.ARCHIVED)
    store.delete(model)
    assert store.all() == []


def test_names_say_few_classes_and_count_many() -> None:
    assert generated_name(["a", "b"], "Rig") == "Classification · a / b · Rig"
    assert generated_name([str(i) for i in range(11)], "Rig") == "Classification · 11 classes · Rig"
    assert len(generated_name(["x"], "y" * 300)) == 200


def test_the_register_over_rest(dataset: DatasetEntity) -> None:
    first, second = run(dataset), run(dataset)
    with serving() as bench, httpx.Client(base_url=bench.url, timeout=30) as client:
        made = client.post("/api/models", json={"experiment_id": first})
        assert made.status_code == 201, made.text
        model = made.json()
        assert (model["name"], model["versions"][0]["version"]) == (NAME, 1)
        client.post("/api/models", json={"experiment_id": second, "name": NAME, "tags": ["x"]})
        where = f"/api/models/{model['id']}"
        for version in (1, 2):
            answer = client.post(f"{where}/versions/{version}/stage", json={"stage": "production"})
            assert answer.status_code == 200, answer.text
        back = client.post(f"{where}/rollback", json={}).json()
        assert [v["stage"] for v in back["versions"]] == ["archived", "production"]
        assert len(client.get(f"{where}/changes").json()["items"]) == 5
        changed = client.patch(where, json={"category": "Bearings", "note": "For the mill."})
        assert changed.json()["category"] == "Bearings"
        assert client.patch(where, json={"name": " "}).status_code == 422
        again = client.post("/api/models", json={"experiment_id": first, "name": NAME})
        assert again.status_code == 409
        assert "version 1 of" in again.json()["detail"]
        assert client.delete(where).status_code == 409
        assert client.get("/api/models/99").status_code == 404
        assert [item["name"] for item in client.get("/api/models").json()["items"]] == [NAME]
