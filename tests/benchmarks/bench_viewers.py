"""What many open logs cost: page times and the web process's load with 0 and 300 viewers.

    python tests/benchmarks/bench_viewers.py [--viewers 300] [--requests 100]

The viewers watch one paused run over server-sent events; half of them never read.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
import psutil  # noqa: E402

from tests.support.bench import Bench, running_bench, wait_until  # noqa: E402

LOOK_SECONDS = 10.0
PAGES = ("/experiments", "/api/experiments?limit=50", "/api/notifications")


def main() -> None:
    """Measure and print."""
    arguments = read_arguments()
    with tempfile.TemporaryDirectory() as folder, running_bench(Path(folder)) as bench:
        task = paused_run(bench)
        web = web_process(bench)
        measure(bench, web, 0, arguments.requests)
        with ExitStack() as stack:
            viewers = [stack.enter_context(viewer(bench, task)) for _ in range(arguments.viewers)]
            for each in viewers[::2]:
                each.recv(65536)
            measure(bench, web, arguments.viewers, arguments.requests)


def measure(bench: Bench, web: psutil.Process, viewers: int, requests: int) -> None:
    """Print the times of pages, and how much of a core the web process takes by itself."""
    took = []
    with httpx.Client(base_url=bench.url, timeout=60) as client:
        for number in range(requests):
            begin = time.perf_counter()
            client.get(PAGES[number % len(PAGES)]).raise_for_status()
            took.append(1000 * (time.perf_counter() - begin))
    before, begin = sum(web.cpu_times()[:2]), time.monotonic()
    time.sleep(LOOK_SECONDS)
    share = 100 * (sum(web.cpu_times()[:2]) - before) / (time.monotonic() - begin)
    took.sort()
    print(
        f"{viewers} viewers: requests p50 {statistics.median(took):.0f} ms, "
        f"p95 {took[int(0.95 * len(took))]:.0f} ms (n = {len(took)}); "
        f"web process idle load {share:.1f} % of a core"
    )


def paused_run(bench: Bench) -> str:
    """Start a run, pause it, and give its task id."""
    run = bench.start_run("cnn1d", {"training": {"epochs": 2000, "patience": 0}})
    path = f"/api/experiments/{run}"
    wait_until(lambda: bench.get(path)["status"] == "running", 120, "the run to start")
    bench.post(f"{path}/pause")
    wait_until(lambda: bench.get(path)["status"] == "paused", 120, "the run to pause")
    return str(bench.get(path)["task_id"])


def viewer(bench: Bench, task: str) -> socket.socket:
    """Open a stream and leave it."""
    place = urlsplit(bench.url)
    opened = socket.create_connection((place.hostname or "", place.port or 80), timeout=60)
    opened.sendall(f"GET /api/task-logs/{task} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
    return opened


def web_process(bench: Bench) -> psutil.Process:
    """Find the process that answers the address."""
    port = urlsplit(bench.url).port
    # The parent opened the socket that the web process listens on.
    for process in psutil.Process(bench.pid).children(True):
        found = process.net_connections("tcp")
        if any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in found):
            return process
    raise RuntimeError("no process of the bench listens on its port")


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=300)
    parser.add_argument("--requests", type=int, default=100)
    return parser.parse_args()


if __name__ == "__main__":
    main()
