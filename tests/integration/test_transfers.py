"""Experiments that travel: exported here, imported elsewhere, hostile archives refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integrations.core.evaluation.store import RUN
from storage.artifacts import artifacts, sha256_of
from storage.database import engine, migrate, write_session
from storage.entities import DatasetStatus, ExperimentEntity
from storage.models import Experiment
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentQuery, ExperimentStore
from storage.stores.metrics import MetricStore
from tasks.archive import ArchiveError, ArchiveReader
from tasks.export_runs import ExportError, ExportSummary, export_runs
from tasks.import_runs import ImportSummary, import_runs
from tasks.reports import load_content
from tasks.transfer_records import FORMAT
from tests.conftest import _forget
from tests.support.finished_run import Toy, finished_run

NOW = datetime.now(UTC)


def quiet(_share: float, _what: str) -> None:
    """Say nothing."""


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Give a function that points this process at another, empty bench."""

    def go() -> Path:
        engine().dispose()
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        monkeypatch.setenv("SIGNALBENCH_DATA", str(folder))
        monkeypatch.delenv("DATABASE_URL", raising=False)
        _forget()
        migrate()
        return folder

    return go


def export(tmp_path: Path, *ids: int, with_data: bool = True) -> ExportSummary:
    return export_runs(ids or None, tmp_path / "runs.zip", quiet, with_data=with_data)


def take_in(tmp_path: Path, name: str = "runs.zip") -> ImportSummary:
    return import_runs(tmp_path / name, quiet)


def all_runs() -> list[ExperimentEntity]:
    return list(ExperimentStore().each(ExperimentQuery()))


