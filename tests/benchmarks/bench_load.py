"""Eight runs that commit ten times a second, twenty viewers, one SQLite file: does anybody wait?

    python tests/benchmarks/bench_load.py [--seconds 60] [--runs 8] [--per-second 10] [--viewers 20]
    python tests/benchmarks/bench_load.py --runs 10 --per-second 1 --viewers 100 \
        --poll-seconds 0.5 --only-polls    # what live views cost, and how late they are

The runs are processes that write as a runner does (epochs and beats under a lease, live progress to
Redis) but compute nothing; the viewers poll the monitor as the page does and now and then open
another page. Prints commits, errors, percentiles, and whether the bar holds.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
import psutil  # noqa: E402

from tests.support.bench import Bench, free_port, wait_until  # noqa: E402

COMMIT_P99_MS = 250.0
PAGE_P95_MS = 1000.0
POLL_SECONDS = 1.0
POLLS_PER_PAGE = 10
BEAT_SECONDS = 3.0
LATEST_SECONDS = 20.0
LEASE_SECONDS = 45.0


@dataclass
class Times:
    """Milliseconds by what was done, and the errors."""

    done: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)

    def add(self, what: str, milliseconds: float) -> None:
        """Note one."""
        self.done.setdefault(what, []).append(milliseconds)


def main() -> None:
    """Run the load, or one of its writers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--per-second", type=float, default=10.0)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--poll-seconds", type=float, default=POLL_SECONDS)
    parser.add_argument("--only-polls", action="store_true", help="Open no other pages.")
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        print(json.dumps(write(options.seconds, options.per_second)))
        return
    folder = Path(tempfile.mkdtemp(prefix="bench-load-"))
    try:
        measure(folder, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Start the bench, the writers and the viewers, and print what came of it."""
    os.environ["SIGNALBENCH_DATA"] = str(folder)
    for name in ("DATABASE_URL", "REDIS_URL", "ARTIFACT_URL"):
        os.environ.pop(name, None)
    with serving(folder) as bench:
        url = bench.url
        runs = make_runs(options.runs)
        writers = [start_writer(options) for _ in range(options.runs)]
        seen = Times()
        until = time.monotonic() + options.seconds
        viewers = [
            threading.Thread(target=view, args=(url, runs[n % len(runs)], n, until, seen, options))
            for n in range(options.viewers)
        ]
        web = web_process(bench)
        used, since = sum(web.cpu_times()[:2]), time.monotonic()
        for viewer in viewers:
            viewer.start()
        written = [json.loads(writer.communicate()[0]) for writer in writers]
        for viewer in viewers:
            viewer.join()
        share = 100 * (sum(web.cpu_times()[:2]) - used) / (time.monotonic() - since)
        print(f"web process        {share:.1f} % of a core")
        report(options, written, seen, stored_epochs(runs))


@contextmanager
def serving(folder: Path) -> Iterator[Bench]:
    """Run the bench without a worker, so that the runs are ours."""
    port = free_port()
    environment = {**os.environ, "SIGNALBENCH_PORT": str(port), "SIGNALBENCH_WORKERS": "0"}
    with (folder / "bench.log").open("wb") as log:
        bench = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(url), 90, "the bench")
        yield Bench(url, folder, bench.pid)
    finally:
        bench.terminate()
        bench.wait(20)


def answers(url: str) -> bool:
    """Tell whether the web process lives."""
    try:
        with urllib.request.urlopen(f"{url}/api/health/live", timeout=2):  # noqa: S310
            return True
    except OSError:
        return False


def web_process(bench: Bench) -> psutil.Process:
    """Find the process that answers: the one command's youngest child that listens, or itself."""
    port = int(bench.url.rsplit(":", 1)[1])
    mine = [psutil.Process(bench.pid), *psutil.Process(bench.pid).children(recursive=True)]
    listening = [
        one
        for one in mine
        if any(c.laddr.port == port and c.status == "LISTEN" for c in one.net_connections("tcp"))
    ]
    return max(listening, key=lambda one: one.create_time())


def make_runs(count: int) -> list[dict[str, Any]]:
    """Store runs that wait; gives id and task_id of each."""
    from storage.entities import DatasetStatus
    from storage.stores.datasets import DatasetStore
    from storage.stores.experiments import ExperimentStore, NewExperiment

    dataset = DatasetStore().create("load", source="upload", status=DatasetStatus.READY)
    made = [
        ExperimentStore().create(
            NewExperiment(f"load {n}", "cnn1d", dataset.id, {}, epochs_total=10**6)
        )
        for n in range(count)
    ]
    return [{"id": run.id, "task_id": run.task_id} for run in made]


def start_writer(options: argparse.Namespace) -> subprocess.Popen[str]:
    """Start a process that writes like a runner."""
    arguments = ["--write", f"--seconds={options.seconds}", f"--per-second={options.per_second}"]
    return subprocess.Popen(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def write(seconds: float, per_second: float) -> dict[str, Any]:
    """Claim a run and commit epochs at a rate; gives milliseconds of each commit and the errors."""
    from sqlalchemy.exc import OperationalError

    from storage import progress
    from storage.stores.runs import Epoch, RunStore

    store, times, errors = RunStore(), [], []
    lease = store.claim_next(f"writer:{os.getpid()}", "here", LEASE_SECONDS)
    assert lease is not None
    task_id = store.claimed(lease).task_id
    began = time.monotonic()
    next_beat, number = began, 0
    while (now := time.monotonic()) < began + seconds:
        number += 1
        values = {"train_loss": 1.0 / number, "val_loss": time.time(), "val_accuracy": 0.5}
        try:
            if now >= next_beat:
                next_beat = now + BEAT_SECONDS
                store.beat(lease, LEASE_SECONDS, progress=0.1)
            start = time.perf_counter()
            store.commit_epoch(lease, Epoch(number, 10**6, values, now - began))
            times.append((time.perf_counter() - start) * 1000)
        except OperationalError as error:
            errors.append(str(error.orig))
            number -= 1
        progress.write_epoch(task_id, {"epoch": number, **values}, {"status": "running", **values})
        time.sleep(max(0.0, began + number / per_second - time.monotonic()))
    return {"times": times, "errors": errors, "epochs": number}


def view(
    url: str,
    run: dict[str, Any],
    number: int,
    until: float,
    seen: Times,
    options: argparse.Namespace,
) -> None:
    """Poll the monitor of one run like the page does, and open another page now and then."""
    pause = options.poll_seconds
    pages = ("/experiments", f"/experiment/{run['id']}/monitor", "/api/experiments", "/")
    with httpx.Client(base_url=url, timeout=30, headers={"Origin": url}) as client:
        poll, cursor = poll_of(client, run), {}
        time.sleep((number % 20) / 20 * pause)
        count = 0
        while time.monotonic() < until:
            began = time.perf_counter()
            if count % POLLS_PER_PAGE == 0 and not options.only_polls:
                what, answer = "page", client.get(pages[count // POLLS_PER_PAGE % len(pages)])
            else:
                what, answer = "poll", client.post("/_dash-update-component", json=poll(cursor))
                if answer.status_code == 200:
                    told = answer.json()["response"]
                    cursor = told.get("monitor-cursor", {}).get("data", cursor)
                    late(told, seen)
            seen.add(what, (time.perf_counter() - began) * 1000)
            if answer.status_code >= 400:
                seen.errors[f"{what}: {answer.status_code}"] += 1
            count += 1
            time.sleep(pause)


def late(told: Any, seen: Times) -> None:
    """Note how long ago the epochs in an answer were reported: their loss is the time of that."""
    now = time.time()
    stamps = re.findall(r"1[0-9]{9}\.[0-9]+", json.dumps(told))
    fresh = [now - float(stamp) for stamp in stamps if 0 <= now - float(stamp) < LATEST_SECONDS]
    if fresh:
        seen.add("report to answer", min(fresh) * 1000)


def poll_of(client: httpx.Client, run: dict[str, Any]) -> Any:
    """Find the monitor's polling callback as the browser does, and give a maker of its requests."""
    found = next(
        item
        for item in client.get("/_dash-dependencies").json()
        if any(i["id"] == "monitor-poll" for i in item["inputs"])
        and "monitor-cursor" in item["output"]
    )
    names = found["output"].strip(".").split("...")
    outputs = [output_of(name) for name in names]

    def make(cursor: dict[str, Any]) -> dict[str, Any]:
        known = {"monitor-run": run, "monitor-cursor": cursor, "monitor-poll": 1}
        return {
            "output": found["output"],
            "outputs": outputs,
            "inputs": [{**item, "value": known.get(item["id"])} for item in found["inputs"]],
            "state": [{**item, "value": known.get(item["id"])} for item in found["state"]],
            "changedPropIds": ["monitor-poll.n_intervals"],
        }

    return make


def output_of(name: str) -> dict[str, Any]:
    """Turn the name of an output into what the browser sends for it."""
    component, prop = name.rsplit(".", 1)
    return {"id": json.loads(component) if component[0] == "{" else component, "property": prop}


def stored_epochs(runs: Sequence[dict[str, Any]]) -> int:
    """Count what is in the database."""
    from storage.stores.experiments import ExperimentStore

    return sum(ExperimentStore().get(run["id"]).epochs_done for run in runs)


def report(
    options: argparse.Namespace, written: list[dict[str, Any]], seen: Times, stored: int
) -> None:
    """Print the figures, and say whether the bar holds."""
    commits = [value for writer in written for value in writer["times"]]
    errors = [error for writer in written for error in writer["errors"]]
    rate = len(commits) / options.seconds
    print(f"{options.runs} runs, {options.viewers} viewers, {options.seconds:.0f} s; load average "
          f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")  # fmt: skip
    print(f"commits            {len(commits)} ({rate:.1f}/s), lost {len(commits) - stored}")
    print(f"database errors    {len(errors)} {Counter(errors).most_common(3)}")
    line("commit", commits)
    for what, times in sorted(seen.done.items()):
        line(what, times)
    print(f"answers >= 400     {dict(seen.errors)}")
    pages = [value for times in seen.done.values() for value in times]
    holds = {
        "no locked errors": not errors,
        f"commit p99 <= {COMMIT_P99_MS:.0f} ms": percentile(commits, 99) <= COMMIT_P99_MS,
        f"page p95 <= {PAGE_P95_MS:.0f} ms": percentile(pages, 95) <= PAGE_P95_MS,
        "nothing lost": stored == len(commits),
    }
    for name, well in holds.items():
        print(f"{'holds' if well else 'FAILS':<8} {name}")
    sys.exit(0 if all(holds.values()) else 1)


def line(what: str, times: list[float]) -> None:
    """Print percentiles."""
    found = "  ".join(f"p{p} {percentile(times, p):.1f}" for p in (50, 95, 99, 100))
    print(f"{what:<18} n {len(times)}  {found} ms")


def percentile(values: list[float], percent: float) -> float:
    """Give the value below which so many percent lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


if __name__ == "__main__":
    main()
