"""Measures what research/reliability.md §7 asks for; each part is a command that prints its rows.

    python tests/benchmarks/bench_reliability.py PART [--full]

Without --full each part is a small form that only shows that it works; figures for
docs/reliability.md are taken with --full on a machine that does nothing else. "all" runs every
part. The 200 kills are ``make chaos``.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.reliability import (  # noqa: E402
    acknowledged,
    disk_full,
    orders,
    overhead,
    ownership,
    redis_trouble,
    screen,
    soak,
    stopping,
    web_restart,
)
from tests.benchmarks.reliability.common import Row  # noqa: E402
from tests.chaos.verify import machine  # noqa: E402

PARTS: dict[str, tuple[Callable[[], list[Row]], Callable[[], list[Row]]]] = {
    "acknowledged": (lambda: acknowledged.measure(2, 5), lambda: acknowledged.measure(50, 10)),
    "stale": (lambda: ownership.stale(2, 2), lambda: ownership.stale(21)),
    "lost-worker": (lambda: ownership.lost_worker(1), lambda: ownership.lost_worker(4)),
    "screen": (lambda: screen.measure(1), lambda: screen.measure(3)),
    "redone": (lambda: ownership.redone(2, 30), lambda: ownership.redone(10, 200)),
    "orders": (lambda: orders.latency(1, 4), lambda: orders.latency(1, 40)),
    "orders-ten": (lambda: orders.latency(10, 4), lambda: orders.latency(10, 30)),
    "hung": (lambda: orders.hung(1), lambda: orders.hung(3)),
    "redis-killed": (lambda: redis_trouble.killed(2), lambda: redis_trouble.killed(20)),
    "redis-held": (lambda: redis_trouble.held(5), lambda: redis_trouble.held(30)),
    "redis-silent": (redis_trouble.silent, redis_trouble.silent),
    "disk": (lambda: disk_full.measure(10, 30), lambda: disk_full.measure(120, 200)),
    "web": (lambda: web_restart.measure(1, 40), lambda: web_restart.measure(3, 150)),
    "stop": (lambda: stopping.measure(1, 60), lambda: stopping.measure(5, 600)),
    "soak": (lambda: soak.measure(24), lambda: soak.measure(80)),
    "overhead": (lambda: overhead.measure(1), lambda: overhead.measure(5)),
}
"""Each part in its small and its full form."""


def main() -> int:
    """Run parts and print their rows; 1 when a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="+", choices=[*PARTS, "all"], metavar="PART")
    parser.add_argument("--full", action="store_true", help="the form whose figures count")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    chosen = list(PARTS) if "all" in given.parts else given.parts
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}, {os.cpu_count()} CPUs,", end=" ")
    print(f"Python {platform.python_version()}, {'full' if given.full else 'small'} form")
    missed = 0
    for part in chosen:
        began = time.monotonic()
        rows = PARTS[part][given.full]()
        for row in rows:
            print(row, flush=True)
            missed += not row.held
        print(f"  ({part} took {time.monotonic() - began:.0f} s)", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
