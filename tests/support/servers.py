"""Real PostgreSQL and Redis servers for tests, each in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest
import redis

from tests.support.bench import free_port, wait_until

START_SECONDS = 60


@dataclass
class Postgres:
    """A running server; ``new_database`` gives the URL of an empty one."""

    port: int
    owner: str
    _numbers: Iterator[int] = field(default_factory=count)

    def new_database(self, template: str = "template1") -> str:
        """Make a database, empty or like another one, and give its URL."""
        name = f"bench_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql+psycopg://{self.owner}@127.0.0.1:{self.port}/{name}"

    def connect(self) -> psycopg.Connection:
        """Connect to the maintenance database."""
        return psycopg.connect(
            f"host=127.0.0.1 port={self.port} user={self.owner} dbname=postgres connect_timeout=2",
            autocommit=True,
        )

    def answers(self) -> bool:
        """Tell whether it takes connections."""
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgres(owner: str = "bench", options: Sequence[str] = ()) -> Iterator[Postgres]:
    """Run a PostgreSQL server until the block ends; root hands it to an ordinary user.

    Args:
        owner: Name of the database superuser.
        options: Further arguments of the server.
    """
    binaries = _postgres_binaries()
    user = _ordinary_user()
    folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    subprocess.run(
        [binaries / "initdb", "-D", data, "-A", "trust", "-U", owner, "-N", "-E", "UTF8"],
        check=True, user=user, capture_output=True, cwd=folder,
    )  # fmt: skip
    server = Postgres(free_port(), owner)
    arguments = [
        *options, "-c", f"unix_socket_directories={folder}", "-c", "listen_addresses=127.0.0.1",
        "-c", "fsync=off", "-c", "max_connections=200",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-p", str(server.port), *arguments],
            user=user, cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        wait_until(server.answers, START_SECONDS, "PostgreSQL")
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_redis(options: Sequence[str] = (), password: str = "") -> Iterator[str]:
    """Run a Redis server on a TCP port until the block ends; gives its URL.

    Args:
        options: Further arguments of the server.
        password: The one they set, for the URL.
    """
    binary = shutil.which("redis-server") or missing("redis-server", "redis-server")
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="bench-redis-"))
    process = subprocess.Popen(
        [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, *options],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://{f':{password}@' if password else ''}127.0.0.1:{port}/0"
    try:
        wait_until(lambda: redis_answers(url), START_SECONDS, "Redis")
        yield url
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class S3:
    """An S3 server that can be stopped and started again; it forgets everything when stopped."""

    port: int
    bucket: str = "bench"
    _process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def environment(self) -> dict[str, str]:
        """Variables under which programs reach it."""
        return {
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
        }

    def new_url(self) -> str:
        """Give the URL of an empty place in the bucket."""
        return f"s3://{self.bucket}/{next(self._numbers)}"

    def start(self) -> None:
        """Start the server and make its bucket."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._make_bucket, START_SECONDS, "the S3 server")

    def stop(self) -> None:
        """End the server with all it knows."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _make_bucket(self) -> bool:
        address = f"http://127.0.0.1:{self.port}/{self.bucket}"
        request = urllib.request.Request(address, method="PUT")
        try:
            urllib.request.urlopen(request, timeout=2).close()  # noqa: S310
        except OSError:
            return False
        return True


@contextmanager
def running_s3() -> Iterator[S3]:
    """Run an S3 server until the block ends."""
    server = S3(free_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()


def redis_answers(url: str) -> bool:
    """Tell whether a Redis takes connections."""
    client = redis.Redis.from_url(url)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def missing(what: str, package: str) -> str:
    """Skip for want of a server; in continuous integration that is a failure."""
    text = f"{what} is missing: apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


def _postgres_binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else Path(missing("PostgreSQL", "postgresql"))


def _ordinary_user() -> str | None:
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return missing("an ordinary user to run PostgreSQL", "postgresql")


def wait_gone(pids: list[int], seconds: float) -> None:
    """Wait until no process of these ids is left."""
    wait_until(lambda: not [p for p in pids if _alive(p)], seconds, f"the end of {pids}")


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def processes_of(data: Path) -> list[int]:
    """Give the ids of all processes started with this data folder in their environment."""
    mark = f"SIGNALBENCH_DATA={data}\0".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes() and _alive(int(entry.name)):
                found.append(int(entry.name))
    return found
