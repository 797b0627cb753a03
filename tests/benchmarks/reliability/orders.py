"""From an order over REST to its effect: one run, ten at once, and fits that hang."""

from __future__ import annotations

import contextlib
import random
import time

import psutil

from storage.entities import Status
from storage.settings import settings
from tests.benchmarks.reliability.common import (
    Row,
    await_batch,
    await_state,
    bench,
    cancel,
    endless,
    order,
    p95,
    runner_of,
    spread,
    start_runs,
    state_of,
    timed,
    token_of,
)
from tests.chaos.patient import Patient

OBEYED_SECONDS = 1.0
HUNG_SECONDS = 15.0
PAGES = ("/experiments", "/api/experiments", "/api/health")


def latency(runs: int, rounds: int) -> list[Row]:
    """Pause and resume, cancel and retry runs in turn while all of them train."""
    dice = random.Random(1)
    paused: list[float] = []
    cancelled: list[float] = []
    again: list[float] = []
    pages: list[float] = []
    with bench(variables={"SIGNALBENCH_WORKERS": str(max(2, runs))}) as subject:
        numbers = start_runs(subject, endless(), runs)
        for i in range(rounds):
            number = dice.choice(numbers)
            token = token_of(number)
            if i % 2:
                cancelled.append(await_after(subject, number, "cancel", Status.CANCELLED))
            else:
                paused.append(await_after(subject, number, "pause", Status.PAUSED))
            sent = order(subject, number, "retry" if i % 2 else "resume")
            again.append(await_batch(subject, number, sent, token) - sent)
            pages += [timed(lambda path=path: _read(subject, path)) for path in PAGES]  # type: ignore[misc]
            time.sleep(dice.uniform(0.0, 0.5))
        progress = [_advances(number) for number in numbers]
        cancel(subject, numbers)
    many = f"{runs} runs at once" if runs > 1 else "one run"
    obeyed = f"p95 ≤ {OBEYED_SECONDS:.0f} s"
    moving = f"{sum(progress)} of {runs} advanced"
    return [
        Row(f"pause order → paused, {many}", obeyed, spread(paused), p95(paused) <= 1.0),
        Row(f"cancel order → cancelled, {many}", obeyed, spread(cancelled), p95(cancelled) <= 1.0),
        Row(f"resume or retry → next batch, {many}", "–", spread(again), True),
        Row(f"progress, {many}", "all", moving, all(progress)),
        Row(f"pages and API answer, {many}", "p95 ≤ 1 s", spread(pages), p95(pages) <= 1.0),
    ]


def await_after(subject: Patient, number: int, word: str, wanted: Status) -> float:
    """Give the seconds from an order to the status it leads to."""
    sent = order(subject, number, word)
    return await_state(number, wanted) - sent


def _advances(number: int) -> bool:
    """Tell whether a run commits an epoch within half a minute."""
    from storage.stores.experiments import ExperimentStore

    store = ExperimentStore()
    before, deadline = store.get(number).epochs_done, time.monotonic() + 30
    while time.monotonic() < deadline:
        if store.get(number).epochs_done > before:
            return True
        time.sleep(0.1)
    return False


def _read(subject: Patient, path: str) -> None:
    import urllib.request

    with urllib.request.urlopen(subject.http.url + path, timeout=30) as answer:  # noqa: S310
        answer.read()


def hung(rounds: int) -> list[Row]:
    """Order a pause of fits that never ask, and a cancel of processes that stand still."""
    in_python: list[float] = []
    stopped: list[float] = []
    with bench(helpers=1) as subject:
        for _ in range(rounds):
            (number,) = start_runs(subject, endless(), 1)
            mark = subject.folder / "hang"
            mark.touch()
            time.sleep(0.5)
            in_python.append(await_after(subject, number, "pause", Status.PAUSED))
            mark.unlink()
            cancel(subject, [number])
            (number,) = start_runs(subject, endless(), 1)
            runner = runner_of(subject, number)
            assert runner is not None
            runner.suspend()
            stopped.append(await_after(subject, number, "cancel", Status.CANCELLED))
            with contextlib.suppress(psutil.NoSuchProcess):
                runner.resume()
            state = state_of(number)
            assert state is not None
            assert state.status is Status.CANCELLED
    lease = f"{settings().lease_seconds:.0f} s lease"
    return [
        Row(
            "order → effect, a fit that hangs", "≤ 15 s", spread(in_python),
            max(in_python) <= HUNG_SECONDS,
        ),
        Row(
            f"order → effect, a process that stands still ({lease})", "≤ 15 s", spread(stopped),
            max(stopped) <= HUNG_SECONDS,
        ),
    ]  # fmt: skip
