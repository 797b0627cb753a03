"""What studies gave: the mean of repeats with its interval, and learning curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from integrations.core.checks.facts import Repeats
from integrations.core.compare.repeats import mean_interval
from integrations.core.evaluation.evaluation import Interval
from integrations.core.evaluation.learning_curve import LearningCurve, Trained, learning_curve
from integrations.core.evaluation.store import ResultError
from storage.entities import LEARNING_CURVE, REPEATS, ExperimentEntity, StudyEntity
from storage.stores.experiments import ExperimentStore
from storage.stores.studies import StudyStore
from tasks.run_results import evaluation_of


@dataclass(frozen=True)
class Spread:
    """The results of a set of repeats, for lists and cards.

    Attributes:
        n: Runs that have finished.
        accuracy: Mean with its t interval over the runs; None for fewer than two.
        macro_f1: Likewise.
        best_id: The run of the highest macro F1; 0 while there is none, or several share it.
    """

    study_id: int
    name: str
    n: int
    accuracy: Interval | None
    macro_f1: Interval | None
    best_id: int = 0


def spreads(study_ids: Sequence[int | None]) -> dict[int, Spread]:
    """Give the results of those studies that are repeats, by id; several at once, for lists."""
    store = StudyStore()
    wanted = sorted({number for number in study_ids if number is not None})
    studies = {i: s for i, s in store.several(wanted).items() if s.kind == REPEATS}
    scores = store.scores(list(studies))
    return {i: _spread(study, scores.get(i, [])) for i, study in studies.items()}


def _spread(study: StudyEntity, scores: Sequence[tuple[int, float, float]]) -> Spread:
    highest = max((row[2] for row in scores), default=0.0)
    best = [row[0] for row in scores if row[2] == highest]
    return Spread(
        study.id,
        study.name,
        len(scores),
        _within(mean_interval([row[1] for row in scores])),
        _within(mean_interval([row[2] for row in scores])),
        best[0] if len(best) == 1 else 0,
    )


def _within(mean: Interval | None) -> Interval | None:
    if mean is None:
        return None
    return Interval(value=mean.value, low=max(0.0, mean.low), high=min(1.0, mean.high))


def spread_of(entity: ExperimentEntity) -> Spread | None:
    """Give the results of the repeats that a run belongs to; None where it is none."""
    return None if entity.study_id is None else spreads([entity.study_id]).get(entity.study_id)


def repeats_of(entity: ExperimentEntity) -> Repeats | None:
    """Give the repeats a finished run belongs to; None where it is none, or stands alone."""
    if entity.study_id is None or entity.macro_f1 is None:
        return None
    study = StudyStore().several([entity.study_id]).get(entity.study_id)
    if study is None or study.kind != REPEATS:
        return None
    scores = tuple(row[2] for row in StudyStore().scores([study.id]).get(study.id, []))
    return Repeats(study.id, scores, _within(mean_interval(scores)), entity.macro_f1)


def learning_curve_about(experiment_id: int) -> LearningCurve | None:
    """Give the newest learning curve of a run, complete or not; None when none was ordered."""
    study = StudyStore().about(experiment_id, LEARNING_CURVE)
    return None if study is None else learning_curve_of(study)


def learning_curve_of(study: StudyEntity) -> LearningCurve:
    """Put together what the runs of a learning curve have given so far."""
    members = StudyStore().members(study.id)
    ids = [*([study.experiment_id] if study.experiment_id else []), *members]
    runs = [run for run in ExperimentStore().several(ids) if run.accuracy is not None]
    trained = tuple(found for run in runs if run.status.ended and (found := _trained(run)))
    return _curve(study.id, trained, len(ids))


def _trained(run: ExperimentEntity) -> Trained | None:
    try:
        evaluation = evaluation_of(run)
    except ResultError:
        return None
    return Trained(
        experiment_id=run.id,
        share=float(run.config.get("data", {}).get("train_share", 1.0)),
        windows=evaluation.split.train_windows,
        groups=evaluation.split.train_groups,
        score=evaluation.headline["macro_f1"].value,
        by_class=_Frozen((row.name, row.f1) for row in evaluation.per_class if row.support),
    )


class _Frozen(dict[str, float]):
    """A mapping that can be part of a key; never changed after it was made."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))


@lru_cache(maxsize=16)
def _curve(study_id: int, trained: tuple[Trained, ...], expected: int) -> LearningCurve:
    return learning_curve(study_id, trained, expected)
