"""What other parts of the bench found out about a run: reasons of mistakes, recommendations."""

from __future__ import annotations

import logging

from integrations.core.contract import StoredResult
from integrations.core.evaluation.store import ResultError
from integrations.core.failures.commonalities import Commonality
from integrations.core.failures.reasons import reasons_of
from integrations.core.failures.store import (
    ARRAYS,
    FACTS,
    FailureFilesError,
    StoredFailures,
    load_failures,
)
from storage.artifacts import artifacts
from storage.entities import ExperimentEntity, StorageError
from storage.stores.experiments import ExperimentStore
from tasks.pdf.content import Advice
from tasks.pdf.numbers import percent
from tasks.recommendations import recommendations_of

log = logging.getLogger("signalbench.reports")
MOST_REASONS = 4
MOST_SHARED = 4


def load_analysis(experiment_id: int) -> StoredFailures | None:
    """Give the analysis of a run's failures; None where nobody asked for it."""
    files = {row.name: row for row in ExperimentStore().artifacts(experiment_id)}
    if FACTS not in files or ARRAYS not in files:
        return None
    try:
        return load_failures(*(artifacts().path(files[name].path) for name in (FACTS, ARRAYS)))
    except (FailureFilesError, StorageError) as error:
        log.warning("The report does without the failure analysis: %s", error)
        return None


def reasons_at(found: StoredFailures | None, result: StoredResult, row: int) -> list[str]:
    """Give why a test window may have failed; [] where that was not analysed."""
    if found is None:
        return []
    reasons = reasons_of(found.analysis, result, row)[:MOST_REASONS]
    if not reasons:
        return ["None of the measured facts is unusual about this window."]
    return [f"{reason.title}: {reason.sentence}" for reason in reasons]


def shared(found: StoredFailures | None) -> tuple[str, ...]:
    """Say what the mistakes have in common, as far as chance does not explain it."""
    if found is None:
        return (
            "Why they may have failed was not analysed for this run. The results page does so "
            "on its Failures tab.",
        )
    told = [each for each in found.common if each.told and each.difference > 0]
    sentences = [_in_words(each) for each in told[:MOST_SHARED]]
    if not sentences and found.common:
        n = len(found.common)
        sentences = [
            f"None of {n} facts and conditions goes with mistakes by more than chance (Holm)."
        ]
    return tuple(sentences)


def _in_words(each: Commonality) -> str:
    with_it = each.wrong_with / max(1, each.windows_with)
    without = each.wrong_without / max(1, each.windows_without)
    return (
        f"{each.title}: {percent(with_it)} of {each.windows_with} such windows are wrong, against "
        f"{percent(without)} of the {each.windows_without} others (p = {each.p_holm:.2g} after "
        "Holm)."
    )


def advice_of(experiment: ExperimentEntity) -> tuple[Advice, ...]:
    """Give the recommendations that apply, what questions the result first."""
    try:
        found = recommendations_of(experiment)
    except (ResultError, StorageError) as error:
        log.warning("The report does without recommendations: %s", error)
        return ()
    return tuple(
        Advice(each.title, each.evidence, each.severity.value == "warning") for each in found
    )
