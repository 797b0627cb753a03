"""The runs that a report compares its run with, judged on the test recordings they share."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from integrations.core.compare.setting_rows import setting_rows
from integrations.core.config import FamilyConfig
from integrations.core.figures.chart import Chart
from integrations.core.figures.comparison import course_chart
from integrations.registry import UnknownFamilyError, family
from storage.entities import ExperimentEntity, StorageError
from storage.stores.experiments import ExperimentStore
from tasks.comparison import ComparedRun, compare_runs, course_of
from tasks.pdf.content import Rival, settings_of
from tasks.pdf.numbers import setting_value

BEST = "best other run on the same data and split, by macro F1"
PARENT = "run that this one is a changed copy of"
METRICS = ("val_loss", "val_accuracy")


def rivals_of(experiment: ExperimentEntity) -> tuple[Rival, ...]:
    """Give the best other run on the same split, and the one it was copied from."""
    found = []
    for other, role in _others(experiment):
        rival = _rival(experiment, other, role)
        if rival is not None:
            found.append(rival)
    return tuple(found)


def _others(experiment: ExperimentEntity) -> list[tuple[ExperimentEntity, str]]:
    best = ExperimentStore().best_rival(experiment)
    chosen = [(best, BEST)] if best is not None else []
    if experiment.parent_id and (best is None or best.id != experiment.parent_id):
        with suppress(StorageError):  # it was deleted
            chosen.append((ExperimentStore().get(experiment.parent_id), PARENT))
    return chosen


def _rival(experiment: ExperimentEntity, other: ExperimentEntity, role: str) -> Rival | None:
    comparison = compare_runs([experiment.id, other.id])
    theirs = next((run for run in comparison.tested if run.entity.id == other.id), None)
    if comparison.judgement is None or theirs is None or theirs.evaluation is None:
        return None
    return Rival(
        id=other.id,
        name=other.name,
        role=role,
        family_title=title_of(other.family),
        evaluation=theirs.evaluation,
        judgement=comparison.judgement,
        seconds=other.seconds,
        n_parameters=other.n_parameters,
        differing=differing([experiment, other]),
        curves=overlaid(comparison.runs, METRICS) if _alike(experiment, other) else (),
    )


def _alike(one: ExperimentEntity, other: ExperimentEntity) -> bool:
    """Tell whether both count epochs, or both folds: only then their courses can be compared."""
    return step_name_of(one.config) == step_name_of(other.config)


def step_name_of(config: dict[str, Any]) -> str:
    """Say what a run's history counts: folds of a cross-validation or epochs."""
    return "Fold" if "folds" in config.get("training", {}) else "Epoch"


def title_of(name: str) -> str:
    """Give a family's title; its name where it is not installed here."""
    try:
        return family(name).title
    except UnknownFamilyError:
        return name


def differing(runs: list[ExperimentEntity]) -> tuple[tuple[str, ...], ...]:
    """List the settings that two runs or more have and in which they differ: title, values."""
    known: dict[str, tuple[str, str]] = {}
    for run in reversed(runs):
        known |= _titles(run)
    rows = [row for row in setting_rows([_whole(run) for run in runs]) if _tells(row.values)]
    return tuple(
        (
            known.get(row.setting, (row.setting, ""))[0],
            *(_shown(value, known.get(row.setting, ("", ""))[1]) for value in row.values),
        )
        for row in rows
    )


def _tells(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return len(known) > 1 and any(value != known[0] for value in known)


def overlaid(runs: tuple[ComparedRun, ...], metrics: tuple[str, ...]) -> tuple[Chart, ...]:
    """Lay the courses of the runs over one another, one chart for each metric two of them have."""
    charts = []
    for metric in metrics:
        courses = [course_of(run.entity.id, metric) for run in runs]
        if sum(course is not None for course in courses) > 1:
            names = [f"#{run.entity.id} {run.entity.name}" for run in runs]
            charts.append(course_chart(names, courses, metric))
    return tuple(charts)


def _whole(run: ExperimentEntity) -> dict[str, Any]:
    return {"family": title_of(run.family), **run.config}


def _titles(run: ExperimentEntity) -> dict[str, tuple[str, str]]:
    config = _read(run)
    found = {} if config is None else {
        s.path: (f"{s.section}: {s.title}" if "." in s.path else s.title, s.unit)
        for s in settings_of(config)
    }  # fmt: skip
    return found | {"family": ("Model family", "")}


def _read(run: ExperimentEntity) -> FamilyConfig | None:
    try:
        return family(run.family).Config.model_validate(run.config)
    except (UnknownFamilyError, ValueError):
        return None


def _shown(value: Any, unit: str) -> str:
    words = value.replace("_", " ") if isinstance(value, str) else value
    return setting_value(words, unit)
