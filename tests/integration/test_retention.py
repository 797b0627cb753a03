"""The clean-up: what goes, when, and what never does."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.artifacts import artifacts
from storage.database import engine, write_session
from storage.entities import NotFoundError, Status
from storage.models import Experiment
from storage.settings import settings
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore
from storage.stores.runs import RunStore
from tasks.house_id import ForeignFolderError
from tasks.house_lock import HouseBusyError, files_stay
from tasks.retention import CleanUp, clean_up
from tasks.retention_plan import plan
from tasks.retention_policy import (
    RetentionPolicy,
    automatic_from,
    keep_policy,
    load_policy,
    order_clean_up_when_due,
)
from tests.support.finished_run import Toy, finished_run

NOW = datetime.now(UTC)


def quiet(_share: float, _what: str) -> None:
    """Say nothing."""


def change(run_id: int, **values: object) -> None:
    with write_session() as session:
        row = session.get(Experiment, run_id)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)


def old_run(status: Status, days: int, key: str) -> int:
    """Make a run that ended so many days ago, with a checkpoint in its working folder."""
    run_id = finished_run(Toy(name=key), key=key)
    folder = settings().runs_folder / str(run_id) / "attempt-1" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "epoch-0004.pt").write_bytes(b"x" * 5000)
    (settings().runs_folder / str(run_id) / "log.jsonl").write_text("")
    checkpoint = f"{run_id}/attempt-1/checkpoints/epoch-0004.pt"
    # Straight to where the run would have gone, past the ways between states.
    with write_session() as session:
        row = session.get(Experiment, run_id)
        assert row is not None
        values = {c.name: getattr(row, c.name) for c in Experiment.__table__.columns}
        session.delete(row)
        session.flush()
        values |= {
            "status": status,
            "finished_at": NOW - timedelta(days=days),
            "checkpoint": checkpoint,
            "accuracy": None if status in (Status.FAILED, Status.CANCELLED) else 0.9,
        }
        session.add(Experiment(**values))
    return run_id


def clean(now: datetime = NOW) -> CleanUp:
    return clean_up(quiet, by_hand=True, now=now)


def test_intermediate_checkpoints_go_after_their_time_and_the_best_stays(any_database: str) -> None:
    young, old = old_run(Status.STOPPED, 29, "young"), old_run(Status.STOPPED, 31, "old")
    for name in ("best.pt", "last.pt"):
        source = settings().data / name
        source.write_bytes(name.encode() * 1000)
        made = artifacts().put(old, 1, source, name, "checkpoint")
        with write_session() as session:
            session.add(made.row(old))
        source.unlink()
    due = [item for item in plan(load_policy(), NOW) if item.due <= NOW]
    assert [(item.kind, item.bytes) for item in due] == [("intermediate", 12_000)]
    assert clean() == CleanUp(1, 12_000)
    names = [item.name for item in ExperimentStore().artifacts(old)]
    assert "best.pt" in names
    assert "last.pt" not in names
    assert not (settings().runs_folder / str(old) / "attempt-1").exists()
    assert (settings().runs_folder / str(old) / "log.jsonl").exists()
    found = ExperimentStore().get(old)
    assert found.trimmed_at is not None
    assert ExperimentStore().events(old)[0].kind == "trimmed"
    assert ExperimentStore().get(young).trimmed_at is None
    assert (settings().runs_folder / str(young) / "attempt-1").exists()
    assert clean() == CleanUp(0, 0)


def test_failed_runs_lose_their_files_unless_kept_and_can_be_run_again(any_database: str) -> None:
    failed, kept = old_run(Status.FAILED, 8, "failed"), old_run(Status.CANCELLED, 8, "kept")
    ExperimentStore().describe(kept, kept=True)
    assert clean().items == 1
    assert not (settings().artifacts_folder / str(failed)).exists()
    assert ExperimentStore().artifacts(failed) == []
    assert "Retry" in ExperimentStore().events(failed)[0].message
    assert (settings().runs_folder / str(kept) / "attempt-1").exists()
    assert list((settings().data / ".trash").glob("*")) == []
    again = RunStore().retry(failed)
    assert (again.status, again.purged_at) == (Status.PENDING, None)


def test_a_run_started_again_between_list_and_act_keeps_its_files(
    sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = old_run(Status.FAILED, 8, "failed")
    listed = plan(load_policy(), NOW)
    RunStore().retry(failed)
    monkeypatch.setattr("tasks.retention.plan", lambda *_: listed)
    assert clean() == CleanUp(0, 0)
    assert (settings().runs_folder / str(failed) / "attempt-1").exists()


def test_deleted_experiments_can_be_brought_back_until_their_files_go(sqlite: str) -> None:
    run_id = finished_run(Toy(tags=("one",)))
    ExperimentStore().delete(run_id)
    assert clean() == CleanUp(0, 0)
    assert ExperimentStore().undelete(run_id).tags == ["one"]
    assert ExperimentStore().known_tags() == ["one"]
    ExperimentStore().delete(run_id)
    assert clean(NOW + timedelta(days=8)).items == 1
    assert not (settings().artifacts_folder / str(run_id)).exists()
    with pytest.raises(NotFoundError):
        ExperimentStore().undelete(run_id)


def test_what_an_ensemble_is_made_of_stays_though_deleted(sqlite: str) -> None:
    member, other = finished_run(Toy()), finished_run(Toy(), key="other")
    ensemble = finished_run(Toy(), key="ensemble")
    change(ensemble, family="ensemble", config={"members": {"experiments": [member]}})
    for run_id in (member, other):
        ExperimentStore().delete(run_id)
    assert [item.run.id for item in plan(load_policy(), NOW) if item.run] == [other]


def test_what_nobody_points_to_goes_after_a_day(sqlite: str) -> None:
    run_id = finished_run(Toy())
    stray = [
        settings().runs_folder / "999",
        settings().runs_folder / str(run_id) / "attempt-7",
        settings().artifacts_folder / str(run_id) / "7",
        settings().datasets_folder / ".import-x",
        settings().uploads_folder / "77",
    ]
    for folder in stray:
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(b"1234")
    assert clean() == CleanUp(0, 0)
    yesterday = (NOW - timedelta(hours=25)).timestamp()
    for folder in stray:
        os.utime(folder / "file", (yesterday, yesterday))
        os.utime(folder, (yesterday, yesterday))
    assert clean() == CleanUp(5, 20)
    assert not any(folder.exists() for folder in stray)
    for item in ExperimentStore().artifacts(run_id):
        assert artifacts().path(item.path).is_file()


def test_nothing_goes_by_itself_before_the_list_could_be_seen(sqlite: str) -> None:
    run_id = old_run(Status.FAILED, 8, "failed")
    order_clean_up_when_due()
    order_clean_up_when_due()
    assert JobStore().latest("retention") is not None
    assert clean_up(quiet, by_hand=False) == CleanUp(0, 0)
    assert automatic_from() > NOW + timedelta(days=6)
    keep_policy(RetentionPolicy(failed_days=9))
    assert clean_up(quiet, by_hand=False, now=NOW + timedelta(hours=2)) == CleanUp(0, 0)
    keep_policy(RetentionPolicy(failed_days=7))
    assert clean_up(quiet, by_hand=False, now=NOW + timedelta(hours=2)).items == 1
    assert not (settings().runs_folder / str(run_id) / "attempt-1").exists()


def test_a_backup_and_a_clean_up_exclude_each_other(sqlite: str, data_folder: Path) -> None:
    with files_stay(), files_stay(), pytest.raises(HouseBusyError, match="backup"):
        clean()
    assert clean() == CleanUp(0, 0)


def test_files_of_another_database_are_left_alone(
    sqlite: str, data_folder: Path, migrated_sqlite: Path
) -> None:
    run_id = old_run(Status.FAILED, 8, "failed")
    order_clean_up_when_due()
    engine().dispose()
    for path in data_folder.glob("signalbench.db*"):
        path.unlink()
    shutil.copyfile(migrated_sqlite, data_folder / "signalbench.db")
    with pytest.raises(ForeignFolderError, match="another database"):
        clean(NOW + timedelta(days=99))
    assert (settings().runs_folder / str(run_id) / "attempt-1").exists()
    assert (settings().artifacts_folder / str(run_id)).exists()
