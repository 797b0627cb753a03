"""Measures the PDF report: time, memory, size and pages, for a usual and for a huge run.

    python tests/benchmarks/bench_report.py

Each case runs in a process of its own, so that its memory and its cold start are its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

CASES = {"4 classes, 24 recordings": (4, 6), "300 classes, 900 recordings": (300, 3)}
LIMIT_SECONDS, LIMIT_MIB = 10.0, 200.0


def main() -> int:
    """Print one line per case; the exit code is 1 when a case is over its limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    case = parser.parse_args().case
    if case:
        return measure(*CASES[case])
    heads = "".join(f"{head:>13}" for head in ("import s", "first s", "second s"))
    sys.stdout.write(f"{'case':<30}{heads}{'MiB':>6}{'kB':>6}{'pages':>7}   wall (CPU)\n")
    return max(run_alone(case) for case in CASES)


def run_alone(case: str) -> int:
    """Make the run in one process, and its report in another."""
    sys.stdout.write(f"{case:<30}")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SIGNALBENCH_DATA": folder}
        for name in ("DATABASE_URL", "REDIS_URL", "ARTIFACT_URL"):
            environment.pop(name, None)
        command = [sys.executable, str(Path(__file__)), "--case", case]
        subprocess.run(command, env={**environment, "PREPARE": "1"}, check=True)
        return subprocess.run(command, env=environment, check=False).returncode


def measure(classes: int, recordings: int) -> int:
    """Make the report twice and say what it took, in seconds of the clock and of the CPU."""
    if os.environ.get("PREPARE"):
        prepare(classes, recordings)
        return 0
    clock = [_now()]
    from storage.artifacts import artifacts
    from tasks.reports import make_report

    clock.append(_now())
    make_report(1)
    clock.append(_now())
    made = make_report(1)
    clock.append(_now())
    took = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(clock)]
    mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pages = count_pages(artifacts().path(made.path))
    times = "".join(f"{f'{wall:.1f} ({cpu:.1f})':>13}" for wall, cpu in took)
    sys.stdout.write(f"{times}{mebibytes:>6.0f}{made.bytes / 1000:>6.0f}{pages:>7}\n")
    cold_cpu = took[0][1] + took[1][1]
    return int(cold_cpu > LIMIT_SECONDS or mebibytes > LIMIT_MIB)


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def prepare(classes: int, recordings: int) -> None:
    """Make the finished run whose report is measured."""
    from storage.database import migrate
    from tests.support.finished_run import Toy, finished_run

    migrate()
    names = tuple(f"class {i:03d}" for i in range(classes))
    finished_run(Toy(classes=names, recordings_per_class=recordings))


def count_pages(path: Path) -> int:
    """Count the pages of a PDF."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        return len(document)


if __name__ == "__main__":
    sys.exit(main())
