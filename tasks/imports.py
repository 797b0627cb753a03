"""Imports uploads through a limited child process and words what went wrong with it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from integrations.core.data.convert import Skipped
from integrations.core.data.dataset import DatasetInfo, read_info
from integrations.core.data.inspect import understand
from integrations.core.data.inspection import Inspection
from integrations.core.data.options import ImportOptions
from integrations.core.data.scan import (
    FileFacts,
    is_current,
    list_files,
    remember,
    remembered,
    shown_path,
)

log = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parent.parent
TOO_SLOW = "Reading it takes longer than allowed. Check that it is what its name says."
TOO_LARGE = "Reading it takes more memory than allowed. Save a shorter part."
CRASHED = "Reading it made the reader fail. The file is damaged; export it again."
Progress = Callable[[float, str], None]


class ImportFailed(Exception):
    """An upload could not be imported at all; the text says why and what to do."""


@dataclass(frozen=True)
class ChildLimits:
    """What the child that opens uploaded files may use up.

    Attributes:
        silence_s: Longest time on one file (or step) before it is given up.
        total_s: Longest time for the whole job.
    """

    memory_bytes: int = 2 << 30
    address_bytes: int = 64 << 30
    cpu_s: int = 1800
    file_bytes: int = 64 << 30
    silence_s: float = 180.0
    total_s: float = 3600.0


@dataclass(frozen=True)
class ImportOutcome:
    """A finished import: what was stored and what was left out, with sentences."""

    info: DatasetInfo
    skipped: list[Skipped] = field(default_factory=list)


def run_inspect(
    upload_folder: Path,
    options: ImportOptions,
    on_progress: Progress = lambda fraction, message: None,
    limits: ChildLimits | None = None,
) -> Inspection:
    """Scan an upload in the child (each file once, remembered beside it) and understand it.

    Raises:
        ReadError: There are too many files.
        ImportFailed: The child could not be run at all.
    """
    facts = scan(upload_folder, options, on_progress, limits)
    return understand(facts, options)


def scan(
    upload_folder: Path,
    options: ImportOptions,
    on_progress: Progress = lambda fraction, message: None,
    limits: ChildLimits | None = None,
) -> list[FileFacts]:
    """Give facts of every file; a file that kills its child costs only itself.

    Raises:
        ReadError: There are too many files.
        ImportFailed: The child could not be run at all.
    """
    limits = limits or ChildLimits()
    paths = list_files(upload_folder)
    settings = options.read_settings()
    known = remembered(upload_folder, settings)
    todo = [path for path in paths if not is_current(upload_folder, known.get(path))]
    while todo:
        before = len(todo)
        for facts in _scan_some(upload_folder, todo, options, limits):
            known[facts.path] = facts
            todo.remove(facts.path)
            on_progress(1 - len(todo) / max(len(paths), 1), facts.shown)
        if len(todo) == before:
            raise ImportFailed("The files could not be looked at. Try again.")
    kept = [known[path] for path in paths]
    remember(upload_folder, settings, kept)
    return kept


def run_import(
    upload_folder: Path,
    options: ImportOptions,
    target_folder: Path,
    on_progress: Progress = lambda fraction, message: None,
    limits: ChildLimits | None = None,
) -> ImportOutcome:
    """Import an upload into ``target_folder``, which appears only when it is complete.

    Raises:
        ImportFailed: Nothing could be imported, or a limit, the disk or the child failed.
    """
    limits = limits or ChildLimits()
    plan = run_inspect(
        upload_folder, options, lambda f, message: on_progress(0.4 * f, message), limits
    )
    target_folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".import-", dir=target_folder.parent))
    try:
        skipped = _convert(upload_folder, plan, options, scratch, on_progress, limits)
        (scratch / "plan.json").unlink()
        if target_folder.exists():
            raise ImportFailed("A data set is already there. Import under another name.")
        scratch.rename(target_folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return ImportOutcome(read_info(target_folder), skipped)


def _scan_some(
    folder: Path, todo: list[str], options: ImportOptions, limits: ChildLimits
) -> Iterator[FileFacts]:
    job = {"job": "scan", "folder": str(folder), "files": list(todo), "options": _plain(options)}
    current = ""
    with _Child(job, limits) as child:
        for message in child.messages():
            if "file" in message:
                current = message["file"]
            elif "facts" in message:
                current = ""
                yield FileFacts.model_validate(message["facts"])
        if current:
            yield _lost(folder, current, child.verdict(TOO_SLOW, TOO_LARGE, CRASHED))


def _convert(
    folder: Path,
    plan: Inspection,
    options: ImportOptions,
    scratch: Path,
    on_progress: Progress,
    limits: ChildLimits,
) -> list[Skipped]:
    (scratch / "plan.json").write_text(plan.model_dump_json(), encoding="utf-8")
    job = {
        "job": "convert",
        "folder": str(folder),
        "plan": str(scratch / "plan.json"),
        "target": str(scratch),
        "options": _plain(options),
    }
    skipped: list[Skipped] | None = None
    with _Child(job, limits) as child:
        for message in child.messages():
            if "progress" in message:
                on_progress(0.4 + 0.6 * message["progress"], message["message"])
            elif "refused" in message:
                raise ImportFailed(message["refused"])
            elif "skipped" in message:
                skipped = [Skipped(**item) for item in message["skipped"]]
        if skipped is None:
            raise ImportFailed(
                child.verdict(
                    "The import took longer than allowed. Import fewer files at a time.",
                    "The import took more memory than allowed. Import shorter recordings.",
                    "The import failed. Try again with fewer files.",
                )
            )
    return skipped


class _Child:
    """One run of ``tasks.import_child`` in its own session, killed whole at the end."""

    def __init__(self, job: dict[str, Any], limits: ChildLimits) -> None:
        names = ("memory_bytes", "address_bytes", "cpu_s", "file_bytes")
        self._job = {**job, "limits": {k: v for k, v in asdict(limits).items() if k in names}}
        self._limits = limits
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._timed_out = False
        self._failure = ""

    def __enter__(self) -> _Child:
        self._errors: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tasks.import_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd="/",
            env=_clean_environment(),
            start_new_session=True,
            text=True,
            encoding="utf-8",
        )
        threading.Thread(target=self._listen, daemon=True).start()
        self._timer = threading.Timer(self._limits.total_s, self._give_up)
        self._timer.daemon = True
        self._timer.start()
        assert self._process.stdin is not None  # noqa: S101 - PIPE was asked for
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(self._job) + "\n")
            self._process.stdin.flush()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._errors.close()

    def messages(self) -> Iterator[dict[str, Any]]:
        """Give what the child says until it ends, is silent for too long, or fails."""
        while True:
            try:
                line = self._lines.get(timeout=self._limits.silence_s)
            except queue.Empty:
                self._give_up()
                return
            if line is None:
                return
            message: dict[str, Any] = json.loads(line)
            if "failed" in message:
                self._failure = message["failed"]
            yield message

    def verdict(self, too_slow: str, too_large: str, crashed: str) -> str:
        """Choose the sentence for how the child ended, and log the details."""
        self._kill()
        status = self._process.wait()
        self._errors.seek(0)
        tail = self._errors.read()[-2000:].decode("utf-8", "replace")
        log.warning("An import child failed", extra={"status": status, "stderr": tail})
        if self._failure == "disk" or status == -signal.SIGXFSZ:
            return "The disk is full. Make room and try again."
        if self._failure == "memory" or "MemoryError" in tail or "cannot allocate" in tail.lower():
            return too_large
        if self._timed_out or status == -signal.SIGXCPU:
            return too_slow
        return crashed

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - PIPE was asked for
        with contextlib.suppress(ValueError):
            for line in self._process.stdout:
                self._lines.put(line)
        self._lines.put(None)

    def _give_up(self) -> None:
        self._timed_out = True
        self._kill()

    def _kill(self) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _clean_environment() -> dict[str, str]:
    """Nothing of ours but what finds the code: no addresses, no passwords."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "HDF5_PLUGIN_PRELOAD": "::",
        "MALLOC_ARENA_MAX": "2",
    }


def _lost(folder: Path, path: str, sentence: str) -> FileFacts:
    facts = FileFacts(path=path, shown=shown_path(path), status="problem", sentence=sentence)
    with contextlib.suppress(OSError):
        about = (folder / path).lstat()
        facts.size_bytes, facts.modified_ns = about.st_size, about.st_mtime_ns
    return facts


def _plain(options: ImportOptions) -> dict[str, Any]:
    return options.model_dump(mode="json")
