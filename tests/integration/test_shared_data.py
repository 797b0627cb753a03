"""Data sets between hosts that share a bucket: uploaded on one, imported on another, used here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from dash_app import datasets
from integrations.core.data.builtin import builtin_sets
from integrations.core.data.dataset import DatasetError
from integrations.core.data.options import ImportOptions
from storage.entities import DatasetStatus, JobEntity
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.datasets import DatasetStore
from storage.stores.jobs import JobStore
from tasks.import_jobs import BUILTIN_MARK, _write_mark, import_dataset, inspect_dataset
from tasks.job_kinds import order_builtin_sets
from tasks.retention import clean_up
from tests.support.environment import use
from tests.support.finished_run import Toy, finished_run
from tests.support.servers import S3

Host = Callable[[str], Path]


def quiet(_fraction: float, _message: str) -> None:
    """Report to nobody."""


@pytest.fixture
def host(
    s3_url: str, sqlite: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> Host:
    """Give a function that makes this process a host with a folder of its own."""
    common = {"DATABASE_URL": sqlite, "REDIS_URL": redis_url}

    def become(name: str) -> Path:
        folder = data_folder / name
        folder.mkdir(exist_ok=True)
        use({**common, "SIGNALBENCH_DATA": str(folder)}, monkeypatch)
        return folder

    return become


def uploaded(web: Path) -> JobEntity:
    folder = web / "uploads" / ".incoming-1"
    signal = np.sin(np.arange(800.0))
    for name in ("gut/größe 1.npz", "gut/b.npz", "bad/a.npz", "bad/b.npz"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        np.savez(folder / name, x=signal)
    return datasets.accept_upload(folder, "mine", ImportOptions(), review=True)


def test_an_upload_is_reviewed_here_imported_there_and_opened_on_a_third_host(host: Host) -> None:
    job = uploaded(host("web"))
    number = job.dataset_id or 0
    host("worker")
    assert inspect_dataset(job, quiet)["recordings"] == 4
    host("web")
    plan = datasets.plan_of(number, ImportOptions(name="mine"))
    assert plan is not None
    assert len(plan.recordings) == 4
    host("second web")
    assert len(datasets.facts_of(number, ImportOptions(name="mine"))) == 4
    order = datasets.start_job(number, "import")
    host("second worker")
    assert import_dataset(order, quiet)["recordings"] == 4
    third = host("third")
    entity = DatasetStore().get(number)
    assert entity.status is DatasetStatus.READY
    info = datasets.info_of(entity)
    assert info is not None
    assert info.classes == ("bad", "gut")
    assert not (third / "datasets").exists()
    data = datasets.open_dataset(entity)
    data.verify()
    assert data.signal(0).size == 800
    assert shared_files().listed(third / "uploads") == []
    host("web")
    datasets.delete_dataset(number)
    assert shared_files().listed(settings().datasets_folder) == []


def test_an_upload_that_cannot_be_shared_is_refused_and_leaves_nothing(
    host: Host, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.shared_files.BRIEF_SECONDS", 0.0)
    web = host("web")
    s3.stop()
    try:
        with pytest.raises(OSError, match="file store"):
            uploaded(web)
    finally:
        s3.start()
    assert DatasetStore().all() == []
    assert list((web / "uploads").iterdir()) == []


def test_a_data_set_that_cannot_be_brought_says_why(
    host: Host, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.shared_files.BRIEF_SECONDS", 0.0)
    job = uploaded(host("web"))
    host("worker")
    import_dataset(job, quiet)
    host("third")
    entity = DatasetStore().get(job.dataset_id or 0)
    s3.stop()
    try:
        with pytest.raises(DatasetError, match="file store"):
            datasets.open_dataset(entity)
        assert datasets.info_of(entity) is None
    finally:
        s3.start()


def test_built_in_sets_that_one_host_made_are_not_ordered_on_another(host: Host) -> None:
    folder = host("worker") / "datasets"
    folder.mkdir()
    _write_mark(folder / BUILTIN_MARK, {builtin.key for builtin in builtin_sets()})
    host("second worker")
    order_builtin_sets()
    assert JobStore().latest("builtin") is None


def test_old_checkpoints_go_from_the_bucket_whichever_host_cleans_up(host: Host) -> None:
    folder = host("worker")
    run = finished_run(Toy())
    checkpoint = folder / "runs" / str(run) / "attempt-1" / "checkpoints" / "epoch-0001.pt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"weights")
    shared_files().publish(checkpoint)
    web = host("web")
    kept = shared_files().listed(web / "artifacts")
    clean_up(quiet, by_hand=True, now=datetime.now(UTC) + timedelta(days=31))
    assert shared_files().listed(web / "runs") == []
    assert shared_files().listed(web / "artifacts") == kept != []
