"""One session of chaos from the empty folder to the table."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.disk import keep_files, small_disk
from tests.chaos.faults import Ward
from tests.chaos.patient import Patient, patient
from tests.chaos.postgres import restartable_postgres
from tests.chaos.runs import kinds
from tests.chaos.storm import Outcome, Plan, Storm, dice, make_ward
from tests.chaos.verify import Findings, machine, verify

Say = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What is asked for; see ``python -m tests.chaos --help``."""

    faults: int
    runs: int
    kinds: int
    epochs: int
    seed: int
    lease_seconds: float
    stop_seconds: float
    full_seconds: float
    pause_seconds: tuple[float, float]
    settle_seconds: float
    postgres: bool = False
    disk: bool = True
    open_runs: int = 5


@dataclass(frozen=True)
class Result:
    """What came of it."""

    outcome: Outcome
    findings: Findings
    folder: Path
    stop_seconds: float

    @property
    def good(self) -> bool:
        """True when nothing was lost, doubled or different."""
        return not self.findings.wrong


def chaos(wanted: Wanted, say: Say, folder: Path | None = None) -> Result:
    """Run twins, storm and comparison.

    Args:
        wanted: How much of what.
        say: Takes one line of text at a time.
        folder: Where everything goes; None for a new one, removed when all was well.
    """
    own = folder is None
    folder = folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    say(f"chaos with seed {wanted.seed} in {folder}")
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(folder / "data")) if wanted.disk else None
        if disk is None:
            say("the disk is not filled: no small disk can be mounted here, or none was wanted")
        server = stack.enter_context(restartable_postgres()) if wanted.postgres else None
        variables = {"SIGNALBENCH_LEASE_SECONDS": str(wanted.lease_seconds)}
        if server is not None:
            variables["DATABASE_URL"] = server.url
        subject = stack.enter_context(patient(folder, variables))
        ward = Ward(
            subject, dice(wanted.seed), wanted.stop_seconds, wanted.full_seconds, disk, server
        )
        result = _rage(wanted, make_ward(ward), subject, say)
        say_table(wanted, result, say)
        if not result.good and disk is not None:
            keep_files(disk, folder / "data-of-the-disk")
    if result.good and own:
        shutil.rmtree(folder, ignore_errors=True)
    elif not result.good:
        say(f"everything is kept in {folder}")
    return result


def _rage(wanted: Wanted, ward: Ward, subject: Patient, say: Say) -> Result:
    subject.start()
    subject.wait_until_ready()
    began = time.monotonic()
    plan = Plan(
        wanted.faults, wanted.runs, tuple(kinds(wanted.kinds, wanted.epochs)), wanted.open_runs,
        wanted.pause_seconds, wanted.settle_seconds, wanted.seed,
    )  # fmt: skip
    storm = Storm(ward, plan, say)
    say(f"{wanted.kinds} undisturbed twins took {time.monotonic() - began:.0f} s")
    outcome = storm.rage()
    stop_seconds = subject.stop()
    findings = verify(subject, outcome)
    return Result(outcome, findings, subject.folder, stop_seconds)


def say_table(wanted: Wanted, result: Result, say: Say) -> None:
    """Print the figures, then what was wrong."""
    outcome, findings = result.outcome, result.findings
    counts = ", ".join(f"{name} {count}" for name, count in sorted(outcome.counts.items()))
    share = 100 * findings.redone / max(1, findings.batches - findings.redone)
    rows = {
        "date, revision": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}",
        "seed, database": f"{wanted.seed}, {'PostgreSQL' if wanted.postgres else 'SQLite'}",
        "faults": f"{len(outcome.struck)} in {outcome.seconds:.0f} s ({counts})",
        "runs": f"{findings.runs} of {wanted.kinds} kinds, {findings.attempts} attempts",
        "acknowledged": str(outcome.acknowledged),
        "epoch rows": str(findings.epochs),
        "files equal to the twin's": str(findings.equal_files),
        "batches": f"{findings.batches}, of them redone {findings.redone} ({share:.1f} %)",
        "batches by a stale owner": str(findings.stale),
        "files for the house-keeping": str(findings.leftovers),
        "stop of the one command": f"{result.stop_seconds:.1f} s",
        "lost, doubled or different": str(len(findings.wrong)),
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        say(f"| {name:<{width}} | {value} |")
    for text in findings.wrong:
        say(f"  wrong: {text}")
