"""Measures how fast this machine trains one family: ``python -m tasks.probe FAMILY`` and ends.

A made-up data set is trained on with the family's quickest preset: once on a tiny part of it, for
what it takes to begin, then a few times on the whole.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from integrations.core.contract import Family
from integrations.core.data.dataset import Dataset
from integrations.core.data.defaults import apply_suggestions
from integrations.core.estimate import LEAST_SHARE, Speed
from integrations.core.testing import TOY_WINDOW, RecordingContext, toy_signals
from integrations.presets import presets
from integrations.registry import family
from storage.settings import VERSION
from storage.stores.jobs import JobStore
from tasks.device import training_device
from tasks.earlier import SEVERAL, pickers
from tasks.forecast import PROBE
from tasks.machine import host_name, threads_per_run
from tasks.parent import wait_for_end_of_input

log = logging.getLogger("signalbench.probe")
LOWEST_PRIORITY = 19
TINY_SAMPLES, SAMPLES, WINDOW = 256, 8192, 1024
REPEATS = 3


def main() -> int:
    """Measure the family named on the command line and keep what was found."""
    parser = argparse.ArgumentParser(prog="tasks.probe")
    parser.add_argument("family")
    chosen = family(parser.parse_args().family)
    os.nice(LOWEST_PRIORITY)
    threading.Thread(target=_follow_worker, daemon=True).start()
    speed = measure(chosen)
    JobStore().record(
        PROBE,
        {"family": chosen.name, "host": host_name(), "version": VERSION},
        speed._asdict(),
    )
    return 0


def measure(chosen: Family) -> Speed:
    """Train a family a few times on made-up signals and take the time."""
    with tempfile.TemporaryDirectory(prefix="signalbench-probe-") as temporary:
        folder = Path(temporary)
        tiny = toy_signals(folder / "tiny", groups=3, samples=TINY_SAMPLES)
        usual = toy_signals(folder / "usual", samples=SAMPLES)
        _fit(chosen, tiny, TOY_WINDOW, folder / "first")
        start = time.time() - psutil.Process().create_time()
        beginning, _ = _fit(chosen, tiny, TOY_WINDOW, folder / "again")
        joins = SEVERAL in pickers(chosen.Config).values()
        window = TOY_WINDOW if joins else WINDOW
        fits = [_fit(chosen, usual, window, folder / f"run-{n}") for n in range(REPEATS)]
    rates = [work / max(seconds - beginning, LEAST_SHARE * seconds) for seconds, work in fits]
    return Speed(min(rates), statistics.median(rates), max(rates), start, REPEATS)


def _fit(chosen: Family, data: Dataset, window: int, folder: Path) -> tuple[float, float]:
    """Train once; gives the seconds it took and the work units it did."""
    quickest = presets(chosen.name)[0].config
    given = {**quickest, "data": {**quickest.get("data", {}), "window_samples": window}}
    config = apply_suggestions(chosen.Config.model_validate(given), data.info)
    work = config.workload(data.info)
    context = RecordingContext(folder, threads=threads_per_run(), device=training_device())
    folder.mkdir()
    began = time.perf_counter()
    result = chosen.fit(config, data, context)
    seconds = time.perf_counter() - began
    return seconds, work.work_units * min(1.0, len(result.history) / work.steps)


def _follow_worker() -> None:
    wait_for_end_of_input()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
