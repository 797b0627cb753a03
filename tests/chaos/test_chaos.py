"""The short form of the chaos: twenty faults, and every run ends as its undisturbed twin did."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.chaos.session import Wanted, chaos

SEED = int(os.environ.get("SIGNALBENCH_TEST_SEED", "4"))


def test_twenty_faults_lose_double_and_change_nothing(tmp_path: Path) -> None:
    wanted = Wanted(
        faults=20, runs=4, kinds=3, epochs=30, seed=SEED, lease_seconds=3.0, stop_seconds=4.0,
        full_seconds=3.0, pause_seconds=(0.2, 1.6), settle_seconds=150.0, open_runs=4,
    )  # fmt: skip
    result = chaos(wanted, lambda text: print(text, file=sys.stderr), tmp_path)  # noqa: T201
    assert len(result.outcome.struck) == wanted.faults
    assert result.findings.runs >= wanted.runs
    assert result.findings.stale == 0
    assert not result.findings.wrong
