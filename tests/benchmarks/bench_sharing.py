"""Ten runs at once: all of them make progress, and the pages still answer.

    python tests/benchmarks/bench_sharing.py [--runs 10] [--seconds 60] [--rounds 5]

Prints the slowest and quickest run, and the time of pages and REST meanwhile (median, 95th
percentile, maximum), over HTTP and, where there is Chromium, until a page's content stands.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
import psutil  # noqa: E402

from tests.benchmarks.bench_web import chromium  # noqa: E402
from tests.support.bench import Bench, running_bench, wait_until  # noqa: E402

FAMILIES = ("cnn1d", "resnet1d", "transformer")
START_SECONDS = 300
PATHS = ("/", "/api/experiments", "/api/queue", "/api/health")
SCREENS = {
    "/": ".home-run",
    "/queue": "#queue-running .queue-item",
    "/experiments": ".ag-center-cols-container .ag-row",
    "/experiment/{run}/monitor": "#monitor-answer .progress-track",
}


def main() -> None:
    """Run the measurement and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=5, help="of opening screens")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-sharing-"))
    try:
        with running_bench(
            folder, SIGNALBENCH_WORKERS=str(given.runs), SIGNALBENCH_PROBE=""
        ) as bench:
            measure(bench, given.runs, given.seconds, given.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(bench: Bench, count: int, seconds: float, rounds: int) -> None:
    """Start the runs and look at them and at the pages."""
    runs = [start(bench, number) for number in range(count)]
    began = time.monotonic()
    wait_until(
        lambda: all(steps(bench, run) > 0 for run in runs), START_SECONDS, "an epoch of each run"
    )
    print(f"first epoch of all {count} runs after {time.monotonic() - began:.0f} s")
    before = {run: steps(bench, run) for run in runs}
    began = time.monotonic()
    times: dict[str, list[float]] = {path: [] for path in PATHS}
    while time.monotonic() < began + seconds:
        measure_requests(bench, times)
    for path, found in times.items():
        say(f"GET {path}", found)
    took = time.monotonic() - began
    gained = sorted(steps(bench, run) - before[run] for run in runs)
    stuck = sum(gain == 0 for gain in gained)
    print(f"epochs gained in {took:.0f} s: {gained}; {stuck} without progress")
    print(f"load of {psutil.cpu_count()} CPUs: {psutil.getloadavg()[0]:.1f}")
    measure_screens(bench, runs[0], rounds)


def start(bench: Bench, number: int) -> int:
    """Order a run that lasts longer than the measurement."""
    family = FAMILIES[number % len(FAMILIES)]
    longest = {"training": {"epochs": 2000, "patience": 0}, "seed": number}
    return bench.start_run(family, longest)


def steps(bench: Bench, run: int) -> int:
    """Give the epochs a run has committed."""
    return int(bench.get(f"/api/experiments/{run}")["epochs_done"])


def measure_requests(bench: Bench, times: dict[str, list[float]]) -> None:
    """Ask for pages and REST answers, one after the other, and note how long each took."""
    with httpx.Client(base_url=bench.url, timeout=60) as client:
        for path, found in times.items():
            found.append(request(client, path))


def request(client: httpx.Client, path: str) -> float:
    """Give the seconds of one request."""
    began = time.perf_counter()
    client.get(path).raise_for_status()
    return time.perf_counter() - began


def measure_screens(bench: Bench, run: int, rounds: int) -> None:
    """Open screens in a browser until their content stands."""
    if shutil.which("chromium") is None:
        print("screens: skipped, there is no Chromium")
        return
    with chromium() as browser:
        for path, content in SCREENS.items():
            page = browser.new_page()
            times = []
            for _ in range(rounds):
                began = time.perf_counter()
                page.goto(bench.url + path.format(run=run))
                page.locator(content).first.wait_for(timeout=60_000)
                times.append(time.perf_counter() - began)
            say(f"screen {path}", times)
            page.close()


def say(what: str, seconds: list[float]) -> None:
    """Print median, 95th percentile and maximum."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    print(
        f"{what}: median {statistics.median(ordered):.2f} s, p95 {p95:.2f} s, "
        f"max {ordered[-1]:.2f} s, n {len(ordered)}",
        flush=True,
    )


if __name__ == "__main__":
    main()
