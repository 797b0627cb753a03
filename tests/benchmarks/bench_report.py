"""Measures the PDF report: time, memory, size and pages, beside Kaleido on the same machine.

    python tests/benchmarks/bench_report.py

Each case runs in a process of its own, so that its memory and its cold start are its own. With
``--peer PYTHON`` (an environment of its own that has kaleido, plotly and a Chromium) a warm
Kaleido writes as many figures as PDF as our report has, in turn with our whole report. Without it
a fresh one is made under the temporary folder.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

CASES = {"4 classes, 48 recordings": (4, 12), "300 classes, 900 recordings": (300, 3)}
LIMIT_SECONDS, LIMIT_MIB = 10.0, 200.0
ROUNDS = 3
BAR = 1 / 3
PEER = """
import sys, time, numpy as np, kaleido, plotly.graph_objects as go
x = np.linspace(0, 1, 200)
lines = lambda n: go.Figure([go.Scatter(x=x, y=np.sin(k + 9 * x)) for k in range(n)])
cells = go.Figure(go.Heatmap(z=np.eye(11), text=np.eye(11), texttemplate="%{text:.0%}"))
wave = go.Figure(go.Scatter(x=np.arange(5000), y=np.random.default_rng(0).normal(size=5000)))
picture = go.Figure(go.Heatmap(z=np.random.default_rng(0).random((128, 256))))
bars = go.Figure(go.Bar(x=x[:11], y=list("abcdefghijk"), orientation="h"))
figures = [lines(2), lines(2), lines(11), lines(11), cells, wave, wave, picture, bars, lines(4)]
kaleido.start_sync_server()
figures[0].write_image(sys.argv[1] + "/warm.pdf")
for line in sys.stdin:
    start = time.perf_counter()
    for number in range(int(line)):
        figures[number % len(figures)].write_image(f"{sys.argv[1]}/{number}.pdf")
    print(time.perf_counter() - start, flush=True)
kaleido.stop_sync_server()
"""


def main() -> int:
    """Print one line per case; the exit code is 1 when a case is over its limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--peer", help="Python that has kaleido and plotly")
    parser.add_argument("--alone", action="store_true", help="leave Kaleido out")
    given = parser.parse_args()
    if given.case:
        return measure(*CASES[given.case])
    heads = "".join(f"{head:>13}" for head in ("import s", "first s", "second s"))
    sys.stdout.write(f"{'case':<30}{heads}{'MiB':>6}{'kB':>6}{'pages':>7}   wall (CPU)\n")
    failed = max(run_alone(case) for case in CASES)
    return failed if given.alone else max(failed, beside_peer(given.peer))


def run_alone(case: str) -> int:
    """Make the run in one process, and its report in another."""
    sys.stdout.write(f"{case:<30}")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        environment = own_environment(folder)
        command = [sys.executable, str(Path(__file__)), "--case", case]
        subprocess.run(command, env={**environment, "PREPARE": "1"}, check=True)
        return subprocess.run(command, env=environment, check=False).returncode


def own_environment(folder: str) -> dict[str, str]:
    """Give an environment whose data lie in a folder, and nowhere else."""
    environment = {**os.environ, "SIGNALBENCH_DATA": folder}
    for name in ("DATABASE_URL", "REDIS_URL", "ARTIFACT_URL"):
        environment.pop(name, None)
    return environment


def measure(classes: int, recordings: int) -> int:
    """Make the report twice and say what it took, in seconds of the clock and of the CPU."""
    if os.environ.get("PREPARE"):
        prepare(classes, recordings)
        return 0
    clock = [_now()]
    from storage.artifacts import artifacts
    from tasks.reports import make_report

    clock.append(_now())
    make_report(2)
    mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    clock.append(_now())
    made = make_report(2)
    clock.append(_now())
    took = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(clock)]
    pages = count_pages(artifacts().path(made.path))
    times = "".join(f"{f'{wall:.1f} ({cpu:.1f})':>13}" for wall, cpu in took)
    sys.stdout.write(f"{times}{mebibytes:>6.0f}{made.bytes / 1000:>6.0f}{pages:>7}\n")
    cold_cpu = took[0][1] + took[1][1]
    return int(cold_cpu > LIMIT_SECONDS or mebibytes > LIMIT_MIB)


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def prepare(classes: int, recordings: int) -> None:
    """Make a finished run and another one on the same split, which its report compares with."""
    from integrations.core.evaluation.measures import write_measures
    from storage.database import migrate
    from storage.stores.experiments import ExperimentStore
    from tasks.run_results import folder_of, info_of, measures_of
    from tests.support.finished_run import Toy, finished_run

    migrate()
    names = tuple(f"class {i:03d}" for i in range(classes))
    toy = Toy(classes=names, recordings_per_class=recordings, noise=6.0, explained=True)
    finished_run(toy, "rival")
    run = ExperimentStore().get(finished_run(toy, "run"))
    info = info_of(run)
    assert info is not None
    write_measures(folder_of(run), measures_of(run, info))  # as the runner does at a run's end


def beside_peer(peer: str | None) -> int:
    """Write as many figures by a warm Kaleido as our report has, in turn with it; compare."""
    with tempfile.TemporaryDirectory() as folder:
        python = peer or fresh_peer(Path(folder) / "peer")
        environment = own_environment(str(Path(folder) / "data"))
        command = [sys.executable, str(Path(__file__)), "--case", next(iter(CASES))]
        subprocess.run(command, env={**environment, "PREPARE": "1"}, check=True)
        os.environ.update(environment)
        ours, theirs = in_turn(python, folder)
    ratio = ours / theirs
    sys.stdout.write(
        f"whole report {ours:.1f} s, its figures by Kaleido (warm) {theirs:.1f} s, medians of "
        f"{ROUNDS} rounds in turn: {ratio:.2f} (bar {BAR:.2f})\n"
    )
    return int(ratio > BAR)


def in_turn(python: str, folder: str) -> tuple[float, float]:
    """Give the median seconds of our whole report and of Kaleido's figures."""
    from tasks.reports import make_report

    figures = figures_of_a_report()
    sys.stdout.write(f"the report has {figures} figures; Kaleido writes as many\n")
    ours, theirs = [], []
    with subprocess.Popen(
        [python, "-c", PEER, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as peer:
        assert peer.stdin is not None
        assert peer.stdout is not None
        for _ in range(ROUNDS):
            peer.stdin.write(f"{figures}\n")
            peer.stdin.flush()
            theirs.append(float(peer.stdout.readline()))
            start = time.perf_counter()
            make_report(2)
            ours.append(time.perf_counter() - start)
        peer.stdin.close()
    return statistics.median(ours), statistics.median(theirs)


def figures_of_a_report() -> int:
    """Make the report once, to be warm, and count the figures that are drawn for it."""
    from tasks.pdf import flowables
    from tasks.reports import make_report

    drawn, draw = [], flowables.to_pdf

    def counting(*given: Any) -> bytes:
        drawn.append(1)
        return draw(*given)

    flowables.to_pdf = counting
    try:
        make_report(2)
    finally:
        flowables.to_pdf = draw
    return len(drawn)


def fresh_peer(folder: Path) -> str:
    """Make an environment with Kaleido; it needs a Chromium on this machine."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "kaleido>=1.5", "plotly>=7.1", "numpy"]
    subprocess.run(install, check=True)
    return python


def count_pages(path: Path) -> int:
    """Count the pages of a PDF."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        return len(document)


if __name__ == "__main__":
    sys.exit(main())
