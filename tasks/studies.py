"""Sets of experiments made together: the same run with other seeds, or on less of the data."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from integrations.core.config import DataConfig
from integrations.core.data.dataset import DatasetError, read_info
from integrations.core.data.splits import SplitError, preview_split
from integrations.core.data.windows import share_of_work
from integrations.core.evaluation.evaluation import SplitSummary
from integrations.registry import family
from storage.entities import (
    LEARNING_CURVE,
    REPEATS,
    ConflictError,
    ExperimentEntity,
    NotFoundError,
    StorageError,
    StudyEntity,
)
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.studies import StudyStore
from tasks.dataset_files import manifest_folder
from tasks.earlier import SEVERAL, pickers
from tasks.experiments import (
    KEYS,
    NewRun,
    QueueError,
    checked,
    copy_of,
    generated_name,
    plan_config,
)

MOST_REPEATS = 20
SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
SEEDS = 3
MOST_SEEDS = 10
LEAST_SHARES = 3
LOW_PRIORITY = 2
LARGEST_SEED = 2_147_483_647


@dataclass(frozen=True)
class MadeStudy:
    """A study with its runs.

    Attributes:
        made: The runs that were stored just now and wait for a worker.
    """

    study: StudyEntity
    made: tuple[ExperimentEntity, ...]


def store_repeats(request: NewRun, count: int, *, vary_split: bool = False) -> MadeStudy:
    """Store the same run with several seeds, as one study.

    Args:
        request: The run; its seed is the first one. Its key makes the whole set once.
        count: How many, 2 to MOST_REPEATS.
        vary_split: Give each run its own split as well. The runs then test on other recordings.

    Raises:
        QueueError: The count is not allowed, or the disk is full.
        RefusedError: The data cannot be divided as asked, or do not suit the family.
        Exception: As ``tasks.experiments.plan_config``.
    """
    if not 2 <= count <= MOST_REPEATS:
        raise QueueError(f"Repeat a run 2 to {MOST_REPEATS} times, not {count}.")
    ids = [_task_id(request.key, number) for number in range(count)]
    found = _made_before(request, ids)
    if found is not None:
        return found
    config = plan_config(request).model_dump(mode="json")
    planned = [
        checked(_repeat(request, config, number, vary_split), task_id)
        for number, task_id in enumerate(ids)
    ]
    name = f"{_common_name(request)} · {count} seeds"
    settings = {"seeds": [item.config["seed"] for item in planned], "vary_split": vary_split}
    try:
        return _store(name, REPEATS, settings, request.parent_id, planned)
    except IntegrityError:
        # Asked twice at once: the database lets one through, both get it.
        found = _made_before(request, ids)
        if found is None:
            raise QueueError("An experiment of this key was deleted. Use a new key.") from None
        return found


def store_learning_curve(
    experiment_id: int, shares: Sequence[float] = SHARES, seeds: int = SEEDS
) -> MadeStudy:
    """Store runs like a finished one that learn from shares of its training groups.

    The run itself is the point of the whole data with the first seed. Shares that would keep the
    same windows, because groups are few, are trained once.

    Args:
        experiment_id: The finished run.
        shares: Of the training groups, ascending, the last one 1.
        seeds: Subsets (and weights) per share, 1 to MOST_SEEDS.

    Raises:
        NotFoundError: There is no such experiment.
        ConflictError: It has no results, it joins other runs, or a curve is being measured.
        QueueError: There are too few groups, or the disk is full.
    """
    original = ExperimentStore().get(experiment_id)
    _check_curve(original, seeds)
    summaries = _summaries(original, sorted(shares))
    kept = _distinct_shares(summaries)
    planned = [
        checked(_on_share(original, share, number))
        for number in range(seeds)
        for share in kept
        if (share, number) != (1.0, 0)
    ]
    name = f"{original.name[:160]} · learning curve"
    settings = {
        "shares": list(kept),
        "seeds": seeds,
        "windows": [summaries[s].train_windows for s in kept],
    }
    return _store(name, LEARNING_CURVE, settings, experiment_id, planned)


def open_learning_curve(experiment_id: int) -> StudyEntity | None:
    """Give the learning curve of a run that is being measured at this moment, if there is one."""
    study = StudyStore().about(experiment_id, LEARNING_CURVE)
    if study is None:
        return None
    runs = ExperimentStore().several(StudyStore().members(study.id))
    return study if any(not run.status.ended for run in runs) else None


def curve_problem(original: ExperimentEntity) -> str:
    """Say why no learning curve of a run can be measured now; "" when one can."""
    try:
        _check_curve(original, SEEDS)
    except ConflictError as error:
        return str(error)
    return ""


def curve_cost(original: ExperimentEntity, seeds: int) -> float:
    """Estimate the seconds that a learning curve trains, by what the run itself took."""
    try:
        data = DataConfig.model_validate(original.config.get("data", {}))
    except ValidationError:
        return 0.0
    shares = [share_of_work(data.model_copy(update={"train_share": share})) for share in SHARES]
    return original.seconds * (seeds * sum(shares) - 1)


def _check_curve(original: ExperimentEntity, seeds: int) -> None:
    if original.accuracy is None or not original.status.ended:
        raise ConflictError(f"“{original.name}” has no results yet ({original.status}).")
    if not 1 <= seeds <= MOST_SEEDS:
        raise ConflictError(f"Choose 1 to {MOST_SEEDS} seeds per share, not {seeds}.")
    if SEVERAL in pickers(family(original.family).Config).values():
        raise ConflictError(
            "This run joins finished runs and learns from no data of its own. Measure the learning "
            "curve of one of its members."
        )
    if original.config.get("data", {}).get("train_share", 1.0) != 1.0:
        raise ConflictError("This run is a point of a learning curve itself. Open the whole run.")
    if open_learning_curve(original.id) is not None:
        raise ConflictError("The learning curve of this run is being measured already.")


def _distinct_shares(summaries: Mapping[float, SplitSummary]) -> tuple[float, ...]:
    """Leave out shares that keep as many windows as a larger one."""
    largest_of = {summary.train_windows: share for share, summary in summaries.items()}
    if len(largest_of) < LEAST_SHARES:
        raise QueueError(
            "The training part holds too few groups for a learning curve. Add recordings first."
        )
    return tuple(sorted(largest_of.values()))


def _summaries(original: ExperimentEntity, shares: Sequence[float]) -> dict[float, SplitSummary]:
    """Divide the data for each share, ascending."""
    try:
        info = read_info(manifest_folder(DatasetStore().get(original.dataset_id).folder))
        given = {share: DataConfig.model_validate(_data(original, share, 0)) for share in shares}
        return {share: preview_split(info, data) for share, data in given.items()}
    except (DatasetError, SplitError) as error:
        raise QueueError(str(error)) from error


def _data(original: ExperimentEntity, share: float, number: int) -> dict[str, Any]:
    return {**original.config["data"], "train_share": share, "train_share_seed": number}


def _on_share(original: ExperimentEntity, share: float, number: int) -> NewRun:
    seed = _seed(original.config, number)
    config = {**original.config, "seed": seed, "data": _data(original, share, number)}
    name = f"{original.name[:150]} · {share:.0%} of the training groups · seed {seed}"
    return replace(copy_of(original, config=config, priority=LOW_PRIORITY), name=name, tags=())


def _repeat(request: NewRun, config: dict[str, Any], number: int, vary_split: bool) -> NewRun:
    changed = {**config, "seed": _seed(config, number)}
    if vary_split:
        split_seed = (int(config["data"]["seed"]) + number) % (LARGEST_SEED + 1)
        changed["data"] = {**config["data"], "seed": split_seed}
    name = f"{_common_name(request)} · seed {changed['seed']}"
    return replace(request, config=changed, key="", name=name)


def _common_name(request: NewRun) -> str:
    dataset = DatasetStore().get(request.dataset_id)
    made = generated_name(family(request.family), dataset.name, request.preset)
    return (request.name.strip() or made)[:180]


def _seed(config: dict[str, Any], number: int) -> int:
    return int((int(config.get("seed", 0)) + number) % (LARGEST_SEED + 1))


def _store(
    name: str,
    kind: str,
    settings: dict[str, Any],
    experiment_id: int | None,
    planned: Sequence[NewExperiment],
) -> MadeStudy:
    studies, store = StudyStore(), ExperimentStore()
    study = studies.create(name[:200], kind, settings, experiment_id)
    try:
        made = tuple(store.create(replace(item, study_id=study.id)) for item in planned)
    except (StorageError, IntegrityError):
        studies.drop_empty(study.id)
        raise
    return MadeStudy(study, made)


def _task_id(key: str, number: int) -> str:
    return str(uuid.uuid5(KEYS, f"{key}#{number}")) if key else ""


def _made_before(request: NewRun, ids: Sequence[str]) -> MadeStudy | None:
    if not request.key:
        return None
    try:
        first = ExperimentStore().by_task(ids[0])
    except NotFoundError:
        return None
    if first.study_id is None or (first.family, first.dataset_id) != (
        request.family,
        request.dataset_id,
    ):
        raise QueueError("This key was used for another experiment. Use a new key.")
    return MadeStudy(StudyStore().get(first.study_id), ())
