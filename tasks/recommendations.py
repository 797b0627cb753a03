"""Gathers what is known of a finished run and asks all checks what follows from it."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np

from integrations.core.checks import Facts, Finding, findings
from integrations.core.checks.facts import Calibration, Failures, Rival, Weakness
from integrations.core.data.dataset import DatasetInfo
from integrations.core.evaluation.measures import Measures
from integrations.core.evaluation.store import ResultError
from integrations.core.failures.store import ARRAYS, FACTS, FailureFilesError, load_failures
from integrations.core.outliers import OUTSIDE
from integrations.core.robustness.sweep import Degraded, Robustness
from storage.artifacts import artifacts
from storage.entities import ExperimentEntity, Status, StorageError
from storage.stores.dismissals import DismissalStore
from storage.stores.experiments import ExperimentStore
from tasks.calibrations import stored_calibration
from tasks.rivals import on_same_split, rivals_of
from tasks.robustness import stored_robustness
from tasks.run_results import evaluation_of, info_of, measures_of
from tasks.study_results import learning_curve_about, repeats_of

log = logging.getLogger("signalbench.recommendations")
MILD_SNR_DB = 5.0
NOISES = {"white": "white noise", "own": "noise like the recordings' own"}


def recommendations_of(entity: ExperimentEntity, *, dismissed: bool = False) -> list[Finding]:
    """Give what follows from the numbers of a finished run, what questions it first.

    Args:
        entity: The run.
        dismissed: Give those that somebody has put aside as well.

    Raises:
        ResultError: The run has no results, or the files are damaged.
    """
    aside = frozenset() if dismissed else DismissalStore().of(entity.id)
    return findings(facts_of(entity), aside)


def facts_of(entity: ExperimentEntity) -> Facts:
    """Gather everything that was measured of a finished run; what was not is left out.

    Raises:
        ResultError: The run has no results, or the files are damaged.
    """
    rows = ExperimentStore().epochs(entity.id)
    others, info = on_same_split(entity), info_of(entity)
    measures = None if info is None else _measures(entity, info)
    return Facts(
        evaluation=evaluation_of(entity),
        history=[{key: _number(value) for key, value in row.values.items()} for row in rows],
        config=entity.config,
        stopped=entity.status is Status.STOPPED,
        experiment_id=entity.id,
        dataset_id=entity.dataset_id,
        seconds=entity.seconds,
        n_parameters=entity.n_parameters,
        same_split=len(others) + 1,
        is_best=_is_best(entity, others),
        rivals=() if info is None else _rivals(entity, others, info),
        repeats=repeats_of(entity),
        curve=learning_curve_about(entity.id),
        calibration=_calibration(entity, measures),
        worst_slice=None if measures is None else measures.worst_slice,
        failures=None if info is None else _failures(entity, info),
        weakness=_weakness(entity),
    )


def _is_best(entity: ExperimentEntity, others: Iterable[ExperimentEntity]) -> bool:
    mine = entity.macro_f1 or 0.0
    return all((run.macro_f1 or 0.0) <= mine for run in others)


def _rivals(
    entity: ExperimentEntity, others: list[ExperimentEntity], info: DatasetInfo
) -> tuple[Rival, ...]:
    try:
        return rivals_of(entity, others, info) if others else ()
    except ResultError as error:
        log.warning("Run %d cannot be held against others: %s", entity.id, error)
        return ()


def _measures(entity: ExperimentEntity, info: DatasetInfo) -> Measures | None:
    try:
        return measures_of(entity, info)
    except ResultError as error:
        log.warning("Run %d cannot be measured in detail: %s", entity.id, error)
        return None


def _calibration(entity: ExperimentEntity, measures: Measures | None) -> Calibration | None:
    if measures is None or measures.reliability is None:
        return None
    said = measures.reliability
    try:
        kept = stored_calibration(entity.id)
    except (ResultError, StorageError):
        kept = None
    return Calibration(
        said.ece, said.shown_to_be_off, said.overconfidence, kept.temperature if kept else None
    )


def _failures(entity: ExperimentEntity, info: DatasetInfo) -> Failures | None:
    files = {row.name: row for row in ExperimentStore().artifacts(entity.id)}
    if FACTS not in files or ARRAYS not in files:
        return None
    try:
        places = [artifacts().path(files[name].path) for name in (FACTS, ARRAYS)]
        found = load_failures(*places).analysis
    except (FailureFilesError, StorageError) as error:
        log.warning("The failures of run %d cannot be read: %s", entity.id, error)
        return None
    measured = np.isfinite(found.outlier_p)
    names = [info.recordings[each["recording"]].name for each in found.labels["suspects"]]
    return Failures(
        suspects=tuple(names),
        checked=int(found.labels["checked"]),
        unlike=int((found.outlier_p[measured] <= OUTSIDE).sum()),
        measured=int(measured.sum()),
        alpha=OUTSIDE,
    )


def _weakness(entity: ExperimentEntity) -> Weakness | None:
    try:
        found = stored_robustness(entity.id)
    except (ResultError, StorageError):
        return None
    worst = None if found is None else _mildest_costly(found)
    if found is None or worst is None:
        return None
    return Weakness(_in_words(worst), found.clean_accuracy.value, worst.accuracy)


def _mildest_costly(found: Robustness) -> Degraded | None:
    """Give the mildest noise that costs accuracy beyond chance, else the dearest lone channel."""
    noises = [
        point
        for point in found.points
        if point.snr_db is not None and point.snr_db >= MILD_SNR_DB and point.drop.low > 0
    ]
    costly = [point for point in noises if point.drop.value >= 0.1]
    if costly:
        return max(costly, key=lambda point: point.snr_db or 0.0)
    channel = found.worst_channel
    return channel if channel is not None and channel.drop.low > 0 else None


def _in_words(point: Degraded) -> str:
    if point.snr_db is not None:
        return f"{NOISES.get(point.kind, point.kind)} at {point.snr_db:g} dB"
    return f"the channel “{point.missing[0][0]}” dead"


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
