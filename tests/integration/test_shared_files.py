"""The data folder as a cache of one bucket, against a server that really speaks S3."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage import progress
from storage.artifacts import artifacts, run_folder
from storage.entities import ArtifactEntity
from storage.models import utc_now
from storage.run_log import RunLog, read
from storage.shared_files import SharedFiles, SharedFilesError, shared_files
from storage.shared_log import read_log
from tasks.shared_run import SharedRun
from tests.support.bench import wait_until
from tests.support.environment import forget, use
from tests.support.servers import S3, running_s3


@pytest.fixture
def here(s3_url: str, tmp_path: Path) -> SharedFiles:
    return SharedFiles(tmp_path / "here", s3_url)


@pytest.fixture
def there(s3_url: str, tmp_path: Path) -> SharedFiles:
    return SharedFiles(tmp_path / "there", s3_url)


def write(path: Path, content: bytes = b"content") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_published_file_is_had_by_another_host_with_its_time(
    here: SharedFiles, there: SharedFiles, tmp_path: Path
) -> None:
    source = write(tmp_path / "here" / "runs" / "1" / "größe #1 %.pt", os.urandom(6_000_000))
    os.utime(source, ns=(10**18, 10**18 + 7))
    here.publish(source)
    found = there.ensure(tmp_path / "there" / "runs" / "1" / "größe #1 %.pt")
    assert found.read_bytes() == source.read_bytes()
    assert found.stat().st_mtime_ns == source.stat().st_mtime_ns
    assert [path.name for path in found.parent.iterdir()] == [found.name]


def test_a_folder_arrives_whole_and_is_not_asked_for_again(
    here: SharedFiles, there: SharedFiles, tmp_path: Path
) -> None:
    folder = tmp_path / "here" / "datasets" / "7"
    for name in ("manifest.json", "samples.f32", "deep/er/a.csv"):
        write(folder / name, name.encode())
    write(folder / "half.tmp")
    here.publish(folder)
    target = there.ensure(tmp_path / "there" / "datasets" / "7")
    found = {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()}
    assert found == {"manifest.json", "samples.f32", "deep/er/a.csv"}
    (target / "samples.f32").write_bytes(b"ours now")
    assert there.ensure(target / "samples.f32").read_bytes() == b"ours now"
    assert [p.name for p in target.parent.iterdir()] == ["7"]


def test_several_that_want_the_same_folder_at_once_bring_it_once(
    here: SharedFiles, there: SharedFiles, tmp_path: Path
) -> None:
    folder = tmp_path / "here" / "datasets" / "7"
    for number in range(5):
        write(folder / f"{number}")
    here.publish(folder)
    target = tmp_path / "there" / "datasets" / "7"
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: there.ensure(target).stat().st_ino, range(8)))
    assert len(set(found)) == 1
    assert len(list(target.iterdir())) == 5


def test_a_folder_published_again_holds_nothing_of_before(
    here: SharedFiles, there: SharedFiles, tmp_path: Path
) -> None:
    folder = tmp_path / "here" / "datasets" / "7"
    write(folder / "old"), write(tmp_path / "here" / "datasets" / "70" / "other")
    here.publish(folder)
    here.publish(tmp_path / "here" / "datasets" / "70")
    (folder / "old").rename(folder / "new")
    here.publish(folder)
    target = there.ensure(tmp_path / "there" / "datasets" / "7")
    assert [path.name for path in target.iterdir()] == ["new"]
    here.forget(folder)
    assert here.listed(folder) == []
    assert len(here.listed(tmp_path / "here" / "datasets" / "70")) == 1


def test_what_nobody_has_is_simply_not_there(there: SharedFiles, tmp_path: Path) -> None:
    assert not there.ensure(tmp_path / "there" / "datasets" / "8").exists()
    assert not (tmp_path / "there").exists()


def test_a_file_that_others_change_is_brought_again_and_only_then(
    here: SharedFiles, there: SharedFiles, tmp_path: Path
) -> None:
    source, target = tmp_path / "here" / "facts.json", tmp_path / "there" / "facts.json"
    here.publish(write(source, b"first, longer"))
    there.refresh(target)
    before = target.stat().st_ino
    there.refresh(target)
    assert target.stat().st_ino == before
    here.publish(write(source, b"second"))
    there.refresh(target)
    assert target.read_bytes() == b"second"


def test_a_damaged_object_never_becomes_a_file(
    here: SharedFiles, there: SharedFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage import bucket

    monkeypatch.setattr(bucket, "_sha256", lambda _: "0" * 64)
    here.publish(write(tmp_path / "here" / "a"))
    monkeypatch.setattr("storage.shared_files.BRIEF_SECONDS", 0.0)
    impatient = SharedFiles(tmp_path / "there", here._url)
    with pytest.raises(SharedFilesError, match="damaged"):
        impatient.ensure(tmp_path / "there" / "a")
    assert list((tmp_path / "there").iterdir()) == []


@pytest.fixture
def own_s3(monkeypatch: pytest.MonkeyPatch, data_folder: Path) -> Iterator[S3]:
    with running_s3() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def test_an_outage_is_waited_for_and_told_once_each_way(own_s3: S3, tmp_path: Path) -> None:
    files, said = SharedFiles(tmp_path, own_s3.new_url()), list[str]()
    files.wait_long(said.append)
    own_s3.stop()
    folder = tmp_path / "runs"
    for number in range(12):
        write(folder / str(number))
    publishing = threading.Thread(target=files.publish, args=(folder,))
    publishing.start()
    wait_until(lambda: said, 20, "a word about the outage")
    assert "no connection" in said[0]
    assert "ARTIFACT_URL" in said[0]
    own_s3.start()
    publishing.join(60)
    assert len(said) == 2
    assert len(files.listed(folder)) == 12


@pytest.mark.parametrize(
    ("url", "word"), [("s3://nowhere/x", "no such bucket"), ("s3://", "does not answer")]
)
def test_a_store_that_cannot_be_used_is_named_with_the_reason(
    own_s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, word: str
) -> None:
    monkeypatch.setattr("storage.shared_files.BRIEF_SECONDS", 0.0)
    files = SharedFiles(tmp_path, url)
    with pytest.raises(SharedFilesError, match=word):
        files.publish(write(tmp_path / "a"))
    wait_until(lambda: not files.answers(), 20, "a word about the store")
    assert files.check()


def test_without_a_bucket_nothing_happens(tmp_path: Path) -> None:
    files = SharedFiles(tmp_path, "")
    files.publish(tmp_path / "missing")
    assert files.ensure(tmp_path / "missing") == tmp_path / "missing"
    assert files.answers()
    assert files.check() == ""


def test_results_are_brought_without_models_unless_they_are_asked_for(
    s3_url: str, sqlite: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(data_folder / "work" / "run.json")
    kinds = {"run.json": "result", "model.safetensors": "model", "best.pt": "checkpoint"}
    made = [artifacts().put(5, 2, source, name, kind) for name, kind in kinds.items()]
    rows = [
        ArtifactEntity(m.name, m.kind, m.path, m.bytes, m.sha256, utc_now()) for m in made
    ]  # fmt: skip
    elsewhere = data_folder / "elsewhere"
    monkeypatch.setenv("SIGNALBENCH_DATA", str(elsewhere))
    forget()
    folder = run_folder(rows, "run.json")
    assert folder is not None
    assert [path.name for path in folder.iterdir()] == ["run.json"]
    run_folder(rows, "run.json", models=True)
    assert sorted(path.name for path in folder.iterdir()) == ["model.safetensors", "run.json"]
    assert shared_files().check() == ""


def test_checkpoints_follow_their_run_and_never_go_before_a_later_attempt(
    s3_url: str, sqlite: str, data_folder: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use({"REDIS_URL": redis_url}, monkeypatch)
    base = data_folder / "runs" / "7"

    def attempt(number: int) -> SharedRun:
        return SharedRun(7, "task", base / f"attempt-{number}")

    def shared() -> set[str]:
        found = shared_files().listed(base)
        return {p.relative_to(base).as_posix() for p in found if p.parent.name == "checkpoints"}

    first, second = attempt(1), attempt(2)
    for name in ("epoch-0001.pt", "epoch-0002.pt", "half.pt.tmp"):
        write(base / "attempt-1" / "checkpoints" / name)
    first.publish_checkpoint()
    (base / "attempt-1" / "checkpoints" / "epoch-0001.pt").unlink()
    assert len(shared()) == 2
    first.committed()
    assert shared() == {"attempt-1/checkpoints/epoch-0002.pt"}
    write(base / "attempt-2" / "checkpoints" / "epoch-0003.pt")
    second.publish_checkpoint()
    first.committed()
    first.ended()
    assert shared() == {"attempt-2/checkpoints/epoch-0003.pt"}
    second.ended()
    assert shared() == set()


def test_a_log_goes_on_with_the_lines_its_dead_writer_could_not_share(
    s3_url: str, sqlite: str, data_folder: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite)
    task = "task-of-log"

    def become(host: str) -> SharedRun:
        folder = data_folder / host
        use({"REDIS_URL": redis_url, "SIGNALBENCH_DATA": str(folder)}, monkeypatch)
        return SharedRun(3, task, folder / "runs" / "3" / "attempt-1")

    run = become("a")
    progress.reset_log(task, [])
    log = RunLog(3)
    for message in ("one", "two"):
        progress.append_log(task, log.append("info", message))
    run.publish_log()
    progress.append_log(task, log.append("info", "three"))
    become("b").take_over("")
    assert [line["message"] for line in read(3)] == ["one", "two", "three"]
    line = RunLog(3).append("info", "four")
    assert line["id"] == 4
    progress.append_log(task, line)
    become("b").publish_log()
    become("a").take_over("")
    assert [(line["id"], line["message"]) for line in read(3)][2:] == [(3, "three"), (4, "four")]
    become("web")
    assert [line["id"] for line in read_log(3, task, since=2)] == [3, 4]
    progress.reset_log(task, [])
    assert [line["id"] for line in read_log(3, task)] == [1, 2, 3, 4]
