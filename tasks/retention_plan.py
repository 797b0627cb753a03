"""What the retention policy means for the files that lie here: which go, when, how large."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from integrations.registry import families
from storage.artifacts import artifacts
from storage.entities import Status
from storage.settings import settings
from storage.stores.retention import EndedRun, FolderFacts, RetentionStore
from tasks.earlier import pickers
from tasks.references import numbers_in
from tasks.retention_policy import RetentionPolicy

UNREFERENCED = timedelta(hours=24)
OUTPUTS = timedelta(days=30)
WORK_FILES = ("attempt-*", "output.txt")
STRAY = (
    ("datasets", ".import-*"),
    ("datasets", ".fetch-*"),
    ("uploads", ".incoming-*"),
    ("exports", ".*"),
    ("runs", "report-*"),
    (".", ".restore-*"),
)
"""What processes that died in the midst of their work leave behind."""


@dataclass(frozen=True)
class Item:
    """Files that go together.

    Attributes:
        kind: intermediate, failed, deleted, upload, export or leftover.
        title: What it is, for people.
        due: When it goes.
        bytes: Room this gives back; files with further names elsewhere give none.
        run: The run the files belong to, where there is one that must be marked.
    """

    kind: str
    title: str
    due: datetime
    bytes: int
    paths: tuple[Path, ...]
    run: EndedRun | None = None


def plan(policy: RetentionPolicy, now: datetime) -> list[Item]:
    """Give everything that goes now or later, the first first.

    Args:
        policy: How long files are kept.
        now: The present time.
    """
    found = [*_of_runs(policy), *_of_uploads(policy), *_of_exports(policy), *_leftovers(now)]
    return sorted((item for item in found if item.bytes or item.run), key=lambda item: item.due)


def _of_runs(policy: RetentionPolicy) -> Iterator[Item]:
    needed = needed_runs()
    for run in RetentionStore().ended_runs():
        item = None
        if run.deleted:
            if run.id not in needed:
                item = _deleted(run, policy.deleted_days)
        elif run.kept:
            continue
        elif run.status in (Status.FAILED, Status.CANCELLED):
            item = _failed(run, policy.failed_days)
        elif not run.trimmed:
            item = _intermediate(run, policy.intermediate_days)
        if item is not None:
            yield item


def _deleted(run: EndedRun, days: int | None) -> Item | None:
    if days is None:
        return None
    paths = (_run_folder(run.id), artifacts().place(str(run.id)))
    title = f"Deleted: “{run.name}”"
    return _item("deleted", title, run.since, days, paths, run)


def _failed(run: EndedRun, days: int | None) -> Item | None:
    if days is None or (run.has_result and run.trimmed):
        return None
    paths = _working_files(run.id)
    if run.has_result:
        paths += tuple(artifacts().place(path) for path in run.trimmable)
    else:
        paths += (artifacts().place(str(run.id)),)
    title = f"{run.status.capitalize()}: “{run.name}”"
    return _item("failed", title, run.since, days, paths, run)


def _intermediate(run: EndedRun, days: int | None) -> Item | None:
    paths = (*_working_files(run.id), *(artifacts().place(path) for path in run.trimmable))
    paths = tuple(path for path in paths if path.exists())
    if days is None or not paths:
        return None
    title = f"Checkpoints of “{run.name}”"
    return _item("intermediate", title, run.since, days, paths, run)


def _of_uploads(policy: RetentionPolicy) -> Iterator[Item]:
    known = RetentionStore().dataset_folders()
    for folder in _numbered(settings().uploads_folder):
        number = int(folder.name)
        imported = bool(known.get(number))
        if number not in known or imported:
            yield _item(
                "upload", f"Upload {number}, imported or deleted", _changed(folder), 1, [folder]
            )
        elif policy.upload_days is not None:
            title = f"Upload {number}, never imported"
            yield _item("upload", title, _changed(folder), policy.upload_days, [folder])


def _of_exports(policy: RetentionPolicy) -> Iterator[Item]:
    if policy.export_days is None:
        return
    for path in settings().exports_folder.glob("[!.]*.zip"):
        yield _item("export", _archive_title(path.stem), _changed(path), policy.export_days, [path])


def _archive_title(stem: str) -> str:
    kind, _, number = stem.partition("-")
    return f"Archive of export {number}" if kind == "export" else "Archive that was not imported"


def _leftovers(now: datetime) -> Iterator[Item]:
    paths = [*_stray_runs(), *_stray_artifacts(), *_stray_datasets()]
    for folder, pattern in STRAY:
        paths += (settings().data / folder).glob(pattern)
    for path in paths:
        item = _item("leftover", f"Unused: {_shown(path)}", _changed(path), 1, [path])
        if item.due <= now:
            yield item
    for path in (settings().data / "jobs").glob("*.txt"):
        yield _item("leftover", f"Output of job {path.stem}", _changed(path), OUTPUTS.days, [path])


def _stray_runs() -> Iterator[Path]:
    """Give folders of runs that no row knows, and of attempts that nobody goes on from."""
    facts = RetentionStore().folder_facts()
    for folder in _numbered(settings().runs_folder):
        run = facts.get(int(folder.name))
        if run is None:
            yield folder
            continue
        for attempt in folder.glob("attempt-*"):
            if not _is_needed(attempt, run):
                yield attempt


def _is_needed(attempt: Path, run: FolderFacts) -> bool:
    pointed = run.checkpoint.split("/")[1:2] == [attempt.name]
    present = attempt.name == f"attempt-{run.token}" and run.status is Status.RUNNING
    return present or (pointed and run.status is not Status.COMPLETED)


def _stray_artifacts() -> Iterator[Path]:
    """Give folders of attempts whose run ended otherwise, so that no row points into them."""
    known = RetentionStore().artifact_paths()
    used = {"/".join(path.split("/")[:2]) for path in known}
    facts = RetentionStore().folder_facts()
    root = artifacts().root
    for folder in _numbered(root):
        run = facts.get(int(folder.name))
        if run is not None and run.status is Status.RUNNING:
            continue
        for attempt in folder.iterdir():
            if f"{folder.name}/{attempt.name}" not in used:
                yield attempt


def _stray_datasets() -> Iterator[Path]:
    folders = RetentionStore().dataset_folders()
    known = {*folders.values(), *map(str, folders)}
    for folder in _subfolders(settings().datasets_folder):
        if folder.name not in known and not folder.name.startswith((".", "builtin-")):
            yield folder


def needed_runs() -> frozenset[int]:
    """Give the runs that others build on: members of ensembles, and weights runs start from."""
    paths = {name: list(pickers(each.Config)) for name, each in families().items()}
    configs = RetentionStore().configs([name for name, found in paths.items() if found])
    return frozenset().union(*(numbers_in(config, paths[name]) for _, name, config in configs))


def freed_bytes(paths: Iterable[Path]) -> int:
    """Give the room that deleting paths gives back: a file goes with the last of its names."""
    names: Counter[tuple[int, int]] = Counter()
    sizes: dict[tuple[int, int], tuple[int, int]] = {}
    for path in paths:
        for about in _stats(path):
            key = (about.st_dev, about.st_ino)
            names[key] += 1
            sizes[key] = (about.st_size, about.st_nlink)
    return sum(size for key, (size, links) in sizes.items() if names[key] >= links)


def _stats(path: Path) -> Iterator[os.stat_result]:
    try:
        if path.is_dir() and not path.is_symlink():
            with os.scandir(path) as entries:
                for entry in list(entries):
                    yield from _stats(Path(entry.path))
        else:
            yield path.lstat()
    except FileNotFoundError:
        return


def _item(
    kind: str,
    title: str,
    since: datetime,
    days: int,
    paths: Iterable[Path],
    run: EndedRun | None = None,
) -> Item:
    chosen = tuple(paths)
    due = since + timedelta(days=days)
    return Item(kind, title, due, freed_bytes(chosen), chosen, run)


def _working_files(number: int) -> tuple[Path, ...]:
    folder = _run_folder(number)
    return tuple(path for pattern in WORK_FILES for path in sorted(folder.glob(pattern)))


def _run_folder(number: int) -> Path:
    return settings().runs_folder / str(number)


def _numbered(folder: Path) -> Iterator[Path]:
    return (path for path in _subfolders(folder) if path.name.isdecimal())


def _subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _changed(path: Path) -> datetime:
    try:
        times = [path.lstat().st_mtime, *(about.st_mtime for about in _stats(path))]
    except FileNotFoundError:
        times = [0.0]
    return datetime.fromtimestamp(max(times), UTC)


def _shown(path: Path) -> str:
    for root in (settings().data, artifacts().root):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.name
