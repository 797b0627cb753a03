"""Which finished experiments may form an ensemble; the same sentences before and in the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integrations.core.contract import EarlierRun

LEAST_MEMBERS, MOST_MEMBERS = 3, 7
FAMILY = "ensemble"


def possible(runs: Sequence[EarlierRun], split_digest: str) -> list[EarlierRun]:
    """Give the runs that may be members on a split: made on it, and no ensembles themselves."""
    return [run for run in runs if run.split_digest == split_digest and run.family != FAMILY]


def refusals(runs: Sequence[EarlierRun], wanted: Sequence[int], split_digest: str) -> list[str]:
    """Say why finished runs cannot be combined.

    Args:
        runs: The wanted ones among the finished runs, or all on the split when none are wanted.
        wanted: Numbers of the chosen members; none for the best runs on the split.
        split_digest: Of the ensemble's own data, windows and split.

    Returns:
        One sentence per reason, naming the run; empty when the ensemble can be made.
    """
    found = {run.id: run for run in runs}
    if not wanted:
        return _too_few(len(possible(runs, split_digest)))
    missing = [f"experiment {number}" for number in wanted if number not in found]
    sentences = [
        f"There is no finished {name} with results. Take it out of the members." for name in missing
    ]
    for run in (found[number] for number in wanted if number in found):
        if run.family == FAMILY:
            sentences.append(
                f"“{run.name}” ({run.id}) is an ensemble itself. Choose its members instead."
            )
        elif run.split_digest != split_digest:
            sentences.append(
                f"“{run.name}” ({run.id}) was made on other data, windows or another split. Take "
                "it out of the members, or give this ensemble the windows and split of that run."
            )
    return sentences


def _too_few(count: int) -> list[str]:
    if count >= LEAST_MEMBERS:
        return []
    there = {0: "there is none yet", 1: "there is one"}.get(count, f"there are {count}")
    return [
        f"An ensemble needs {LEAST_MEMBERS} finished runs on the same data, windows and split; "
        f"{there}. Train other models with these windows and this split first."
    ]
