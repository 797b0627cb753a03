"""Databases of every earlier version, with rows of their time, brought up to date and used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alembic import command
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, insert, text, update
from sqlalchemy.exc import DBAPIError

from storage.database import (
    DatabaseUnusableError,
    migrate,
    migration_config,
    read_session,
    write_session,
)
from storage.entities import DatasetStatus, JobStatus, Status
from storage.models import Experiment
from storage.stores.datasets import DatasetStore
from storage.stores.experiment_queries import ExperimentQuery
from storage.stores.experiments import ExperimentStore
from storage.stores.job_runs import JobRunStore
from storage.stores.jobs import JobStore
from storage.stores.metrics import MetricStore
from storage.stores.notifications import Notice, announce
from storage.stores.runs import Epoch, Finished, RunStore
from storage.stores.saved_configs import SavedConfigStore
from storage.stores.workers import WorkerStore
from tests.support.servers import Postgres

RELEASED = ("v0_1_0", "v0_1_1", "v0_2_0", "v0_3_0")
"""The schemas people's databases may have; add one with each release."""
THEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
NO_LEASE: dict[str, Any] = {
    "token": 0, "lease_owner": "", "lease_until": 0.0, "attempts": 0, "stalled": 0,
}  # fmt: skip
DATASET: dict[str, Any] = {
    "owner_id": "local", "name": "Prüfstand 3", "kind": "signal", "version": 1, "status": "ready",
    "source": "upload", "summary": "", "builtin_key": None, "fingerprint": "f" * 64, "folder": "1",
    "n_recordings": 12, "n_groups": 4, "n_channels": 2, "n_samples": 3_000_000_000,
    "sampling_rate_hz": 25_600.0, "classes": ["healthy", "inner race"], "bytes": 24_000_000_000,
    "window_samples": 2048, "overlap": 0.5, "inspection": {"options": {}}, "error": "",
    "created_at": THEN, "deleted_at": None,
}  # fmt: skip
EXPERIMENT: dict[str, Any] = {
    "owner_id": "local", "family": "cnn1d", "preset": "quick_test", "dataset_id": 1,
    "dataset_fingerprint": "f" * 64, "config": {"training": {"epochs": 3}}, "control": "",
    "priority": 5, "epochs_done": 0, "epochs_total": 3, "progress": 0.0, "checkpoint": "",
    "checkpoint_sha256": "", "split_name": "", "split_digest": "", "leaky": False,
    "accuracy": None, "macro_f1": None, "metrics": {}, "n_parameters": 0, "work_units": 10.0,
    "seconds": 0.0, "host": "", "error": "", "note": "", "tags": [], "parent_id": None,
    "created_at": THEN, "started_at": None, "finished_at": None, "deleted_at": None,
} | NO_LEASE  # fmt: skip
FINISHED: dict[str, Any] = {
    "status": "completed", "epochs_done": 3, "progress": 1.0, "accuracy": 0.97, "macro_f1": 0.96,
    "metrics": {"accuracy": 0.97}, "n_parameters": 5_000_000_000, "seconds": 61.5, "note": "best",
    "config": {
        "training": {"epochs": 3},
        "data": {"split": "field", "split_field": "load", "test_values": ["2", "3"]},
    },
    "tags": ["Turbine", "März"], "split_digest": "d" * 64, "started_at": THEN,
    "finished_at": THEN + timedelta(minutes=1), "token": 2, "attempts": 2,
}  # fmt: skip
RUNS: tuple[dict[str, Any], ...] = (
    {"name": "done", **FINISHED},
    {"name": "open", "status": "running", "epochs_done": 1, "checkpoint": "2/attempt-1/c.pt",
     "token": 1, "attempts": 1, "lease_owner": "gone:1", "lease_until": 1.0, "started_at": THEN},
    {"name": "next", "status": "pending", "priority": 9, "parent_id": 1},
    {"name": "held", "status": "paused", "control": ""},
    {"name": "lost", "status": "failed", "error": "The disk was full.", "finished_at": THEN},
)  # fmt: skip
LOSSES = (1.5, None, 0.25)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_database(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> str:
    from storage.settings import settings

    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        monkeypatch.setenv("DATABASE_URL", server.new_database())
        settings.cache_clear()
    return settings().database_url


def fill(url: str, revision: str) -> None:
    """Write the rows that a bench of that revision would have, past our present models."""
    engine = create_engine(url)
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        for name, row in rows_of(revision):
            connection.execute(insert(tables.tables[name]).values(row))
    engine.dispose()


def rows_of(revision: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "dataset", DATASET
    newer: dict[str, Any] = {} if revision < "v0_2_0" else {"forecast": {"mid": 60.0}}
    if revision >= "v0_3_0":
        newer |= {"queue_rank": 0, "kept": False, "memory_bytes": 0}
    for number, run in enumerate(RUNS, 1):
        yield "experiment", EXPERIMENT | {"task_id": f"task-{number}"} | newer | run
    if revision > "v0_1_0":
        for tag in FINISHED["tags"]:
            yield "experiment_tag", {"tag": tag, "experiment_id": 1}
    for epoch, loss in enumerate(LOSSES, 1):
        values = {"train_loss": loss, "val_loss": 0.5}
        yield "epoch_row", {"experiment_id": 1, "epoch": epoch, "values": values,
                            "created_at": THEN}  # fmt: skip
    steps = np.arange(1, 4, dtype=np.int32).tobytes()
    low = np.array([1.5, np.nan, 0.25]).tobytes()
    yield "metric_chunk", {"experiment_id": 1, "series": "train_loss", "level": 0, "chunk": 0,
                           "steps": steps, "low": low, "high": b""}  # fmt: skip
    yield "epoch_row", {"experiment_id": 2, "epoch": 1, "values": {"train_loss": 2.0},
                        "created_at": THEN}  # fmt: skip
    yield "event", {"experiment_id": 1, "seq": 1, "level": "success", "kind": "completed",
                    "message": "Completed.", "created_at": THEN}  # fmt: skip
    for key, value in (("accuracy", 0.97), ("validation_accuracy", 0.9), ("best_epoch", 3.0)):
        yield "experiment_metric", {"experiment_id": 1, "key": key, "value": value}
    yield "experiment_param", {"experiment_id": 1, "key": "training.epochs", "text": "3",
                               "number": 3.0}  # fmt: skip
    yield "artifact", {"experiment_id": 1, "name": "report.pdf", "kind": "report",
                       "path": "1/0/report.pdf", "bytes": 9, "sha256": "a" * 64,
                       "created_at": THEN}  # fmt: skip
    yield "saved_config", {"owner_id": "local", "name": "mine", "family": "cnn1d", "dataset_id": 1,
                           "config": {"seed": 4}, "created_at": THEN}  # fmt: skip
    yield "worker", {"name": "gone:1", "host": "gone", "slots": 1, "facts": {}, "seen_at": 1.0}
    job = {"owner_id": "local", "payload": {}, "result": {}, "error": "", "dataset_id": None,
           "experiment_id": 1, "created_at": THEN, "finished_at": None} | NO_LEASE  # fmt: skip
    job |= {"priority": 5} if revision >= "v0_3_0" else {}
    yield "job", job | {"kind": "report", "status": "queued"}
    yield "job", job | {"kind": "probe", "status": "done", "experiment_id": None,
                        "finished_at": THEN, "result": {"seconds": 1.0}}  # fmt: skip


@pytest.fixture(params=RELEASED)
def upgraded(empty_database: str, request: pytest.FixtureRequest) -> str:
    command.upgrade(migration_config(empty_database), request.param)
    fill(empty_database, request.param)
    migrate()
    return str(request.param)


def test_every_earlier_version_is_tried() -> None:
    known = ScriptDirectory.from_config(migration_config("sqlite://"))
    head = known.get_current_head()
    assert tuple(r.revision for r in reversed(list(known.walk_revisions()))) == (*RELEASED, head)


def test_everything_of_an_earlier_version_is_read_and_used(upgraded: str) -> None:
    _rows_are_read(upgraded)
    _history_is_read()
    _runs_are_found_by_what_they_measured_and_held_out()
    _runs_go_on()
    _the_database_guards_states()


def _rows_are_read(revision: str) -> None:
    store = ExperimentStore()
    page = store.page(ExperimentQuery())
    assert {run.name: run.status for run in page.items} == {
        run["name"]: Status(run["status"]) for run in RUNS
    }
    done = store.get(1)
    assert (done.accuracy, done.macro_f1, done.seconds) == (0.97, 0.96, 61.5)
    assert (done.n_parameters, done.tags, done.note) == (5_000_000_000, ["Turbine", "März"], "best")
    assert (done.created_at, done.finished_at) == (THEN, THEN + timedelta(minutes=1))
    assert (done.forecast or {}) == ({} if revision < "v0_2_0" else {"mid": 60.0})
    assert (done.time_limit_seconds, done.kept, done.memory_bytes) == (None, False, 0)
    assert [run.name for run in store.page(ExperimentQuery(tags=("Turbine",))).items] == ["done"]
    assert store.known_tags() == ["März", "Turbine"]
    assert [(a.name, a.path) for a in store.artifacts(1)] == [("report.pdf", "1/0/report.pdf")]
    assert [event.message for event in store.events(1)] == ["Completed."]
    assert store.get(5).error == "The disk was full."
    dataset = DatasetStore().get(1)
    assert (dataset.name, dataset.status, dataset.n_samples) == (
        "Prüfstand 3", DatasetStatus.READY, 3_000_000_000,
    )  # fmt: skip
    assert SavedConfigStore().all()[0].config == {"seed": 4}
    assert WorkerStore().alive() == []
    assert [job.kind for job in JobStore().finished("probe", 5)] == ["probe"]


def _history_is_read() -> None:
    assert [row.values["train_loss"] for row in ExperimentStore().epochs(1)] == list(LOSSES)
    sealed = MetricStore().history(1, "train_loss")
    assert sealed.steps.tolist() == [1, 2, 3]
    assert np.array_equal(sealed.low, [1.5, np.nan, 0.25], equal_nan=True)


def _runs_are_found_by_what_they_measured_and_held_out() -> None:
    wanted = "val.accuracy = 0.9 and val.loss = 0.5 and train.loss < 0.3 and load in (2..3)"
    found = ExperimentStore().page(ExperimentQuery(where=wanted)).items
    assert [run.name for run in found] == ["done"]


def _runs_go_on() -> None:
    runs, store = RunStore(), ExperimentStore()
    first = runs.claim_next("new", "host", 60.0)
    assert first is not None
    assert store.get(first.id).name == "next"
    assert runs.reap() == [2]
    second = runs.claim_next("new", "host", 60.0)
    assert second is not None
    assert (second.id, second.token > 1) == (2, True)
    assert runs.claimed(second).epochs_done == 1
    assert runs.commit_epoch(second, Epoch(2, 3, {"train_loss": 1.0}, 5.0))
    runs.finish(second, Finished(Status.COMPLETED, {"accuracy": 1.0}, "", "", False, 7, 9.0))
    assert store.get(2).status is Status.COMPLETED
    assert MetricStore().history(2, "train_loss").low.tolist() == [2.0, 1.0]
    assert runs.order(4, "resume").status is Status.PENDING
    assert runs.retry(5).status is Status.PENDING
    job = JobRunStore().claim_next("new", 60.0)
    assert job is not None
    JobRunStore().done(job, {})
    assert JobStore().get(job.id).status is JobStatus.DONE
    with write_session() as session:
        announce(session, Notice("info", "completed", "told", "", 1))
    store.delete(1)
    assert store.undelete(1).name == "done"


def _the_database_guards_states() -> None:
    with pytest.raises(DBAPIError, match="no way"), write_session() as session:
        session.execute(update(Experiment).where(Experiment.id == 1).values(status="running"))
    with read_session() as session:
        assert session.get_one(Experiment, 1).status == Status.COMPLETED


def test_a_database_newer_than_the_program_is_refused_in_words(empty_database: str) -> None:
    migrate()
    with write_session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'v9_0_0'"))
    with pytest.raises(DatabaseUnusableError, match="newer Signalbench"):
        migrate()


def test_an_upgrade_that_breaks_off_leaves_the_database_as_it_was(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.upgrade(migration_config(empty_database), "v0_2_0")
    fill(empty_database, "v0_2_0")
    before = _schema(empty_database)
    create_index = Operations.create_index

    def break_off(self: Operations, name: str, *given: Any, **named: Any) -> Any:
        if name == "ix_job_claim":
            raise KeyboardInterrupt
        return create_index(self, name, *given, **named)

    with monkeypatch.context() as broken:
        broken.setattr(Operations, "create_index", break_off)
        with pytest.raises(KeyboardInterrupt):
            migrate()
    assert _schema(empty_database) == before
    migrate()
    _rows_are_read("v0_2_0")


def _schema(url: str) -> dict[str, set[str]]:
    engine = create_engine(url)
    tables = MetaData()
    tables.reflect(engine)
    engine.dispose()
    return {name: set(table.columns.keys()) for name, table in tables.tables.items()}
