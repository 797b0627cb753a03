"""Starts the bench as a user would and talks to it over HTTP; for tests and benchmarks."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
START_LIMIT_SECONDS = 90


class NotInTimeError(AssertionError):
    """Something that was awaited did not happen within its time."""


@dataclass(frozen=True)
class Bench:
    """A bench that serves on its own data folder and port."""

    url: str
    data: Path
    pid: int

    def get(self, path: str) -> Any:
        """Read JSON from the REST interface."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send JSON to the REST interface and read the answer."""
        request = urllib.request.Request(  # noqa: S310
            self.url + path,
            data=json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def ready_dataset(self, beginning: str) -> int:
        """Wait for a built-in data set whose name begins so, and give its id."""

        def found() -> list[int]:
            items = self.get("/api/datasets?ready_only=true")["items"]
            return [item["id"] for item in items if item["name"].startswith(beginning)]

        return int(wait_until(found, 60, f"the data set “{beginning}”")[0])

    def start_run(self, family: str, config: dict[str, Any] | None = None) -> int:
        """Start a quick test on GunPoint and give its id."""
        body = {
            "family": family,
            "dataset_id": self.ready_dataset("Gun"),
            "preset": "quick_test",
            "config": config or {},
        }
        return int(self.post("/api/experiments", body)["experiment_id"])

    def wait_for_run(self, run: int, seconds: float = 300) -> None:
        """Wait until a run has ended, well or not."""
        ended = ("completed", "failed", "cancelled", "stopped")
        wait_until(
            lambda: self.get(f"/api/experiments/{run}")["status"] in ended, seconds, "the run"
        )


def free_port() -> int:
    """Give a TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Poll a condition until it gives something true, or fail naming what was awaited."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise NotInTimeError(f"waited {seconds:.0f} s in vain for {what}")


@contextmanager
def running_bench(data: Path, **environment: str) -> Iterator[Bench]:
    """Run ``python app.py`` on a data folder until the block ends, then stop it by SIGTERM."""
    port = free_port()
    variables = {
        **{key: value for key, value in os.environ.items() if not key.endswith("_URL")},
        "SIGNALBENCH_DATA": str(data),
        "SIGNALBENCH_PORT": str(port),
        **environment,
    }
    with (data / "bench.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=REPOSITORY, env=variables, stdout=log, stderr=log
        )
        bench = Bench(f"http://127.0.0.1:{port}", data, process.pid)
        try:
            wait_until(lambda: _answers(bench, process), START_LIMIT_SECONDS, "the bench to start")
            yield bench
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def _answers(bench: Bench, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise NotInTimeError("the bench ended: " + (bench.data / "bench.log").read_text()[-2000:])
    try:
        return bool(bench.get("/api/health")["status"] == "ok")
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
