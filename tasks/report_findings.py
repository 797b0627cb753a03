"""What other parts of the bench found out about a run: reasons of mistakes, recommendations."""

from __future__ import annotations

from storage.entities import ExperimentEntity
from tasks.pdf.content import Advice


def reasons_of(_experiment_id: int) -> dict[tuple[int, int], list[str]]:
    """Give why windows may have failed, by recording and first sample."""
    return {}


def common_of(_experiment_id: int) -> tuple[str, ...]:
    """Say what the mistakes have in common, where that was analysed."""
    return ()


def advice_of(_experiment: ExperimentEntity) -> tuple[Advice, ...]:
    """Give the recommendations that apply, what questions the result first."""
    return ()
