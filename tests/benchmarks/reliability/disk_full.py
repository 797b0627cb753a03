"""Four runs on a disk without a free byte for two minutes."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from storage.entities import Status
from storage.stores.experiments import ExperimentStore
from tests.benchmarks.reliability.common import Row, await_batch, await_ended
from tests.chaos.disk import SmallDisk, small_disk
from tests.chaos.patient import Patient, patient
from tests.chaos.runs import Kind, make_twins, states, submit
from tests.chaos.storm import Outcome
from tests.chaos.verify import verify

RUNS = 4
WORDS = ("disk", "room")


def measure(seconds: float, epochs: int) -> list[Row]:
    """Fill the disk in the middle of four runs; they must go on by themselves as their twins."""
    what, bar = f"disk full for {seconds:.0f} s during 4 runs", "0 damaged files, goes on"
    with tempfile.TemporaryDirectory(prefix="reliability-") as name:
        folder = Path(name)
        with small_disk(folder / "data") as disk:
            if disk is None:
                return [Row(what, bar, "not measured: no small disk can be mounted here", False)]
            with patient(folder, {"SIGNALBENCH_WORKERS": "4"}) as subject:
                subject.start()
                subject.wait_until_ready()
                return [_during(subject, disk, seconds, epochs, Row(what, bar, "", False))]


def _during(subject: Patient, disk: SmallDisk, seconds: float, epochs: int, row: Row) -> Row:
    kinds = [Kind("cnn1d", 0, epochs), Kind("cnn1d", 1, epochs), Kind("transformer", 0, epochs)]
    outcome = Outcome(make_twins(subject, kinds))
    for i in range(RUNS):
        kind = kinds[i % len(kinds)]
        outcome.runs[submit(subject, kind, f"run {i + 1}")] = kind.label
    for number in outcome.runs:
        await_batch(subject, number, 0.0)
    disk.fill()
    time.sleep(seconds)
    answered = subject.answers()
    before = [state.status for state in states() if state.id in outcome.runs]
    disk.empty()
    freed = time.time()
    went_on = [await_batch(subject, n, freed) - freed for n in outcome.runs if _is_open(n)]
    wrong = await_ended(list(outcome.runs))
    told = [n for n in outcome.runs if _told(n)]
    subject.stop()
    wrong += verify(subject, outcome).wrong
    say = "answered" if answered else "did not answer"
    figure = (
        f"{len(wrong)} damaged, lost or different; {sum(s is Status.FAILED for s in before)} runs "
        f"failed meanwhile, {len(told)} of {RUNS} said why they waited; going on "
        f"{max(went_on, default=0.0):.1f} s after there was room; page "
        f"{say}{'; ' if wrong else ''}{'; '.join(wrong[:3])}"
    )
    return replace(row, figure=figure, held=not wrong and len(told) == RUNS)


def _is_open(number: int) -> bool:
    return not ExperimentStore().get(number).status.ended


def _told(number: int) -> bool:
    """Tell whether the timeline says that the run waited for room."""
    events = ExperimentStore().events(number)
    return any(all(word in event.message.lower() for word in WORDS) for event in events)
