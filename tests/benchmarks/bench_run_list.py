"""Opening the run list: ours over HTTP beside MLflow's search over HTTP, on the same runs.

    python tests/benchmarks/bench_run_list.py [--runs 1000 100000] [--rounds 15] [--no-mlflow]

Each run has 20 settings and 5 metrics. Asked for is the first page of 50 of one family, best
accuracy first; ours answers with the total count too, MLflow knows none. MLflow lives in an
environment of its own and is asked when its process tree has been idle. Medians within this run.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
import psutil  # noqa: E402

from tests.benchmarks.many_runs import each_run  # noqa: E402
from tests.benchmarks.peers import NoPeerError, peer_python, run_peer  # noqa: E402
from tests.support.bench import (  # noqa: E402
    NotInTimeError,
    free_port,
    running_bench,
    wait_until,
)

FAMILY = "cnn1d"
REST = f"/api/experiments?family={FAMILY}&sort=accuracy&limit=50"
OTHERS = {
    "any metric as order": "/api/experiments?sort=metric:val_loss&order=asc",
    "a setting and a metric as filter": "/api/experiments?q=batch_size = 32 and val.loss < 0.1",
    "a setting that a quarter has": "/api/experiments?q=batch_size = 32",
    "a piece of a name": "/api/experiments?search=try 99",
    "page 1 500 (empty when there are fewer)": "/api/experiments?sort=accuracy&offset=74950",
    "groups by family": "/api/experiment-groups?by=family",
    "groups by a setting": "/api/experiment-groups?by=param:training.batch_size",
    "models by data sets": "/api/experiment-pivot",
}
IDLE_SHARE = 0.05
IDLE_SECONDS = 5.0
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Cost:
    """Median wall time and mean CPU time of an answer, in milliseconds."""

    wall_ms: float
    cpu_ms: float

    def __str__(self) -> str:
        return f"{self.wall_ms:.1f} ms (CPU {self.cpu_ms:.1f})"


def main() -> None:
    """Measure and print."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped
    arguments = read_arguments()
    ours = {count: measure_ours(count, arguments.rounds) for count in arguments.runs}
    most, fewest = max(ours), min(ours)
    for way in ("REST", "screen"):
        growth = ours[most][way].cpu_ms / ours[fewest][way].cpu_ms
        wall = ours[most][way].wall_ms / ours[fewest][way].wall_ms
        print(f"{way}: {fewest} to {most} runs, wall x {wall:.2f}, CPU x {growth:.2f} (bar 2)")
    if not arguments.no_mlflow:
        try:
            beside_mlflow(most, ours[most], arguments.rounds)
        except (NoPeerError, NotInTimeError) as error:
            print(f"MLflow: skipped ({error})")


def measure_ours(count: int, rounds: int) -> dict[str, Cost]:
    """Fill a bench with runs and ask it as a script and as the screen does."""
    with tempfile.TemporaryDirectory(prefix="bench-run-list-") as folder:
        fill(Path(folder), count)
        with (
            running_bench(Path(folder), SIGNALBENCH_PROBE="", SIGNALBENCH_WORKERS="1") as bench,
            httpx.Client(base_url=bench.url, timeout=120) as client,
        ):
            wait_until_idle(bench.pid)
            web = listener(bench.pid, int(bench.url.rsplit(":", 1)[1]))
            expected = client.get(REST).raise_for_status().json()["total"]
            screen = screen_request(client)
            found = {
                "REST": timed(lambda: client.get(REST), web, rounds),
                "screen": timed(lambda: ask_screen(client, screen, expected), web, rounds),
            }
            print(f"{count} runs, {expected} match:")
            for what, path in OTHERS.items():
                cost = timed(lambda path=path: client.get(path), web, max(3, rounds // 3))  # type: ignore[misc]
                print(f"  {what}: {cost}")
            for way, cost in found.items():
                print(f"  {way}, filter + sort + total + first page: {cost}")
    return found


def fill(folder: Path, count: int) -> None:
    """Write the runs in a process of its own, which leaves this one's settings alone."""
    script = (
        "from storage.database import migrate; migrate();"
        f"from tests.benchmarks.many_runs import write_runs; write_runs({count})"
    )
    environment = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
    subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True,
        env={**environment, "SIGNALBENCH_DATA": str(folder)},
    )  # fmt: skip


def screen_request(client: httpx.Client) -> dict[str, Any]:
    """Build what the history's table sends for its rows, out of what the page declares."""
    declared = client.get("/_dash-dependencies").raise_for_status().json()
    callback = next(each for each in declared if "getRowsResponse" in each["output"])
    request = {
        "startRow": 0, "endRow": 50, "sortModel": [{"colId": "accuracy", "sort": "desc"}],
        "filterModel": {},
    }  # fmt: skip
    given = {"history-family": [FAMILY]}
    outputs = [
        dict(zip(("id", "property"), each.rsplit(".", 1), strict=True))
        for each in callback["output"].strip(".").split("...")
    ]

    def valued(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**part, "value": request if part["property"] == "getRowsRequest"
             else given.get(part["id"])}
            for part in parts
        ]  # fmt: skip

    changed = f"{callback['inputs'][0]['id']}.getRowsRequest"
    return {
        "output": callback["output"], "outputs": outputs, "changedPropIds": [changed],
        "inputs": valued(callback["inputs"]), "state": valued(callback["state"]),
    }  # fmt: skip