def repacked(tmp_path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Write an archive like runs.zip, changed, with a list of files that fits again."""
    with zipfile.ZipFile(tmp_path / "runs.zip") as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    change(content)
    manifest = json.loads(content.pop("manifest.json"))
    manifest["files"] = [
        {"path": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in content.items()
    ]
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    return tmp_path / "evil.zip"


def lines_changed(content: dict[str, bytes], **values: Any) -> None:
    records = [json.loads(line) for line in content["experiments.jsonl"].splitlines()]
    for record in records:
        record.update(values)
    content["experiments.jsonl"] = b"".join(json.dumps(r).encode() + b"\n" for r in records)


def test_an_experiment_comes_in_elsewhere_with_all_that_belongs_to_it(
    any_database: str, tmp_path: Path, elsewhere: Callable[[], Path]
) -> None:
    run_id = finished_run(Toy(tags=("sent", "twice"), note="As measured"))
    clone = finished_run(Toy(name="Clone"), key="clone")
    with write_session() as session:
        session.get_one(Experiment, clone).parent_id = run_id
        row = session.get_one(Experiment, clone)
        row.family, row.config = "ensemble", {**row.config, "members": {"experiments": [run_id]}}
    before = ExperimentStore().get(run_id)
    files = {a.name: a.sha256 for a in ExperimentStore().artifacts(run_id)}
    epochs = [(e.epoch, e.values) for e in ExperimentStore().epochs(run_id)]
    events = ExperimentStore().events(run_id)
    assert export(tmp_path, run_id, clone).experiments == 2
    elsewhere()
    finished_run(Toy(name="First here", classes=("a", "b")), key="here")
    summary = take_in(tmp_path)
    assert (summary.skipped, summary.notes) == (0, [])
    new, new_clone = (ExperimentStore().get(number) for number in summary.imported)
    changed = ("id", "dataset_id", "token", "attempts")
    for name in ExperimentEntity.__dataclass_fields__:
        if name not in changed:
            assert getattr(new, name) == getattr(before, name), name
    assert new.id != before.id
    assert new_clone.parent_id == new.id
    assert new_clone.config["members"]["experiments"] == [new.id]
    stored = ExperimentStore().artifacts(new.id)
    assert {a.name: a.sha256 for a in stored} == files
    for item in stored:
        assert sha256_of(artifacts().path(item.path)) == item.sha256
    assert [(e.epoch, e.values) for e in ExperimentStore().epochs(new.id)] == epochs
    assert ExperimentStore().events(new.id)[1:] == events
    assert MetricStore().series(new.id) == []
    assert sorted(ExperimentStore().known_tags()) == ["sent", "twice"]
    assert DatasetStore().get(new.dataset_id).status is DatasetStatus.READY
    assert load_content(new.id, NOW).evaluation.headline
    again = take_in(tmp_path)
    assert (again.imported, again.skipped) == ([], 2)
    assert "is here already as experiment" in again.notes[0]


def test_without_data_the_results_are_seen_and_a_later_import_brings_the_data(
    sqlite: str, tmp_path: Path, elsewhere: Callable[[], Path]
) -> None:
    run_id, other = finished_run(Toy()), finished_run(Toy(name="Other"), key="other")
    export(tmp_path, other, with_data=True)
    shutil.move(tmp_path / "runs.zip", tmp_path / "with.zip")
    export(tmp_path, run_id, with_data=False)
    elsewhere()
    summary = take_in(tmp_path)
    run = ExperimentStore().get(summary.imported[0])
    placeholder = DatasetStore().get(run.dataset_id)
    assert placeholder.status is DatasetStatus.FAILED
    assert "Export them again with data" in placeholder.error
    assert placeholder.fingerprint == run.dataset_fingerprint
    assert load_content(run.id, NOW).evaluation.headline
    take_in(tmp_path, "with.zip")
    assert DatasetStore().get(run.dataset_id).status is DatasetStatus.READY
    assert len(DatasetStore().all()) == 1


def test_a_data_set_that_is_here_is_used(
    sqlite: str, tmp_path: Path, elsewhere: Callable[[], Path]
) -> None:
    export(tmp_path, finished_run(Toy()))
    elsewhere()
    here = ExperimentStore().get(finished_run(Toy(name="Here")))
    summary = take_in(tmp_path)
    assert summary.datasets == []
    assert ExperimentStore().get(summary.imported[0]).dataset_id == here.dataset_id


def test_a_deleted_experiment_can_be_imported_again(sqlite: str, tmp_path: Path) -> None:
    run_id = finished_run(Toy())
    export(tmp_path, run_id)
    ExperimentStore().delete(run_id)
    summary = take_in(tmp_path)
    assert len(summary.imported) == 1
    assert summary.imported != [run_id]


def test_only_ended_experiments_are_exported(sqlite: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nothing to export"):
        export(tmp_path, 12)
    assert list(tmp_path.glob("*.zip*")) == []


def _climb(content: dict[str, bytes]) -> None:
    content["../../outside.txt"] = b"x"


def _absolute(content: dict[str, bytes]) -> None:
    content["/outside.txt"] = b"x"


def _other_data(content: dict[str, bytes]) -> None:
    name = next(name for name in content if name.endswith("samples.f32"))
    content[name] = content[name][:-4] + b"\0\0\0\0"


def _climbing_artifact(content: dict[str, bytes]) -> None:
    record = json.loads(content["experiments.jsonl"])
    record["artifacts"][0]["name"] = f"../../2/1/{RUN}"
    content["experiments.jsonl"] = json.dumps(record).encode() + b"\n"


def _missing_file(content: dict[str, bytes]) -> None:
    content.pop(next(name for name in content if name.endswith(f"/{RUN}")))


HOSTILE: dict[str, Callable[[dict[str, bytes]], None]] = {
    "climb": _climb,
    "absolute": _absolute,
    "other data": _other_data,
    "climbing artifact": _climbing_artifact,
    "missing file": _missing_file,
    "open run": lambda content: lines_changed(content, status="running"),
    "text for a number": lambda content: lines_changed(content, accuracy="high"),
    "NaN": lambda content: lines_changed(content, metrics={"accuracy": float("nan")}),
    "path for an id": lambda content: lines_changed(content, task_id="../" * 12),
    "deep": lambda content: content.update({"experiments.jsonl": b"[" * 200_000 + b"\n"}),
    "empty": lambda content: content.update({"experiments.jsonl": b"{}\n"}),
}


def test_hostile_archives_are_refused_and_leave_nothing(
    sqlite: str, tmp_path: Path, elsewhere: Callable[[], Path]
) -> None:
    export(tmp_path, finished_run(Toy()))
    folder = elsewhere()
    for name, change in HOSTILE.items():
        evil = repacked(tmp_path, change)
        with pytest.raises(ArchiveError):
            import_runs(evil, quiet)
        assert all_runs() == [], name
        assert DatasetStore().all() == [], name
        assert not (folder / "artifacts").exists(), name
        assert list(folder.glob("datasets/*")) == [], name
    assert not (tmp_path / "outside.txt").exists()


def test_a_bomb_is_refused_before_it_is_unpacked(sqlite: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("files/zeros", b"\0" * 30_000_000)
        archive.writestr("manifest.json", json.dumps({"format": FORMAT, "version": 1}))
    with pytest.raises(ArchiveError, match="much more than it is"):
        ArchiveReader(tmp_path / "bomb.zip", FORMAT)
    assert settings().data == tmp_path
