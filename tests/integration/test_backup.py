"""Backups: taken while runs go on, restored elsewhere, on either kind of database."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.core.data.builtin import builtin_sets
from integrations.core.evaluation.store import METRICS
from storage import dump
from storage.artifacts import artifacts, sha256_of
from storage.database import engine, migrate
from storage.entities import Status
from storage.settings import settings
from storage.stores.experiments import ExperimentStore
from tasks.archive import ArchiveError
from tasks.backup import back_up
from tasks.import_jobs import BUILTIN_MARK
from tasks.restore import RestoreError, restore
from tests.conftest import _forget
from tests.support.finished_run import Toy, finished_run
from tests.support.servers import Postgres
from tests.support.station import LEASE, Station, running_worker

SAME = (METRICS, "predictions.csv", "model.safetensors")


def quiet(_sentence: str) -> None:
    """Say nothing."""


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Give a function that points this process at another, empty bench."""

    def go(database_url: str = "") -> Path:
        engine().dispose()
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        monkeypatch.setenv("SIGNALBENCH_DATA", str(folder))
        monkeypatch.setenv("DATABASE_URL", database_url)
        _forget()
        migrate()
        return folder

    return go


def no_builtin_sets() -> None:
    """Say that the built-in sets were made, so that no worker spends time on them here."""
    keys = [each.key for each in builtin_sets()]
    (settings().datasets_folder / BUILTIN_MARK).write_text(json.dumps(keys), encoding="utf-8")


def all_rows() -> dict[str, list[dict[str, Any]]]:
    with dump.snapshot() as connection:
        return {table.name: list(dump.rows_of(connection, table)) for table in dump.tables()}


def stored_hashes(experiment_id: int) -> dict[str, str]:
    found = ExperimentStore().artifacts(experiment_id)
    for item in found:
        assert sha256_of(artifacts().path(item.path)) == item.sha256
    return {item.name: item.sha256 for item in found if item.name in SAME}


def test_a_run_backed_up_in_its_midst_ends_elsewhere_with_the_same_numbers(
    sqlite: str,
    redis_url: str,
    data_folder: Path,
    elsewhere: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {**LEASE, "REDIS_URL": redis_url}.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    station = Station(data_folder)
    no_builtin_sets()
    with running_worker(station):
        straight = station.await_status(station.new_run(30).id, Status.COMPLETED)
        twin = station.new_run(30)
        station.await_epoch(twin.id, 3)
        summary = back_up(data_folder / "bench.zip", quiet)
        assert ExperimentStore().get(twin.id).status is Status.RUNNING
    assert summary.missing == []
    expected = stored_hashes(straight.id)
    archive = data_folder / "bench.zip"
    station.data = elsewhere()
    restored = restore(archive, quiet)
    assert restored.open_runs == 1
    before = ExperimentStore().get(twin.id)
    assert (before.status, before.attempts) == (Status.PENDING, 1)
    with running_worker(station):
        ended = station.await_status(twin.id, Status.COMPLETED, Status.FAILED)
    assert ended.status is Status.COMPLETED, ended.error
    events = [event.message for event in ExperimentStore().events(twin.id)]
    assert any("going on after epoch" in message for message in events)
    assert stored_hashes(twin.id) == expected == stored_hashes(straight.id)
    assert [row.epoch for row in ExperimentStore().epochs(twin.id)] == list(range(1, 31))


def test_a_backup_crosses_from_one_database_to_the_other(
    any_database: str,
    tmp_path: Path,
    elsewhere: Callable[..., Path],
    request: pytest.FixtureRequest,
) -> None:
    run_id = finished_run(Toy(tags=("kept",), note="The first one"))
    clone = finished_run(Toy(name="Second"), key="second")
    rows = all_rows()
    back_up(tmp_path / "bench.zip", quiet)
    other = ""
    if any_database.startswith("sqlite"):
        server: Postgres = request.getfixturevalue("postgres")
        other = server.new_database(request.getfixturevalue("migrated_postgres"))
    elsewhere(other)
    assert restore(tmp_path / "bench.zip", quiet).open_runs == 0
    assert all_rows() == rows
    assert ExperimentStore().get(run_id).tags == ["kept"]
    for item in ExperimentStore().artifacts(clone):
        assert sha256_of(artifacts().path(item.path)) == item.sha256
    assert finished_run(Toy(name="Third"), key="third") > clone


def test_a_bench_with_runs_is_only_replaced_by_force(
    sqlite: str, tmp_path: Path, elsewhere: Callable[..., Path]
) -> None:
    finished_run(Toy(name="Saved"))
    back_up(tmp_path / "bench.zip", quiet)
    folder = elsewhere()
    finished_run(Toy(name="In the way"))
    with pytest.raises(RestoreError, match="--force"):
        restore(tmp_path / "bench.zip", quiet)
    summary = restore(tmp_path / "bench.zip", quiet, force=True)
    assert [run.name for run in ExperimentStore().several([1, 2])] == ["Saved"]
    assert summary.aside is not None
    assert summary.aside.parent == folder
    with zipfile.ZipFile(summary.aside / "database.zip") as old:
        assert b"In the way" in old.read("rows/experiment.jsonl")
    assert (summary.aside / "artifacts" / "1").is_dir()


def test_a_damaged_backup_changes_nothing(
    sqlite: str, tmp_path: Path, elsewhere: Callable[..., Path]
) -> None:
    finished_run(Toy(name="Saved"))
    back_up(tmp_path / "bench.zip", quiet)
    raw = bytearray((tmp_path / "bench.zip").read_bytes())
    place = raw.find(b"samples.f32") + 400
    raw[place] ^= 0xFF
    (tmp_path / "torn.zip").write_bytes(raw)
    (tmp_path / "half.zip").write_bytes(raw[: len(raw) // 2])
    folder = elsewhere()
    for name in ("torn.zip", "half.zip"):
        with pytest.raises(ArchiveError, match="damaged"):
            restore(tmp_path / name, quiet)
    assert ExperimentStore().several([1]) == []
    assert not (folder / "datasets").exists()
    assert list(folder.glob(".restore-*")) == []
