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
from storage.shared_files import shared_files
from storage.stores.retention import EndedRun, FolderFacts, RetentionStore
from tasks.earlier import pickers
from tasks.references import numbers_in
from tasks.retention_policy import RetentionPolicy

UNREFERENCED_DAYS = 1
OUTPUT_DAYS = 30
WORK_FILES = ("attempt-*", "output.txt")
STRAY = (
    ("datasets", ".import-*"),
    ("datasets", ".fetch-*"),
    ("uploads", ".incoming-*"),
    ("exports", ".*"),
    ("predictions", ".incoming-*"),
    ("runs", "report-*"),
    (".", ".restore-*"),
)
"""What processes that died in the midst of their work leave behind."""


@dataclass(frozen=True)
class Candidate:
    """Files that go together one day.

    Attributes:
        kind: intermediate, failed, deleted, upload, export or leftover.
        title: What it is, for people.
        since: From when on its days count.
        bytes: Room this gives back; files with further names elsewhere give none.
        run: The run the files belong to, where there is one that must be marked.
        days: How long it is kept; None where the policy says so.
    """

    kind: str
    title: str
    since: datetime
    bytes: int
    paths: tuple[Path, ...]
    run: EndedRun | None = None
    days: int | None = None

    def due(self, policy: RetentionPolicy) -> datetime | None:
        """Give when it goes; None for never."""
        days = getattr(policy, f"{self.kind}_days") if self.days is None else self.days
        return None if days is None else self.since + timedelta(days=days)


@dataclass(frozen=True)
class Item:
    """A candidate and when it goes."""

    candidate: Candidate
    due: datetime

    @property
    def kind(self) -> str:
        """Kind of the candidate."""
        return self.candidate.kind

    @property
    def title(self) -> str:
        """What it is, for people."""
        return self.candidate.title

    @property
    def bytes(self) -> int:
        """Room it gives back."""
        return self.candidate.bytes

    @property
    def run(self) -> EndedRun | None:
        """The run it belongs to, if any."""
        return self.candidate.run

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its files and folders."""
        return self.candidate.paths


def plan(
    policy: RetentionPolicy, now: datetime, found: Iterable[Candidate] | None = None
) -> list[Item]:
    """Give everything that goes now or later, the first first.

    Args:
        policy: How long files are kept.
        now: The present time.
        found: What ``candidates`` gave; they are looked for when it is missing.
    """
    items = []
    for candidate in candidates() if found is None else found:
        due = candidate.due(policy)
        # What is still being written looks unused until its row is there.
        if due is not None and (due <= now or candidate.kind != "leftover"):
            items.append(Item(candidate, due))
    return sorted(items, key=lambda item: item.due)


def candidates() -> list[Candidate]:
    """Look for everything that may go one day; reads the data folder."""
    found = [*_of_runs(), *_of_uploads(), *_of_exports(), *_of_predictions(), *_leftovers()]
    return [candidate for candidate in found if candidate.bytes or candidate.run]


def _of_runs() -> Iterator[Candidate]:
    needed = needed_runs()
    for run in RetentionStore().ended_runs():
        if run.deleted:
            if run.id not in needed:
                yield _deleted(run)
        elif run.kept:
            continue
        elif run.status in (Status.FAILED, Status.CANCELLED):
            if not (run.has_result and run.trimmed):
                yield _failed(run)
        elif not run.trimmed:
            yield from _intermediate(run)


def _deleted(run: EndedRun) -> Candidate:
    paths = (_run_folder(run.id), artifacts().place(str(run.id)))
    return _candidate("deleted", f"Deleted: “{run.name}”", run.since, paths, run)


def _failed(run: EndedRun) -> Candidate:
    paths = _working_files(run.id)
    if run.has_result:
        paths += tuple(artifacts().place(path) for path in run.trimmable)
    else:
        paths += (artifacts().place(str(run.id)),)
    title = f"{run.status.capitalize()}: “{run.name}”"
    return _candidate("failed", title, run.since, paths, run)


def _intermediate(run: EndedRun) -> Iterator[Candidate]:
    paths = (*_working_files(run.id), *(artifacts().place(path) for path in run.trimmable))
    # With a bucket, files that are not here may lie there.
    remote = shared_files().remote
    present = [path for path in paths if remote or path.exists()]
    found = _candidate("intermediate", f"Checkpoints of “{run.name}”", run.since, present, run)
    # A last checkpoint that is the best one gives nothing back.
    if found.bytes or remote:
        yield found


def _of_uploads() -> Iterator[Candidate]:
    known = RetentionStore().dataset_folders()
    for folder in _numbered(settings().uploads_folder):
        number = int(folder.name)
        if number not in known or known[number]:
            title = f"Upload {number}, imported or deleted"
            yield _candidate("upload", title, _changed(folder), [folder], days=UNREFERENCED_DAYS)
        else:
            title = f"Upload {number}, never imported"
            yield _candidate("upload", title, _changed(folder), [folder])


def _of_exports() -> Iterator[Candidate]:
    for path in settings().exports_folder.glob("[!.]*.zip"):
        yield _candidate("export", _archive_title(path.stem), _changed(path), [path])
    for path in settings().exports_folder.glob("summary-*.pdf"):
        yield _candidate("export", "Summary report", _changed(path), [path])


def _of_predictions() -> Iterator[Candidate]:
    for path in (settings().data / "predictions").glob("[!.]*"):
        yield _candidate("export", "Results of a prediction", _changed(path), [path])


def _archive_title(stem: str) -> str:
    kind, _, number = stem.partition("-")
    return f"Archive of export {number}" if kind == "export" else "Archive that was not imported"


def _leftovers() -> Iterator[Candidate]:
    paths = [*_stray_runs(), *_stray_artifacts(), *_stray_datasets()]
    for folder, pattern in STRAY:
        paths += (settings().data / folder).glob(pattern)
    for path in paths:
        title, since = f"Unused: {_shown(path)}", _changed(path)
        yield _candidate("leftover", title, since, [path], days=UNREFERENCED_DAYS)
    for path in (settings().data / "jobs").glob("*.txt"):
        title = f"Output of job {path.stem}"
        yield _candidate("leftover", title, _changed(path), [path], days=OUTPUT_DAYS)


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
    newest = attempt.name == f"attempt-{run.token}"
    pointed = run.checkpoint.split("/")[1:2] == [attempt.name]
    return (newest or pointed) and run.status is not Status.COMPLETED


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


def _candidate(
    kind: str,
    title: str,
    since: datetime,
    paths: Iterable[Path],
    run: EndedRun | None = None,
    *,
    days: int | None = None,
) -> Candidate:
    chosen = tuple(paths)
    return Candidate(kind, title, since, freed_bytes(chosen), chosen, run, days)


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
