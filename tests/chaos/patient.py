"""The bench under test as processes: started, found, killed, started again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from integrations.core.data.builtin import builtin_sets
from integrations.core.testing import toy_signals
from storage import database, progress
from storage.entities import DatasetStatus
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from tasks.import_jobs import BUILTIN_MARK, ready_facts
from tests.support.bench import REPOSITORY, Bench, free_port, wait_until
from tests.support.environment import forget
from tests.support.servers import processes_of

CPUS = 2
"""Every bench sees as many, so that a run has one thread here and on larger machines."""
SLOTS = 2
START_SECONDS = 90
STOP_SECONDS = 30
PLUGIN = Path(__file__).parent / "plugin"
ROLES = {
    "runner": "tasks.runner",
    "job": "tasks.job_runner",
    "worker": "tasks.worker",
    "redis": "redis-server",
    "web": "web",
    "parent": "app.py",
}
"""Words of the command lines, the more telling ones first."""


@dataclass
class Patient:
    """A bench (``app.py``) and one more worker on the same data folder.

    Attributes:
        folder: Everything of this bench, logs and traces included.
        data: Its data folder.
        helpers: Workers started beside the bench's own.
    """

    folder: Path
    data: Path
    helpers: int = 1
    variables: Mapping[str, str] = field(default_factory=dict)
    restarts: int = 0
    exits: list[str] = field(default_factory=list)
    _port: int = field(default_factory=free_port)
    _bench: subprocess.Popen[bytes] | None = None
    _helpers: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def http(self) -> Bench:
        """Its REST interface."""
        return Bench(f"http://127.0.0.1:{self._port}", self.data, self.pid)

    @property
    def pid(self) -> int:
        """Process id of the one command."""
        return self._bench.pid if self._bench else 0

    @property
    def trace(self) -> Path:
        """Where the traced families write."""
        return self.folder / "trace"

    def start(self) -> None:
        """Start everything that is not running."""
        if self._bench is None or self._bench.poll() is not None:
            if self._bench is not None:
                self.restarts += 1
                self.exits.append(f"bench ended with {self._bench.returncode}")
            self._bench = self._popen("app.py", log="bench.log")
        if settings().embedded_redis and not (settings().redis_folder / "password").exists():
            return
        for number in range(self.helpers):
            old = self._helpers.get(number)
            if old is None or old.poll() is not None:
                if old is not None and old.stdin is not None:
                    old.stdin.close()
                log = f"helper-{number}.log"
                self._helpers[number] = self._popen("-m", "tasks.worker", "--follow", log=log)

    def wait_until_ready(self) -> None:
        """Wait for the web and all helpers.

        Raises:
            NotInTimeError: They do not come.
        """
        wait_until(self.answers, START_SECONDS, f"the bench, see {self.folder}/bench.log")
        self.start()

    def answers(self) -> bool:
        """Tell whether the web answers and the database has its tables."""
        with contextlib.suppress(OSError, ValueError):
            return bool(self.http.get("/api/health")["checks"]["database"]["status"] == "ok")
        return False

    def stop(self) -> float:
        """Stop all in order; gives the seconds the one command took."""
        self.end_helpers()
        began = time.monotonic()
        if self._bench is not None and self._bench.poll() is None:
            self._bench.send_signal(signal.SIGTERM)
            self._bench.wait(STOP_SECONDS)
        return time.monotonic() - began

    def end_helpers(self) -> None:
        """Stop the additional workers."""
        for helper in self._helpers.values():
            helper.send_signal(signal.SIGCONT)
            helper.terminate()
        for helper in self._helpers.values():
            helper.wait(STOP_SECONDS)
            if helper.stdin is not None:
                helper.stdin.close()
        self._helpers.clear()

    def kill_everything(self) -> int:
        """End every process of this bench at once, as a power cut would; gives their number."""
        killed = 0
        while pids := processes_of(self.data):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
            self._reap()
        return killed

    def processes(self, role: str) -> list[psutil.Process]:
        """Give the living processes of one role, the oldest first."""
        if role == "redis":
            return self._redis()
        found = [p for p in map(_process, processes_of(self.data)) if p and role_of(p) == role]
        return sorted(found, key=lambda process: process.pid)

    def _redis(self) -> list[psutil.Process]:
        """Redis writes its title over its environment, so it is found by its parent."""
        parent = _process(self.pid) if self.pid else None
        try:
            return [c for c in parent.children() if role_of(c) == "redis"] if parent else []
        except psutil.Error:
            return []

    def _popen(self, *arguments: str, log: str) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, *arguments],
                cwd=REPOSITORY,
                env=self.environment(),
                stdin=subprocess.PIPE if "tasks.worker" in arguments else subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_on_few_cpus,
            )

    def environment(self) -> dict[str, str]:
        """Give the environment of all its processes."""
        clean = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
        return {
            **clean,
            "SIGNALBENCH_WORKERS": str(SLOTS),
            "SIGNALBENCH_PROBE": "",
            **self.variables,
            "SIGNALBENCH_DATA": str(self.data),
            "SIGNALBENCH_PORT": str(self._port),
            "PYTHONPATH": f"{self.folder / 'plugin'}:{PLUGIN}",
            "CHAOS_TRACE": str(self.trace),
            "CHAOS_HANG": str(self.folder / "hang"),
        }

    def _reap(self) -> None:
        for child in (self._bench, *self._helpers.values()):
            if child is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(0.05)


@contextmanager
def patient(
    folder: Path, variables: Mapping[str, str] | None = None, *, helpers: int = 1
) -> Iterator[Patient]:
    """Prepare a bench with a toy data set; this process' stores look into it.

    Args:
        folder: An empty folder for everything; the data lie in ``folder / "data"``.
        variables: Further environment variables, for example DATABASE_URL.
        helpers: Workers beside the bench's own.
    """
    data, variables = (folder / "data").resolve(), variables or {}
    data.mkdir(parents=True, exist_ok=True)
    with _settings_of(data, variables):
        subject = Patient(folder.resolve(), data, helpers, variables)
        _write_entry_points(folder / "plugin")
        _prepare(data)
        try:
            yield subject
        finally:
            subject.kill_everything()


def role_of(process: psutil.Process) -> str:
    """Give what a process of the bench is: a key of ROLES, or "other"."""
    try:
        words = process.cmdline()
    except psutil.Error:
        return "other"
    text = " ".join(words)
    for role, word in ROLES.items():
        if word in words or (role == "redis" and word in text):
            return role
    return "other"


def _prepare(data: Path) -> None:
    """Make the database and the data set, and leave out the built-in ones: nobody uses them."""
    database.migrate()
    folder = settings().datasets_folder
    folder.mkdir(parents=True, exist_ok=True)
    keys = [builtin.key for builtin in builtin_sets()]
    (folder / BUILTIN_MARK).write_text(json.dumps(keys), encoding="utf-8")
    if not (folder / "toy").exists():
        toy = toy_signals(folder / "toy")
        entity = DatasetStore().create("toy", source="upload", status=DatasetStatus.IMPORTING)
        DatasetStore().set_ready(entity.id, ready_facts(toy.info, folder / "toy", "toy"))


def _write_entry_points(folder: Path) -> None:
    info = folder / "traced_families-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: traced-families\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[signalbench.families]\n"
        "classical = traced_families:CLASSICAL\n"
        "cnn1d = traced_families:CNN1D\n"
        "transformer = traced_families:TRANSFORMER\n"
    )


@contextmanager
def _settings_of(data: Path, variables: Mapping[str, str]) -> Iterator[None]:
    wanted = {"SIGNALBENCH_DATA": str(data), "SIGNALBENCH_WORKERS": str(SLOTS), **variables}
    names = {*wanted, "DATABASE_URL", "REDIS_URL", "ARTIFACT_URL"}
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ.update(wanted)
    forget()
    try:
        yield
    finally:
        if database.engine.cache_info().currsize:
            database.engine().dispose()
        if progress.connection.cache_info().currsize:
            progress.connection().close()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        forget()


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


def _on_few_cpus() -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CPUS])
