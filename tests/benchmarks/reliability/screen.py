"""What the monitor says of a lost worker, in a real browser."""

from __future__ import annotations

import time

from tasks.broadcast import beat_seconds
from tests.benchmarks.bench_web import chromium
from tests.benchmarks.reliability.common import (
    Row,
    await_batch,
    bench,
    cancel,
    endless,
    spread,
    start_runs,
    token_of,
)
from tests.benchmarks.reliability.ownership import lose_a_worker

WORDS = "text=Its worker fell silent"
SEEN_SECONDS = 60


def measure(rounds: int) -> list[Row]:
    """Lose the worker of a run whose monitor is open; time until the page says so."""
    seen: list[float] = []
    with bench(helpers=1) as subject, chromium() as browser:
        (number,) = start_runs(subject, endless(), 1)
        page = browser.new_page()
        page.goto(f"{subject.http.url}/experiment/{number}/monitor")
        page.wait_for_selector(".js-plotly-plot", timeout=SEEN_SECONDS * 1000)
        limit = 2 * beat_seconds()
        for _ in range(rounds):
            token = token_of(number)
            lose_a_worker(subject)
            began = time.monotonic()
            page.wait_for_selector(WORDS, timeout=SEEN_SECONDS * 1000)
            seen.append(time.monotonic() - began)
            await_batch(subject, number, 0.0, token)
            page.wait_for_selector(WORDS, state="detached", timeout=SEEN_SECONDS * 1000)
        cancel(subject, [number])
    bar = f"≤ 2 beats ({limit:.0f} s)"
    return [Row("lost worker → the monitor says so", bar, spread(seen), max(seen) <= limit)]
