"""Repeats compared as groups, and runs over several data sets as a benchmark's table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from integrations.core.compare.paired import holm
from integrations.core.compare.pivot import Measured, Pivot, pivot
from integrations.core.compare.ranking import Ranking, rank_over_data_sets
from integrations.core.compare.repeats import corrected_resampled_t, mean_interval
from integrations.core.evaluation.evaluation import Interval
from storage.entities import ExperimentEntity, NotFoundError, StudyEntity
from storage.stores.experiments import ExperimentStore
from storage.stores.studies import StudyStore
from tasks.comparison import REPEATS, ComparedRun

FEWEST = 2
FIGURES = ("accuracy", "macro_f1")


@dataclass(frozen=True)
class Repeats:
    """A study of repeats with its finished runs, all of them and not only those compared.

    Attributes:
        figures: Mean of accuracy and macro-F1 with its t interval over the repeats; None for one.
        best: The largest accuracy, to be labelled as the best of so many.
    """

    study: StudyEntity
    runs: tuple[ExperimentEntity, ...]
    figures: dict[str, Interval | None]
    best: float

    @property
    def one_split(self) -> bool:
        """Only the seed of the training varies."""
        return len({run.split_digest for run in self.runs}) == 1


@dataclass(frozen=True)
class RepeatsPair:
    """Two studies of repeats: their difference over repeats with the same seeds.

    Attributes:
        difference: First minus second in accuracy; None where there is no test.
        problem: Why there is none.
        n: Repeats that both have.
    """

    a: Repeats
    b: Repeats
    difference: Interval | None = None
    p: float = 1.0
    p_holm: float = 1.0
    n: int = 0
    problem: str = ""


def repeats_of(runs: Sequence[ComparedRun]) -> list[Repeats]:
    """Give the studies of repeats that these runs belong to, each with all its finished runs."""
    studies = dict.fromkeys(run.entity.study_id for run in runs)
    found = [_repeats(number) for number in studies if number is not None]
    return [each for each in found if each is not None]


def pairs_of_repeats(groups: Sequence[Repeats], runs: Sequence[ComparedRun]) -> list[RepeatsPair]:
    """Compare studies of repeats pairwise by the corrected resampled t test, p after Holm."""
    pairs = [_pair(a, b, runs) for a, b in combinations(groups, 2)]
    tested = [pair for pair in pairs if pair.difference is not None]
    corrected = iter(holm([pair.p for pair in tested]))
    return [
        pair if pair.difference is None else RepeatsPair(
            pair.a, pair.b, pair.difference, pair.p, next(corrected), pair.n
        )
        for pair in pairs
    ]  # fmt: skip


def table_over_data_sets(runs: Sequence[ExperimentEntity], figure: str = "accuracy") -> Pivot:
    """Arrange runs as models over data sets, with the spread where there are several.

    Runs of one family and preset are one model, unless two of them on the same data differ in
    settings other than the data's and the seed: then each variant is a model of its own.
    """
    tested = [run for run in runs if run.accuracy is not None]
    names = model_names(tested)
    return pivot(
        Measured(names[run.id], run.dataset_name, float(run.accuracy or 0.0)
                 if figure == "accuracy" else float(run.macro_f1 or 0.0))
        for run in tested
    )  # fmt: skip


def ranking_of(table: Pivot) -> Ranking | None:
    """Rank the models over the data sets that all of them ran on; None where that says nothing."""
    try:
        return rank_over_data_sets(table.scores())
    except ValueError:
        return None


def model_names(runs: Sequence[ExperimentEntity]) -> dict[int, str]:
    """Name the model of each run: its family and preset, and a variant where that is not all."""
    groups: dict[str, list[ExperimentEntity]] = {}
    for run in runs:
        name = f"{run.family} · {run.preset}" if run.preset else run.family
        groups.setdefault(name, []).append(run)
    found: dict[int, str] = {}
    for name, members in groups.items():
        settings = {run.id: _model_settings(run.config) for run in members}
        kinds = list(dict.fromkeys(settings.values()))
        split = _several_on_one(members, settings)
        for run in members:
            variant = f" ({kinds.index(settings[run.id]) + 1})" if split else ""
            found[run.id] = name + variant
    return found


def _repeats(study_id: int) -> Repeats | None:
    store = StudyStore()
    try:
        study = store.get(study_id)
    except NotFoundError:
        return None
    if study.kind != REPEATS:
        return None
    members = ExperimentStore().several(store.members(study_id))
    runs = tuple(run for run in members if run.accuracy is not None)
    if not runs:
        return None
    values = {name: [float(getattr(run, name) or 0.0) for run in runs] for name in FIGURES}
    figures = {name: mean_interval(each) for name, each in values.items()}
    return Repeats(study, runs, figures, max(values["accuracy"]))


def _pair(a: Repeats, b: Repeats, runs: Sequence[ComparedRun]) -> RepeatsPair:
    if a.runs[0].dataset_fingerprint != b.runs[0].dataset_fingerprint:
        return RepeatsPair(a, b, problem="They ran on different data sets.")
    ours, theirs = _by_split_and_seed(a), _by_split_and_seed(b)
    both = [key for key in ours if key in theirs]
    if len(both) < FEWEST:
        return RepeatsPair(
            a, b, problem="Fewer than two repeats share split and seed, so nothing pairs them."
        )
    evaluation = next((r.evaluation for r in runs if r.entity.study_id in (a.study.id, b.study.id)
                       and r.evaluation is not None), None)  # fmt: skip
    if evaluation is None:
        return RepeatsPair(a, b, problem="The results of the compared repeats cannot be read.")
    split = evaluation.split
    differences = [ours[key] - theirs[key] for key in both]
    difference, p = corrected_resampled_t(
        differences, max(1, split.train_groups), split.test_groups
    )
    return RepeatsPair(a, b, difference, p, p, len(both))


def _by_split_and_seed(group: Repeats) -> dict[tuple[str, Any], float]:
    return {(run.split_digest, run.config.get("seed")): float(run.accuracy or 0.0)
            for run in group.runs}  # fmt: skip


def _model_settings(config: dict[str, Any]) -> str:
    kept = {key: value for key, value in config.items() if key not in ("data", "seed")}
    return json.dumps(kept, sort_keys=True)


def _several_on_one(runs: Sequence[ExperimentEntity], settings: dict[int, str]) -> bool:
    by_data: dict[str, set[str]] = {}
    for run in runs:
        by_data.setdefault(run.dataset_fingerprint, set()).add(settings[run.id])
    return bool(np.max([len(kinds) for kinds in by_data.values()]) > 1)
