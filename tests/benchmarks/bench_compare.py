"""How long the comparison of 10 runs × 500 epochs × 10 000 test windows takes to its content.

    python tests/benchmarks/bench_compare.py [--runs 10] [--epochs 500] [--openings 5]

Seeds the runs through the stores, starts the bench as a user would, and opens the page in Chromium.
The page is opened from the list of experiments, as its bulk action does. "Content" is the verdict,
the figures and the curves, all drawn; the closer look at two runs stands further down and follows.
The first opening reads everything from disk; the later ones find results in memory.
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
SETTLE_MS = 1500
GO = """address => {
    window.history.pushState({}, "", address);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
}"""
SEEN: dict[int, float] = {}


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
    address = f"/compare?ids={','.join(map(str, ids))}"
    totals = []
    for number in range(openings):
        took, browsed = open_page(bench, browser, address)
        totals.append(max(took[name] for name, _ in CONTENT[:-1]))
        parts = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in took.items())
        word = "first opening" if number == 0 else f"opening {number + 1}"
        print(
            f"{word}: {parts}; browser CPU {browsed:.2f} s; load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    print(
        f"to content: first {totals[0]:.2f} s, median {statistics.median(totals):.2f} s "
        f"(bar {BAR_SECONDS:.0f} s)"
    )


def open_page(bench: Bench, browser: Browser, address: str) -> tuple[dict[str, float], float]:
    """Go from the list to the comparison inside the application.

    Returns:
        Seconds until each part stood, and CPU seconds of the browser until then.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{bench.url}/experiments")
    page.wait_for_selector(".ag-center-cols-container .ag-row", timeout=LIMIT_MS)
    page.wait_for_timeout(SETTLE_MS)
    before = browser_seconds()
    began = time.perf_counter()
    page.evaluate(GO, address)
    found = {}
    for name, selector in CONTENT:
        page.wait_for_selector(selector, state="attached", timeout=LIMIT_MS)
        found[name] = time.perf_counter() - began
    browsed = browser_seconds() - before
    context.close()
    return found, browsed


def browser_seconds() -> float:
    """Give the CPU time that Chromium has taken so far, ended processes of it included."""
    for process in psutil.Process().children(recursive=True):
        if "chrom" in process.name():
            times = process.cpu_times()
            SEEN[process.pid] = times.user + times.system
    return sum(SEEN.values())


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--openings", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
