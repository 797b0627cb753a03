"""A PostgreSQL server that can be stopped and started again on its data."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.support.bench import free_port, wait_until
from tests.support.servers import START_SECONDS, _ordinary_user, _postgres_binaries

STOP_SECONDS = 30


@dataclass
class Postgres:
    """One server with one database."""

    folder: Path
    port: int
    user: str | None
    binaries: Path
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """SQLAlchemy URL of its database."""
        return f"postgresql+psycopg://bench@127.0.0.1:{self.port}/postgres"

    def is_running(self) -> bool:
        """Tell whether the server process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> bool:
        """Start the server; gives True once it takes connections."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self.binaries / "postgres", "-D", self.folder / "data", "-p", str(self.port),
                    "-c", f"unix_socket_directories={self.folder}",
                    "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200",
                ],
                user=self.user, cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
                # Not the bench's environment: by it "everything" that is killed is found.
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            )  # fmt: skip
        wait_until(self.answers, START_SECONDS, "PostgreSQL")
        return True

    def stop(self, *, immediate: bool = False) -> None:
        """Stop it: fast, or at once as a crash does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
            self._process.wait(STOP_SECONDS)

    def answers(self) -> bool:
        """Tell whether it takes connections."""
        target = f"host=127.0.0.1 port={self.port} user=bench dbname=postgres connect_timeout=2"
        try:
            psycopg.connect(target).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def restartable_postgres() -> Iterator[Postgres]:
    """Run a server until the block ends; root hands it to an ordinary user."""
    user, binaries = _ordinary_user(), _postgres_binaries()
    folder = Path(tempfile.mkdtemp(prefix="chaos-postgres-"))
    if user is not None:
        shutil.chown(folder, user)
    subprocess.run(
        [binaries / "initdb", "-D", folder / "data", "-A", "trust", "-U", "bench", "-E", "UTF8"],
        check=True, user=user, capture_output=True, cwd=folder,
    )  # fmt: skip
    server = Postgres(folder, free_port(), user, binaries)
    server.start()
    try:
        yield server
    finally:
        server.stop(immediate=True)
        shutil.rmtree(folder, ignore_errors=True)
