"""Starts the whole bench on one machine, keeps it alive, and stops it without leaving anything."""

from __future__ import annotations

import signal
import socket
import time
import urllib.error
import urllib.request
from types import FrameType

from storage.redis_server import RedisServer, RedisServerError
from storage.settings import settings
from tasks import preflight
from tasks.bench_lock import BenchLock
from tasks.service import Service
from tasks.terminal import complain, say

LOOK_SECONDS = 0.1
STOP_SECONDS = 8.0
HOPELESS_STARTS = 3
"""Deaths of the web process before its first answer, after which we give up."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def worker_service() -> Service:
    """Describe the worker process."""
    return Service("worker", ["-m", "tasks.worker", "--follow"])


class Bench:
    """Redis, the workers and the web as one thing. Start and stop it from the main thread."""

    def __init__(self, *, web: bool) -> None:
        self._with_web = web
        self._redis = RedisServer() if settings().embedded_redis else None
        self._services: list[Service] = []
        self._lock = BenchLock()
        self._listener: socket.socket | None = None
        self._web: Service | None = None
        self._redis_retry = 0.0

    def start(self) -> None:
        """Check everything, then start everything.

        Raises:
            PreflightError: Something is in the way; the text says what.
            FolderInUseError: Another bench uses the data folder.
        """
        preflight.check_data_folder()
        self._lock.take(address() if self._with_web else "")
        # Kept open here: a web process that is started again takes over the same socket.
        self._listener = preflight.take_port() if self._with_web else None
        preflight.check_given_redis()
        preflight.bring_database_up_to_date()
        self._start_redis()
        if self._listener is not None:
            number = self._listener.fileno()
            self._web = Service("web", ["app.py", "web", "--fd", str(number)], [number])
            self._services.append(self._web)
        if settings().workers:
            self._services.append(worker_service())
        for service in self._services:
            service.start()

    def keep_alive(self) -> None:
        """Restart what died; call it a few times a second.

        Raises:
            PreflightError: The web never came up.
        """
        for service in self._services:
            if service.keep_alive():
                complain(f"The {service.name} process ended, see {service.log_file}. Restarting.")
        self._keep_redis_alive()

    def is_hopeless(self) -> bool:
        """Tell whether the web process died again and again."""
        return self._web is not None and self._web.starts > HOPELESS_STARTS

    def stop(self) -> None:
        """Stop everything in order: first those that write, then what they write to."""
        deadline = time.monotonic() + STOP_SECONDS
        for service in self._services:
            service.ask_to_stop()
        for service in self._services:
            service.wait_or_kill(deadline)
        if self._redis is not None:
            self._redis.stop()
        if self._listener is not None:
            self._listener.close()
        self._lock.release()

    def _start_redis(self) -> None:
        if self._redis is None:
            return
        try:
            self._redis.start()
        except RedisServerError as error:
            raise preflight.PreflightError(str(error)) from error

    def _keep_redis_alive(self) -> None:
        if self._redis is None or self._redis.is_running() or time.monotonic() < self._redis_retry:
            return
        complain("The embedded Redis ended. Restarting it; nothing is lost.")
        self._redis_retry = time.monotonic() + 2.0
        try:
            self._redis.start()
        except RedisServerError as error:
            complain(str(error))


def address() -> str:
    """Give the URL to open in a browser on this machine."""
    host = settings().host
    host = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - compared only
    return (
        f"http://[{host}]:{settings().port}" if ":" in host else f"http://{host}:{settings().port}"
    )


def serve() -> int:
    """Run the bench until SIGINT or SIGTERM; gives the exit code."""
    stopping = _StopFlag()
    bench = Bench(web=True)
    began = time.monotonic()
    try:
        bench.start()
        while not stopping.is_set and not _answers(address()):
            bench.keep_alive()
            if bench.is_hopeless():
                raise preflight.PreflightError(
                    f"The web process does not start. Its words are in {settings().data}/logs/"
                    "web.log; python app.py doctor looks for the cause."
                )
            time.sleep(LOOK_SECONDS)
        if not stopping.is_set:
            _greet(time.monotonic() - began)
        while not stopping.is_set:
            bench.keep_alive()
            time.sleep(LOOK_SECONDS)
        say("Stopping …")
    finally:
        bench.stop()
    return 0


class _StopFlag:
    """Set by SIGINT and SIGTERM."""

    def __init__(self) -> None:
        self.is_set = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._set)

    def _set(self, _number: int, _frame: FrameType | None) -> None:
        self.is_set = True


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/health/live", timeout=2):  # noqa: S310 - our own
            return True
    except (urllib.error.URLError, OSError):
        return False


def _greet(seconds: float) -> None:
    say(f"Signalbench is ready at {address()} (after {seconds:.1f} s; Ctrl-C stops it)")
    if settings().host not in LOOPBACK:
        say(
            f"It listens at {settings().host}: everybody who reaches this machine can use it, "
            "there is no login yet."
        )
