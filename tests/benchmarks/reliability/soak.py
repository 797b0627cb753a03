"""Many short runs one after the other: what grows."""

from __future__ import annotations

import contextlib
import time

import psutil
import redis

from storage import progress
from storage.entities import Status
from storage.settings import settings
from tests.benchmarks.reliability.common import Row, bench
from tests.chaos.patient import Patient
from tests.chaos.runs import Kind, State, states, submit

KIND = Kind("classical", 0, 2)
OPEN = 6
SAMPLE_RUNS = 6
GROWTH = 0.10
SECONDS_PER_RUN = 30.0


def measure(runs: int) -> list[Row]:
    """Keep a few runs waiting until so many have ended; compare the first third with the last."""
    samples: list[dict[str, float]] = []
    with bench() as subject:
        submitted, next_sample = 0, SAMPLE_RUNS
        deadline = time.monotonic() + SECONDS_PER_RUN * runs
        began = time.monotonic()
        known: list[State] = []
        while time.monotonic() < deadline:
            known = states() or known
            ended = sum(state.status.ended for state in known)
            if ended >= runs:
                break
            if ended >= next_sample:
                next_sample += SAMPLE_RUNS
                samples.append(_sample(subject))
            while submitted < runs and submitted - ended < OPEN:
                submit(subject, KIND, f"run {submitted}")
                submitted += 1
            time.sleep(0.2)
        samples.append(_sample(subject))
        stuck = sum(state.status is not Status.COMPLETED for state in states())
        seconds = time.monotonic() - began
    grown = {name: _growth([sample[name] for sample in samples]) for name in samples[0]}
    figure = ", ".join(f"{name} {_change(samples, name)}" for name in grown)
    figure = f"{runs} runs in {seconds:.0f} s: {figure}; {stuck} not completed"
    held = not stuck and all(share <= GROWTH for share in grown.values())
    return [Row(f"soak, {runs} short runs", "growth < 10 %, 0 stuck", figure, held)]


def _sample(subject: Patient) -> dict[str, float]:
    """Give MB in memory of each lasting process, and what Redis holds."""
    found = {}
    for role in ("web", "worker", "parent"):
        processes = subject.processes(role)
        with contextlib.suppress(psutil.Error):
            found[f"{role} RSS"] = sum(p.memory_info().rss for p in processes) / 1e6
    with contextlib.suppress(redis.RedisError, OSError):
        client = progress.connect(settings().redis_url)
        found["Redis"] = float(client.info("memory")["used_memory"]) / 1e6
        client.close()
    return found


def _growth(values: list[float]) -> float:
    third = max(1, len(values) // 3)
    first, last = sum(values[:third]) / third, sum(values[-third:]) / third
    return last / first - 1.0


def _change(samples: list[dict[str, float]], name: str) -> str:
    first, last = samples[0][name], samples[-1][name]
    share = _growth([sample[name] for sample in samples])
    return f"{first:.1f} → {last:.1f} MB ({share:+.1%})"
