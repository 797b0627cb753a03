"""Owners that fall silent: stopped beyond their lease, lost with their worker, killed."""

from __future__ import annotations

import random
import re
import time

import psutil

from storage.settings import settings
from storage.stores.experiments import ExperimentStore
from tests.benchmarks.reliability.common import (
    Row,
    await_batch,
    await_ended,
    bench,
    cancel,
    endless,
    runner_of,
    spread,
    start_runs,
    token_of,
)
from tests.chaos.patient import Patient
from tests.chaos.runs import Kind, states, trace_of
from tests.chaos.verify import stale_batches
from tests.support.bench import wait_until

TAKE_OVER_SECONDS = 10.0
GONE_SECONDS = 30.0
UNDISTURBED = Kind("cnn1d", 0, 4)


def stale(stops: int, at_once: int = 3) -> list[Row]:
    """Stop runners until another has taken over, let them go on, count what they still compute."""
    done = 0
    with bench(helpers=2) as subject:
        numbers = start_runs(subject, endless(), at_once)
        while done < stops:
            done += _stop_all(subject, numbers)
        counts = [stale_batches(trace_of(subject, number)) for number in numbers]
        batches = sum(len(trace_of(subject, number)) for number in numbers)
        cancel(subject, numbers)
    figure = f"{sum(counts)} of {batches} batches; {done} SIGSTOPs until another had taken over"
    return [Row("batches by a stale owner", "0 over 20 SIGSTOPs", figure, sum(counts) == 0)]


def _stop_all(subject: Patient, numbers: list[int]) -> int:
    """Stop the runner of each run, and wake it only when its successor computes."""
    stopped: list[tuple[int, int, psutil.Process]] = []
    for number in numbers:
        runner = runner_of(subject, number)
        if runner is not None:
            stopped.append((number, token_of(number), runner))
            runner.suspend()
    for number, token, _ in stopped:
        await_batch(subject, number, 0.0, token)
    for _, _, runner in stopped:
        runner.resume()
    for _, _, runner in stopped:
        wait_until(lambda runner=runner: not runner.is_running(), GONE_SECONDS, "its end")  # type: ignore[misc]
    return len(stopped)


def lost_worker(rounds: int) -> list[Row]:
    """Kill a worker with its runners at once, as a machine that is gone, and await the others."""
    claimed: list[float] = []
    computing: list[float] = []
    with bench(helpers=1) as subject:
        numbers = start_runs(subject, endless(), 2)
        limit = settings().lease_seconds + TAKE_OVER_SECONDS
        for _ in range(rounds):
            tokens = {number: token_of(number) for number in numbers}
            killed = lose_a_worker(subject)
            lost = [n for n in numbers if n in killed]
            began = time.time()
            for number in lost:
                _await_token(number, tokens[number])
                claimed.append(time.time() - began)
            computing += [await_batch(subject, n, began, tokens[n]) - began for n in lost]
        cancel(subject, numbers)
    what = "lost worker → its run is claimed elsewhere"
    rows = [Row(what, f"≤ {limit:.0f} s (TTL + 10 s)", spread(claimed), max(claimed) <= limit)]
    again = spread(computing)
    return [*rows, Row("… and computes again there", "≤ 30 s", again, max(computing) <= 30.0)]


def lose_a_worker(subject: Patient) -> set[int]:
    """End a worker that trains, and its runners; gives the runs it had."""
    for worker in subject.processes("worker"):
        children = [c for c in worker.children() if "tasks.runner" in c.cmdline()]
        if children:
            numbers = {int(child.cmdline()[-2]) for child in children}
            for process in (worker, *children):
                process.kill()
            return numbers
    raise AssertionError("no worker trains")


def _await_token(number: int, token: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if any(s.id == number and s.token > token and s.status == "running" for s in states()):
            return
        time.sleep(0.02)
    raise AssertionError(f"run {number} was not taken over")


def redone(kills: int, epochs: int) -> list[Row]:
    """Kill runners at random moments of their epochs and count what is computed twice."""
    dice = random.Random(1)
    with bench() as subject:
        (twin,) = start_runs(subject, UNDISTURBED, 1, "twin")
        assert not await_ended([twin])
        length = len(trace_of(subject, twin)) // UNDISTURBED.epochs
        (number,) = start_runs(subject, Kind("cnn1d", 0, epochs), 1)
        done = 0
        while done < kills and (runner := runner_of(subject, number)) is not None:
            token, epoch = token_of(number), ExperimentStore().get(number).epochs_done
            _await_epoch(number, epoch + 1)
            time.sleep(dice.uniform(0.0, 0.5))
            if not runner.is_running():
                break
            runner.kill()
            done += 1
            await_batch(subject, number, 0.0, token)
        wrong = await_ended([number])
        per_kill = _redone_per_attempt(subject, number, length, epochs)
        total = len(trace_of(subject, number)) - length * epochs
    share = 100 * total / (length * epochs)
    figure = (
        f"at most {max(per_kill)} batches of {length} in an epoch; {total} in all ({share:.1f} %), "
        f"{done} kills"
    )
    held = max(per_kill) <= length and not wrong
    return [Row("work redone per kill", "≤ 1 checkpoint interval (an epoch)", figure, held)]


def _await_epoch(number: int, epoch: int) -> None:
    store = ExperimentStore()
    wait_until(
        lambda: store.get(number).epochs_done >= epoch or store.get(number).status.ended,
        GONE_SECONDS,
        f"epoch {epoch}",
    )


def _redone_per_attempt(subject: Patient, number: int, length: int, epochs: int) -> list[int]:
    """Give, per attempt, its batches beyond those of the epochs it committed."""
    events = reversed(ExperimentStore().events(number, limit=10_000))
    starts = [_epoch_in(event.message) for event in events if event.kind == "started"]
    ends = [*starts[1:], epochs]
    trace = trace_of(subject, number)
    tokens = sorted({token for _, token, _ in trace})
    counts = [sum(owner == token for _, owner, _ in trace) for token in tokens]
    pairs = zip(counts, starts[-len(counts) :], ends[-len(counts) :], strict=True)
    return [count - (end - start) * length for count, start, end in pairs]


def _epoch_in(message: str) -> int:
    found = re.search(r"after epoch (\d+)", message)
    return int(found.group(1)) if found else 0
