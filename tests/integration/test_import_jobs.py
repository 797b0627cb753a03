"""Jobs of data sets on real databases: built-in sets once, uploads imported or kept for repair."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from integrations.core.data.builtin import builtin_sets
from integrations.core.data.dataset import Dataset
from storage.entities import DatasetEntity, DatasetStatus
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.jobs import JobStore
from tasks.import_jobs import ensure_builtin_sets, import_dataset, inspect_dataset, upload_folder
from tasks.imports import ImportFailed

pytestmark = pytest.mark.usefixtures("any_database")


def quiet(_fraction: float, _message: str) -> None:
    """Report to nobody."""


def upload(files: dict[str, bytes | np.ndarray], **options: object) -> DatasetEntity:
    entity = DatasetStore().create("mine", source="upload")
    DatasetStore().set_inspection(entity.id, {"options": options})
    folder = upload_folder(entity.id)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            np.savez(path, x=content)
    return entity


def test_built_in_sets_are_made_once_and_stay_deleted() -> None:
    assert len(ensure_builtin_sets()) == len(builtin_sets())
    assert ensure_builtin_sets() == []
    entity = DatasetStore().by_builtin_key("gun_point")
    assert entity is not None
    assert (entity.status, entity.n_recordings) == (DatasetStatus.READY, 200)
    Dataset(settings().datasets_folder / entity.folder).verify()
    DatasetStore().delete(entity.id)
    assert ensure_builtin_sets() == []


def test_built_in_sets_made_by_two_at_once_are_all_ready() -> None:
    with ThreadPoolExecutor(2) as pool:
        made = [pool.submit(ensure_builtin_sets) for _ in range(2)]
        assert sorted(len(each.result()) for each in made) == [0, len(builtin_sets())]
    assert {dataset.status for dataset in DatasetStore().all()} == {DatasetStatus.READY}


def test_a_built_in_set_left_half_made_is_made_again() -> None:
    ensure_builtin_sets()
    entity = DatasetStore().by_builtin_key("gun_point")
    assert entity is not None
    DatasetStore().set_status(entity.id, DatasetStatus.IMPORTING)
    assert [each.id for each in ensure_builtin_sets()] == [entity.id]
    assert DatasetStore().get(entity.id).status is DatasetStatus.READY


def test_an_upload_is_looked_at_then_imported_and_its_files_removed() -> None:
    signal = np.sin(np.arange(500.0))
    entity = upload({"good/a.npz": signal, "bad/b.npz": signal, "bad/c.npz": b"broken"})
    looked = inspect_dataset(JobStore().create("inspect", {}, dataset_id=entity.id), quiet)
    assert looked == {"recordings": 2, "ready": True}
    done = import_dataset(JobStore().create("import", {}, dataset_id=entity.id), quiet)
    assert done == {"recordings": 2, "skipped": 1}
    ready = DatasetStore().get(entity.id)
    assert (ready.status, ready.classes, ready.n_groups) == (
        DatasetStatus.READY,
        ["bad", "good"],
        2,
    )
    assert [item["name"] for item in ready.inspection["skipped"]] == ["bad/c.npz"]
    assert not upload_folder(entity.id).exists()
    Dataset(settings().datasets_folder / ready.folder).verify()


def test_a_failed_import_says_why_and_keeps_the_upload(tmp_path: Path) -> None:
    entity = upload({"a.csv": b""})
    with pytest.raises(ImportFailed, match="The file is empty"):
        import_dataset(JobStore().create("import", {}, dataset_id=entity.id), quiet)
    failed = DatasetStore().get(entity.id)
    assert failed.status is DatasetStatus.FAILED
    assert "The file is empty" in failed.error
    assert upload_folder(entity.id).is_dir()
    assert not (settings().datasets_folder / str(entity.id)).exists()


def test_options_that_are_not_valid_any_more_are_said() -> None:
    entity = upload({"a.npz": np.arange(100.0)}, unheard_of=1)
    with pytest.raises(ImportFailed, match="options are not valid"):
        inspect_dataset(JobStore().create("inspect", {}, dataset_id=entity.id), quiet)
