"""Chaos: ``python -m tests.chaos --faults 200 --seed 1`` breaks a bench and counts what is lost.

Prints what is done as it is done, then a table. Exit code 1 and a kept folder when anything was
lost, doubled or different. The seed repeats the order of faults, not their moments.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys

from tests.chaos.session import Wanted, chaos


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--runs", type=int, default=12, help="fewest runs")
    parser.add_argument("--kinds", type=int, default=6, help="different runs, each with a twin")
    parser.add_argument("--epochs", type=int, default=60, help="of each run")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--lease", type=float, default=15.0, help="seconds")
    parser.add_argument("--stop", type=float, default=20.0, help="seconds of each SIGSTOP")
    parser.add_argument("--full", type=float, default=20.0, help="seconds of each full disk")
    parser.add_argument("--pause", type=float, nargs=2, default=(0.5, 5.0), help="between faults")
    parser.add_argument("--settle", type=float, default=420.0, help="seconds for the end")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL instead of SQLite")
    parser.add_argument("--no-disk", action="store_true", help="never fill the disk")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    wanted = Wanted(
        faults=given.faults, runs=given.runs, kinds=given.kinds, epochs=given.epochs,
        seed=given.seed, lease_seconds=given.lease, stop_seconds=given.stop,
        full_seconds=given.full, pause_seconds=tuple(given.pause), settle_seconds=given.settle,
        postgres=given.postgres, disk=not given.no_disk,
    )  # fmt: skip
    return 0 if chaos(wanted, say).good else 1


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
