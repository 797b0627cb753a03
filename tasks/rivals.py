"""Other finished runs on the same split, held against one from what they predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from integrations.core.checks.facts import Rival
from integrations.core.compare.contenders import Contender, error_correlation
from integrations.core.compare.differences import accuracy_difference
from integrations.core.compare.paired import right_per_unit
from integrations.core.contract import Predictions
from integrations.core.data.dataset import DatasetInfo
from integrations.core.evaluation.evaluate import resampling_unit
from integrations.core.evaluation.evaluation import Interval
from integrations.core.evaluation.store import ResultError
from integrations.registry import families
from storage.entities import LEARNING_CURVE, ExperimentEntity
from storage.stores.finished_runs import FinishedRuns
from storage.stores.studies import StudyStore
from tasks.earlier import SEVERAL, pickers
from tasks.run_results import predictions_of

MOST_RIVALS = 6
IntArray = npt.NDArray[np.int64]


def on_same_split(entity: ExperimentEntity) -> list[ExperimentEntity]:
    """Give the other finished runs on a run's data and split, but for points of learning curves."""
    found = FinishedRuns().on_split(entity.split_digest, entity.dataset_fingerprint)
    studies = StudyStore().several([run.study_id for run in found if run.study_id is not None])
    curves = {number for number, study in studies.items() if study.kind == LEARNING_CURVE}
    return [run for run in found if run.id != entity.id and run.study_id not in curves]


def rivals_of(
    entity: ExperimentEntity, others: Sequence[ExperimentEntity], info: DatasetInfo
) -> tuple[Rival, ...]:
    """Hold a run against the best, the smallest and the quickest of the others.

    Raises:
        ResultError: The run itself has no predictions.
    """
    test, validation = (predictions_of(entity, part) for part in ("test", "validation"))
    units = [resampling_unit(part, info)[0] for part in (test, validation)]
    found = []
    for run in _worth_a_look(entity, others):
        try:
            theirs = [predictions_of(run, part) for part in ("test", "validation")]
        except ResultError:
            continue
        if _alike(test, theirs[0]) and _alike(validation, theirs[1]):
            found.append(_rival(entity, run, (test, validation), theirs, units))
    return tuple(found)


def _rival(
    entity: ExperimentEntity,
    run: ExperimentEntity,
    ours: Sequence[Predictions],
    theirs: Sequence[Predictions],
    units: Sequence[IntArray],
) -> Rival:
    joinable = not (_joins(entity.family) or _joins(run.family))
    correlation = error_correlation(_on_validation(entity, ours[1]), _on_validation(run, theirs[1]))
    return Rival(
        id=run.id,
        name=run.name,
        family=run.family,
        difference=_difference(ours[0], theirs[0].predicted, units[0]),
        n_parameters=run.n_parameters,
        seconds=run.seconds,
        error_correlation=1.0 if math.isnan(correlation) else correlation,
        gain=_gain(ours[1], theirs[1], units[1]) if joinable else None,
    )


def _on_validation(run: ExperimentEntity, validation: Predictions) -> Contender:
    return Contender(run.id, run.name, validation, run.split_digest, run.dataset_fingerprint)


def _gain(ours: Predictions, theirs: Predictions, unit: IntArray) -> Interval:
    """Accuracy of mean probabilities less that of the better one, on the validation part."""
    better = max((ours, theirs), key=lambda part: float((part.predicted == part.truth).mean()))
    together = (ours.probability + theirs.probability).argmax(axis=1)
    gained = _difference(better, together, unit)
    return Interval(value=-gained.value, low=-gained.high, high=-gained.low)


def _difference(ours: Predictions, predicted: IntArray, unit: IntArray) -> Interval:
    """Accuracy of a run less that of other predictions of the same windows."""
    mine = right_per_unit(ours.predicted == ours.truth, unit)
    other = right_per_unit(predicted == ours.truth, unit)
    return accuracy_difference(mine - other, len(ours.truth))


def _worth_a_look(
    entity: ExperimentEntity, others: Sequence[ExperimentEntity]
) -> list[ExperimentEntity]:
    strangers = [
        run for run in others if entity.study_id is None or run.study_id != entity.study_id
    ]
    best = sorted(strangers, key=lambda run: -(run.macro_f1 or 0.0))[:MOST_RIVALS]
    sized = [run for run in strangers if run.n_parameters]
    smallest = sorted(sized, key=lambda run: run.n_parameters)[:1]
    quickest = sorted(strangers, key=lambda run: run.seconds)[:1]
    return list({run.id: run for run in [*best, *smallest, *quickest]}.values())


def _alike(a: Predictions, b: Predictions) -> bool:
    return np.array_equal(a.recording, b.recording) and np.array_equal(a.start, b.start)


def _joins(family: str) -> bool:
    known = families().get(family)
    return known is not None and SEVERAL in pickers(known.Config).values()
