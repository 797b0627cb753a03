"""Stop of the one command with runs in full swing, and the next start."""

from __future__ import annotations

import os
import signal
import time

from tests.benchmarks.reliability.common import (
    Row,
    await_batch,
    await_ended,
    bench,
    spread,
    start_runs,
    token_of,
)
from tests.chaos.runs import Kind, make_twins
from tests.chaos.storm import Outcome
from tests.chaos.verify import verify
from tests.support.servers import processes_of

STOP_SECONDS = 10.0
RUNS = 2


def measure(rounds: int, epochs: int) -> list[Row]:
    """Stop by Ctrl-C or SIGTERM and start again, so many times; nobody presses resume."""
    stops: list[float] = []
    resumes: list[float] = []
    orphans = 0
    kind = Kind("cnn1d", 0, epochs)
    with bench() as subject:
        outcome = Outcome(make_twins(subject, [kind]))
        numbers = start_runs(subject, kind, RUNS)
        outcome.runs = dict.fromkeys(numbers, kind.label)
        for i in range(rounds):
            time.sleep(1.0)
            tokens = {number: token_of(number) for number in numbers}
            began = time.monotonic()
            os.kill(subject.pid, signal.SIGINT if i % 2 else signal.SIGTERM)
            subject.stop()
            stops.append(time.monotonic() - began)
            orphans += len(processes_of(subject.data))
            started = time.time()
            subject.start()
            for number in numbers:
                moment = await_batch(subject, number, started, tokens[number])
                resumes.append(moment - started)
        wrong = await_ended(numbers)
        subject.stop()
        found = verify(subject, outcome)
    wrong += found.wrong
    figure = f"{spread(stops)}; {orphans} orphans"
    again = f"{spread(resumes)}; {found.redone} of {found.batches} batches computed twice"
    same = f"{len(wrong)} differences{'; ' if wrong else ''}{'; '.join(wrong[:3])}"
    return [
        Row("stop of the one command with 2 runs", "≤ 10 s, 0 orphans", figure,
            max(stops) <= STOP_SECONDS and not orphans),
        Row("next start → runs go on by themselves", "≤ 30 s", again, max(resumes) <= 30.0),
        Row(f"… and end as their twin after {rounds} stops", "equal to the bit", same, not wrong),
    ]  # fmt: skip