def ask_screen(client: httpx.Client, body: dict[str, Any], expected: int) -> httpx.Response:
    """Ask as the screen does, and look whether all runs were counted."""
    answer = client.post("/_dash-update-component", json=body).raise_for_status()
    grid = next(each for each in answer.json()["response"].values() if "getRowsResponse" in each)
    assert grid["getRowsResponse"]["rowCount"] == expected
    return answer


def beside_mlflow(count: int, ours: dict[str, Cost], rounds: int) -> None:
    """Ask MLflow for the same page of the same runs."""
    python = peer_python("mlflow")
    with tempfile.TemporaryDirectory(prefix="bench-run-list-mlflow-") as folder:
        source = Path(folder) / "runs.jsonl"
        source.write_text("".join(as_lines(count)), encoding="utf-8")
        database = Path(folder) / "mlflow.db"
        known = run_peer(python, "mlflow_runs.py", [str(database), str(source)])
        with mlflow_server(python, database) as (url, process):
            wait_until_idle(process.pid)
            body = {
                "experiment_ids": [str(known["experiment"])],
                "filter": f"params.family = '{FAMILY}'",
                "order_by": ["metrics.accuracy DESC"],
                "max_results": 50,
            }
            with httpx.Client(base_url=url, timeout=120) as client:
                cost = timed(
                    lambda: client.post("/api/2.0/mlflow/runs/search", json=body),
                    psutil.Process(process.pid), rounds,
                )  # fmt: skip
    print(f"MLflow {known['version']} over HTTP, {count} runs, without a total: {cost}")
    for way, mine in ours.items():
        print(
            f"{way} / MLflow: wall 1/{cost.wall_ms / mine.wall_ms:.0f}, "
            f"CPU 1/{cost.cpu_ms / mine.cpu_ms:.0f} (bar 1/100)"
        )


def as_lines(count: int) -> Iterator[str]:
    """Give the runs for the peer's script."""
    from storage.stores.experiment_rows import flatten

    for number, family, config, metrics in each_run(count):
        params = {"family": family, **dict(flatten(config))}
        yield json.dumps([number, f"{family} try {number}", params, metrics]) + "\n"


@contextmanager
def mlflow_server(python: Path, database: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve an MLflow database until the block ends."""
    port = free_port()
    command = [
        str(python), "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{database}",
        "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=database.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), PATIENCE_SECONDS, "MLflow")
        yield f"http://127.0.0.1:{port}", process
    finally:
        # It starts job workers that outlive it; they are found while their parents still live.
        for each in [psutil.Process(process.pid), *children_of(process.pid)]:
            if each.is_running():
                each.kill()
        process.wait()


def children_of(pid: int) -> list[psutil.Process]:
    """Give everything that a process started, and what that started."""
    return psutil.Process(pid).children(recursive=True)


def answers(url: str) -> bool:
    """Tell whether a server answers."""
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def listener(parent: int, port: int) -> psutil.Process:
    """Find the process that takes a port's connections."""
    for process in psutil.Process(parent).children(recursive=True):
        found = process.net_connections("tcp")
        if any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in found):
            return process
    return psutil.Process(parent)


def timed(ask: Callable[[], httpx.Response], server: psutil.Process, rounds: int) -> Cost:
    """Ask once for warmth, then again and again."""
    ask().raise_for_status()
    before, took = cpu_seconds(server), []
    for _ in range(rounds):
        began = time.perf_counter()
        ask().raise_for_status()
        took.append(1000 * (time.perf_counter() - began))
    cpu = 1000 * (cpu_seconds(server) - before) / rounds
    return Cost(statistics.median(took), cpu)


def cpu_seconds(process: psutil.Process) -> float:
    """Give the CPU time of a process and what it started."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            total += sum(each.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return total


def wait_until_idle(pid: int) -> None:
    """Wait until a process tree takes next to no time of the processor."""
    root = psutil.Process(pid)

    def idle() -> bool:
        before = cpu_seconds(root)
        time.sleep(IDLE_SECONDS)
        return cpu_seconds(root) - before < IDLE_SHARE * IDLE_SECONDS

    wait_until(idle, PATIENCE_SECONDS, "the servers to become idle")


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-mlflow", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
