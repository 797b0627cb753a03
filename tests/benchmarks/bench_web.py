"""Start-up, page, upload and poll figures of a real bench in a real browser.

    python tests/benchmarks/bench_web.py [--runs 5] [--upload-mb 500]

Prints medians (minimum–maximum). Needs Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
import numpy as np  # noqa: E402
import psutil  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from tests.support.bench import Bench, running_bench  # noqa: E402

PAGES = {
    "/": ".card",
    "/datasets": ".dataset-card",
    "/experiment/new": "text=Classical features",
    "/experiments": ".ag-center-cols-container .ag-row",
    "/experiment/1/monitor": ".js-plotly-plot",
    "/experiment/1/results": "text=Macro F1",
}


def main() -> None:
    """Run all measurements and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--upload-mb", type=int, default=500)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-web-"))
    try:
        measure(folder, options.runs, options.upload_mb)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(folder: Path, runs: int, upload_mb: int) -> None:
    """Start benches below ``folder`` and print every figure as it is known."""
    say("start on an empty data folder", start_times(folder, runs, fresh=True), "s")
    say("start on a used data folder", start_times(folder, runs, fresh=False), "s")
    with running_bench(folder / "used") as bench, chromium() as browser:
        bench.wait_for_run(bench.start_run("classical"))
        for path, content in PAGES.items():
            frames, contents = page_times(browser, bench, path, content, runs)
            say(f"{path} frame", frames, "ms")
            say(f"{path} content", contents, "ms")
        delays, requests = live_times(browser, bench)
        say("epoch committed → on the screen", delays, "ms")
        say("poll request", requests, "ms")
        say_upload(bench, folder, upload_mb)


def start_times(folder: Path, runs: int, *, fresh: bool) -> list[float]:
    """Seconds from the command to a healthy bench."""
    seconds = []
    for run in range(runs):
        data = folder / (f"fresh-{run}" if fresh else "used")
        data.mkdir(exist_ok=True)
        began = time.perf_counter()
        with running_bench(data):
            seconds.append(time.perf_counter() - began)
    return seconds


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium, headless."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def page_times(
    browser: Browser, bench: Bench, path: str, content: str, runs: int
) -> tuple[list[float], list[float]]:
    """Milliseconds until the frame and until the content stand, in a browser that knows the app."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    open_page(page, bench.url + path, content)
    times = [open_page(page, bench.url + path, content) for _ in range(runs)]
    context.close()
    return [frame for frame, _ in times], [whole for _, whole in times]


def open_page(page: Page, url: str, content: str) -> tuple[float, float]:
    """Load an address; give milliseconds to the rail and to the content."""
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector("nav.rail", timeout=20_000)
    frame = time.perf_counter() - began
    page.wait_for_selector(content, timeout=20_000)
    return frame * 1000, (time.perf_counter() - began) * 1000


def live_times(browser: Browser, bench: Bench) -> tuple[list[float], list[float]]:
    """Watch a run; give the delays from a committed epoch to its point, and request times."""
    config = {"training": {"epochs": 60, "patience": 0}}
    run = bench.start_run("cnn1d", config)
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    requests: list[float] = []
    page.on("requestfinished", lambda request: note_duration(request, requests))
    page.goto(f"{bench.url}/experiment/{run}/monitor")
    seen: dict[int, float] = {}
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        count = page.evaluate(
            "() => { const plot = document.querySelector('.js-plotly-plot');"
            " return plot && plot.data && plot.data[0] ? plot.data[0].x.length : 0; }"
        )
        seen.setdefault(count, time.time())
        if bench.get(f"/api/experiments/{run}")["status"] == "completed":
            break
        page.wait_for_timeout(20)
    rows = bench.get(f"/api/experiments/{run}/epochs")["items"]
    return delays_of(rows, seen), requests


def delays_of(rows: Sequence[dict[str, object]], seen: dict[int, float]) -> list[float]:
    """Milliseconds between each epoch's commit and the first sight of that many points."""
    delays = []
    for row in rows:
        number = int(str(row["epoch"]))
        sights = [moment for count, moment in seen.items() if count >= number and count > 1]
        if sights:
            committed = np.datetime64(str(row["created_at"]).rstrip("Z"), "us").astype(float) / 1e6
            delays.append((min(sights) - committed) * 1000)
    return [delay for delay in delays if delay > 0]


def note_duration(request: object, durations: list[float]) -> None:
    """Keep how long a callback request took."""
    if "_dash-update-component" in request.url:  # type: ignore[attr-defined]
        durations.append(request.timing["responseEnd"])  # type: ignore[attr-defined]


def say_upload(bench: Bench, folder: Path, megabytes: int) -> None:
    """Upload one big file and print throughput and what the web process grew by."""
    path = folder / "big.npy"
    np.lib.format.open_memmap(path, "w+", np.float32, (megabytes * 250_000,)).flush()
    children = psutil.Process(bench.pid).children()
    web = next(child for child in children if "web" in child.cmdline())
    before = web.memory_info().rss
    peak = [before]
    watching = threading.Event()
    watcher = threading.Thread(target=watch_memory, args=(web, peak, watching))
    watcher.start()
    began = time.perf_counter()
    with path.open("rb") as file:
        answer = httpx.post(
            f"{bench.url}/api/datasets",
            files={"files": ("big.npy", file)},
            data={"review": "true"},
            timeout=600,
        )
    seconds = time.perf_counter() - began
    watching.set()
    watcher.join()
    print(
        f"upload of {megabytes} MB: HTTP {answer.status_code}, {megabytes / seconds:.0f} MB/s, "
        f"web process + {(max(peak) - before) / 1e6:.0f} MB"
    )


def watch_memory(process: psutil.Process, peak: list[int], done: threading.Event) -> None:
    """Sample a process's memory until told to stop."""
    while not done.wait(0.05):
        peak.append(process.memory_info().rss)


def say(
    what: str, values: Sequence[float], unit: str, write: Callable[[str], None] = print
) -> None:
    """Print a figure as median (minimum–maximum) with its count."""
    if not values:
        write(f"{what}: nothing measured")
        return
    middle, low, high = statistics.median(values), min(values), max(values)
    text = f"{middle:.3g} {unit} ({low:.3g}–{high:.3g}), n = {len(values)}"
    if len(values) >= 20:
        text += f", p95 {sorted(values)[int(0.95 * len(values))]:.3g} {unit}"
    write(f"{what}: {text}")


if __name__ == "__main__":
    main()
