"""How long the comparison of 10 runs × 500 epochs × 10 000 test windows takes to its content.

    python tests/benchmarks/bench_compare.py [--runs 10] [--epochs 500] [--openings 5]

Seeds the runs through the stores, starts the bench as a user would, and opens the page in Chromium.
"Content" is the verdict, the figures, the curves and the closer look at two runs, all drawn. The
first opening reads everything from disk; the later ones find results in memory.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from tests.support.bench import Bench, running_bench  # noqa: E402

LIMIT_MS = 120_000
CONTENT = (
    ("verdict", "#compare-verdict .verdict-sentence"),
    ("figures", "#compare-metrics td .interval-bar"),
    ("curves", ".compare-curves .scatterlayer .trace"),
    ("two runs", "#compare-couple .js-plotly-plot .heatmaplayer image, "
                 "#compare-couple .js-plotly-plot .heatmaplayer .hm"),
)  # fmt: skip
BAR_SECONDS = 2.0


def main() -> None:
    """Seed, measure and print."""
    arguments = read_arguments()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SIGNALBENCH_DATA"] = folder
        ids, windows = seed(arguments.runs, arguments.epochs)
        print(f"{len(ids)} runs, {arguments.epochs} epochs, {windows} test windows each")
        with running_bench(Path(folder)) as bench, sync_playwright() as playwright:
            path = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(
                executable_path=path, args=["--no-sandbox", "--disable-gpu"]
            )
            measure(bench, browser, ids, arguments.openings)
            browser.close()


def seed(runs: int, epochs: int) -> tuple[list[int], int]:
    """Store finished runs; gives their ids and the number of test windows."""
    from storage import database
    from tests.support.compared_runs import Bearing, Run, seeded_run, toy_dataset

    database.migrate()
    data = toy_dataset(Bearing(recordings_per_class=625, windows_per_recording=8))
    ids = [
        seeded_run(data, Run(f"Run {k}", 0.90 + 0.008 * k, luck=k, epochs=epochs))
        for k in range(runs)
    ]
    from tasks.comparison import compare_runs

    tested = compare_runs(ids[:1]).tested[0].contender
    database.engine().dispose()
    return ids, 0 if tested is None else len(tested.test.truth)


def measure(bench: Bench, browser: Browser, ids: list[int], openings: int) -> None:
    """Open the page several times and print when its parts stood."""
    address = f"{bench.url}/compare?ids={','.join(map(str, ids))}"
    web = web_process(bench)
    open_page(browser, f"{bench.url}/experiments", ())  # so that no browser cache is empty
    totals = []
    for number in range(openings):
        before = sum(web.cpu_times()[:2])
        took = open_page(browser, address, CONTENT)
        spent = sum(web.cpu_times()[:2]) - before
        totals.append(max(took.values()))
        parts = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in took.items())
        word = "first opening" if number == 0 else f"opening {number + 1}"
        print(f"{word}: {parts}; web process {spent:.2f} s of CPU; load {os.getloadavg()[0]:.1f}")
    print(
        f"to content: first {totals[0]:.2f} s, median {statistics.median(totals):.2f} s "
        f"(bar {BAR_SECONDS:.0f} s)"
    )


def open_page(
    browser: Browser, address: str, parts: tuple[tuple[str, str], ...]
) -> dict[str, float]:
    """Open an address in a context of its own; gives the seconds until each part stood."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(address)
    found = {}
    for name, selector in parts:
        page.wait_for_selector(selector, state="attached", timeout=LIMIT_MS)
        found[name] = time.perf_counter() - began
    context.close()
    return found


def web_process(bench: Bench) -> psutil.Process:
    """Give the process that serves the pages."""
    port = int(bench.url.rpartition(":")[2])
    parent = psutil.Process(bench.pid)
    for process in [parent, *parent.children(recursive=True)]:
        listening = {c.laddr.port for c in process.net_connections("tcp") if c.status == "LISTEN"}
        if port in listening:
            return process
    raise SystemExit("no process listens on the bench's port")


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--openings", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
