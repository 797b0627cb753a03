"""The web process killed during eight runs: trainings untouched, curves and logs complete."""

from __future__ import annotations

import json
import threading
import time
import urllib.request

from storage.stores.experiments import ExperimentStore
from tests.benchmarks.reliability.common import Row, await_ended, bench, spread
from tests.chaos.patient import Patient
from tests.chaos.runs import Kind, submit
from tests.support.bench import wait_until

RUNS = 8
FOLLOW_SECONDS = 5


class Follower:
    """Reads a run's log over Server-Sent Events and resumes by Last-Event-ID, as a browser does."""

    def __init__(self, subject: Patient, task: str) -> None:
        self.ids: list[int] = []
        self._url = f"{subject.http.url}/api/task-logs/{task}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Read no more."""
        self._over.set()
        self._thread.join(2 * FOLLOW_SECONDS)

    def _follow(self) -> None:
        while not self._over.is_set():
            last = str(self.ids[-1]) if self.ids else "0"
            request = urllib.request.Request(self._url, headers={"Last-Event-ID": last})  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=FOLLOW_SECONDS) as stream:  # noqa: S310
                    for line in stream:
                        if line.startswith(b"id:"):
                            self.ids.append(int(line[3:]))
            except OSError:
                self._over.wait(0.3)


def measure(kills: int, epochs: int) -> list[Row]:
    """Kill the web so many times while eight runs train."""
    backs: list[float] = []
    with bench(variables={"SIGNALBENCH_WORKERS": str(RUNS)}) as subject:
        kind = Kind("cnn1d", 0, epochs)
        numbers = [submit(subject, kind, f"run {i + 1}") for i in range(RUNS)]
        wait_until(lambda: len(subject.processes("runner")) == RUNS, 120, "all runners")
        tasks = {n: ExperimentStore().get(n).task_id for n in numbers}
        followers = {n: Follower(subject, task) for n, task in tasks.items()}
        for _ in range(kills):
            time.sleep(2.0)
            (web,) = wait_until(lambda: subject.processes("web"), 60, "the web")
            web.kill()
            began = time.monotonic()
            wait_until(subject.answers, 60, "the web")
            backs.append(time.monotonic() - began)
        wrong = await_ended(numbers)
        wrong += [text for n in numbers for text in _curve(subject, n, epochs)]
        time.sleep(2.0)
        for follower in followers.values():
            follower.end()
        wrong += [text for n in numbers for text in _log(subject, n, followers[n].ids)]
        touched = sum(ExperimentStore().get(n).attempts > 1 for n in numbers)
    figure = (
        f"{touched} of {RUNS} trainings touched, {len(wrong)} curves or logs incomplete; "
        f"back after {spread(backs)}{'; ' if wrong else ''}{'; '.join(wrong[:3])}"
    )
    held = not wrong and not touched
    return [Row("web restart during 8 runs", "trainings untouched, curves complete", figure, held)]


def _curve(subject: Patient, number: int, epochs: int) -> list[str]:
    rows = subject.http.get(f"/api/experiments/{number}/epochs")["items"]
    complete = [row["epoch"] for row in rows] == list(range(1, epochs + 1))
    return [] if complete else [f"run {number} shows {len(rows)} epochs"]


def _log(subject: Patient, number: int, ids: list[int]) -> list[str]:
    path = subject.data / "runs" / str(number) / "log.jsonl"
    written = [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
    return [] if ids == written else [f"log of run {number}: read {ids}, written {written}"]
