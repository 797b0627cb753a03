"""A child process that is kept alive: started, restarted with growing pauses, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from storage.settings import REPOSITORY, settings

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 30.0
"""A child that lived this long starts again without a pause."""
MAX_LOG_BYTES = 20_000_000


class Service:
    """One of our own processes; it ends when the pipe to its standard input does."""

    def __init__(self, name: str, arguments: Sequence[str], pass_fds: Sequence[int] = ()) -> None:
        self.name = name
        self.starts = 0
        self._arguments = list(arguments)
        self._pass_fds = tuple(pass_fds)
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self._next_start = 0.0

    @property
    def log_file(self) -> Path:
        """Where its output goes."""
        return settings().data / "logs" / f"{self.name}.log"

    def start(self) -> None:
        """Start it now."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        mode = "wb" if _size(self.log_file) > MAX_LOG_BYTES else "ab"
        with self.log_file.open(mode) as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=REPOSITORY,
                pass_fds=self._pass_fds,
                # Ctrl-C at the terminal is for us alone; we stop the others in order.
                start_new_session=True,
            )
        self.starts += 1
        self._started_at = time.monotonic()

    def is_running(self) -> bool:
        """Tell whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def keep_alive(self) -> bool:
        """Start it again if it died; gives True when it had to be noticed as dead just now."""
        now = time.monotonic()
        if self.is_running():
            return False
        if self._next_start == 0.0:
            self._close_pipe()
            steady = now - self._started_at > STEADY_SECONDS
            self._pause = FIRST_PAUSE_SECONDS if steady else self._pause
            self._next_start = now + self._pause
            self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)
            return True
        if now >= self._next_start:
            self._next_start = 0.0
            self.start()
        return False

    def ask_to_stop(self) -> None:
        """Tell it to end; returns at once."""
        if self._process is not None and self.is_running():
            self._process.terminate()

    def wait_or_kill(self, deadline: float) -> None:
        """Wait for its end until ``deadline`` (monotonic), then kill its whole session."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._close_pipe()

    def _close_pipe(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
