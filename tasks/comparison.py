"""Several runs laid side by side: their results read once, and what a test says of them.

Shared by the screen, the REST interface and the summary report. Results never change once they are
written, so they are kept in memory; one lock lets callbacks that come together share one reading.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import RLock
from zipfile import BadZipFile

import numpy as np

from integrations.core.compare.contenders import Contender, IntArray, refusal, same_windows
from integrations.core.compare.courses import Course
from integrations.core.compare.verdict import DELTA, Judgement, judge
from integrations.core.contract import Predictions
from integrations.core.data.dataset import DatasetError, DatasetInfo, read_info
from integrations.core.evaluation.evaluate import resampling_unit
from integrations.core.evaluation.evaluation import Evaluation
from integrations.core.evaluation.store import (
    RUN,
    ResultError,
    load_evaluation,
    load_predictions,
)
from storage.artifacts import run_folder
from storage.entities import ExperimentEntity, StorageError
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from storage.stores.metrics import History, MetricStore, Values
from storage.stores.studies import StudyStore
from tasks.dataset_files import manifest_folder

MOST_COMPARED = 10
REPEATS = "repeats"
KEPT = 24
EXACT = 1_000_000_000
CURVE_POINTS = 600
"""Points of a curve that a chart can show."""
_reading = RLock()


@dataclass(frozen=True)
class ComparedRun:
    """One of the runs.

    Attributes:
        evaluation: None while there is none.
        contender: Its predictions, ordered by recording and start; None while there are none.
        best_epoch: Epoch whose weights were used, 0 where there are no epochs.
        problem: Why there are no results, in a sentence; "" when there are.
    """

    entity: ExperimentEntity
    evaluation: Evaluation | None = None
    contender: Contender | None = None
    best_epoch: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Attributes:
        judgement: None with fewer than two runs that have results.
        missing: Ids that were asked for and are not there.
    """

    runs: tuple[ComparedRun, ...]
    judgement: Judgement | None
    missing: tuple[int, ...] = ()

    @property
    def tested(self) -> tuple[ComparedRun, ...]:
        """The runs that have results."""
        return tuple(run for run in self.runs if run.contender is not None)


@dataclass(frozen=True)
class Couple:
    """Two runs tested on the same windows.

    Attributes:
        info: Their data set; None when it is gone.
        unit: Number of the independent unit of each test window.
        unit_name: "groups", "recordings" or "windows".
    """

    a: Contender
    b: Contender
    classes: tuple[str, ...]
    info: DatasetInfo | None
    unit: IntArray
    unit_name: str


def compare_runs(ids: Sequence[int], delta: float = DELTA) -> Comparison:
    """Read runs and judge those that have results.

    Args:
        ids: Experiments, at most MOST_COMPARED; each is taken once.
        delta: Accuracies closer than this count as equal.
    """
    read = read_runs(ids)
    if len(read.tested) < 2:
        return read
    with _reading:
        judgement = _judged(tuple(_Held(run) for run in read.tested), delta)
    details = (*judgement.details, *_cautions(read.runs))
    return replace(read, judgement=replace(judgement, details=details))


def read_runs(ids: Sequence[int]) -> Comparison:
    """Read runs without judging them."""
    wanted = tuple(dict.fromkeys(ids))[:MOST_COMPARED]
    entities = ExperimentStore().several(wanted)
    with _reading:
        runs = tuple(_compared(entity) for entity in entities)
    found = {entity.id for entity in entities}
    missing = tuple(number for number in wanted if number not in found)
    return Comparison(runs, None, missing)


def couple(comparison: Comparison, a: int, b: int) -> Couple:
    """Give two of the runs, to be set against each other window by window.

    Raises:
        ResultError: They cannot be, with the reason.
    """
    runs = {run.entity.id: run for run in comparison.runs}
    ours, theirs = _contender(runs.get(a)), _contender(runs.get(b))
    reason = refusal([ours, theirs])
    if reason:
        raise ResultError(reason)
    if not same_windows([ours, theirs]):
        raise ResultError(
            "The two runs cut the recordings into other windows, so they cannot be compared window "
            "by window. The verdict above compares whole recordings."
        )
    evaluation = runs[a].evaluation
    info = info_of(runs[a].entity)
    unit, unit_name = _units(ours.test, info)
    classes = evaluation.classes if evaluation else ()
    return Couple(ours, theirs, classes, info, unit, unit_name)


def info_of(entity: ExperimentEntity) -> DatasetInfo | None:
    """Give the manifest of a run's data set; None when it is gone."""
    try:
        folder = manifest_folder(DatasetStore().get(entity.dataset_id).folder)
        with _reading:
            return _info(folder)
    except (StorageError, DatasetError, OSError):
        return None


def course_of(experiment_id: int, metric: str, max_points: int = CURVE_POINTS) -> Course | None:
    """Give a metric of a run over its epochs and training time; None where it has none.

    A long course is thinned to its extremes, so that no peak is lost.
    """
    store = MetricStore()
    history = store.history(experiment_id, metric, max_points // 2)
    if not len(history.steps):
        return None
    took = store.history(experiment_id, "epoch_seconds", EXACT)
    coarse = not np.array_equal(history.low, history.high, equal_nan=True)
    epochs = history.steps.astype(np.float64)
    values = history.low
    if coarse:
        epochs = np.repeat(epochs, 2)
        values = np.column_stack([history.low, history.high]).ravel()
    seconds = _elapsed(took, epochs)
    return Course(epochs, seconds, values)


def metrics_of(ids: Sequence[int]) -> list[str]:
    """Give the metrics that at least one of the runs has a course of, validation first."""
    store = MetricStore()
    names = {name for number in ids for name in store.series(number)}
    shown = [name for name in names if name != "epoch" and not name.endswith("_seconds")]
    order = ("val_accuracy", "val_loss", "val_macro_f1", "train_loss", "train_accuracy")
    rank = {name: place for place, name in enumerate(order)}
    return sorted(shown, key=lambda name: (rank.get(name, len(order)), name))


def chosen_epoch_values(runs: Sequence[ComparedRun]) -> dict[str, tuple[float | None, ...]]:
    """Give every metric of each run at the epoch whose weights were used (the last without one)."""
    epochs = {
        run.entity.id: run.best_epoch or run.entity.epochs_done
        for run in runs
        if run.entity.epochs_done
    }
    rows = MetricStore().at_epochs(epochs)
    names = dict.fromkeys(name for row in rows.values() for name in row if name != "epoch")
    return {
        name: tuple(rows.get(run.entity.id, {}).get(name) for run in runs) for name in sorted(names)
    }


class _Held:
    """A run as the key of a kept judgement: its id and files say all."""

    def __init__(self, run: ComparedRun) -> None:
        self.run = run
        self.key = (run.entity.id, run.entity.name, run.entity.token, run.entity.finished_at)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.key == self.key


@lru_cache(maxsize=KEPT)
def _judged(held: tuple[_Held, ...], delta: float) -> Judgement:
    contenders = [_contender(each.run) for each in held]
    unit, unit_name = _units(contenders[0].test, info_of(held[0].run.entity))
    return judge(contenders, unit, unit_name, delta)


def _units(test: Predictions, info: DatasetInfo | None) -> tuple[IntArray, str]:
    if info is None or int(test.recording.max(initial=-1)) >= len(info.recordings):
        return test.recording, "recordings"
    unit, unit_name, _ = resampling_unit(test, info)
    return unit, unit_name


def _compared(entity: ExperimentEntity) -> ComparedRun:
    if not entity.status.ended or entity.accuracy is None:
        word = "has no results" if entity.status.ended else f"is {entity.status}"
        return ComparedRun(entity, problem=f"“{entity.name}” (#{entity.id}) {word}.")
    try:
        folder = run_folder(ExperimentStore().artifacts(entity.id), RUN)
        if folder is None:
            raise ResultError("This run left no results in the artifact store. Start it again.")
        evaluation, test, best_epoch = _evaluation(folder), _test(folder), _best_epoch(folder)
    except (StorageError, ResultError) as error:
        return ComparedRun(entity, problem=f"“{entity.name}” (#{entity.id}): {error}")
    contender = Contender(
        entity.id, entity.name, test, entity.split_digest, entity.dataset_fingerprint
    )
    return ComparedRun(entity, evaluation, contender, best_epoch)


def _contender(run: ComparedRun | None) -> Contender:
    if run is None or run.contender is None:
        raise ResultError(run.problem if run else "This run is not part of the comparison.")
    return run.contender


def _cautions(runs: Sequence[ComparedRun]) -> tuple[str, ...]:
    """What the numbers of these runs cannot say, whatever the test gives."""
    said = [run.problem for run in runs if run.problem]
    leaky = [run for run in runs if run.entity.leaky]
    if leaky:
        said.append(
            "The split leaks: pieces of one recording were trained on and tested on, so the "
            "verdict does not hold for new recordings."
        )
    return (*said, *_same_repeats(runs))


def _same_repeats(runs: Sequence[ComparedRun]) -> list[str]:
    """Say so where runs differ by their seed only: the best of them is the luckiest."""
    times = Counter(run.entity.study_id for run in runs if run.entity.study_id is not None)
    shared = [number for number, count in times.items() if count > 1]
    if not any(StudyStore().get(number).kind == REPEATS for number in shared):
        return []
    return ["Some of these runs are repeats that differ in their seed: the best of them is the "
            "luckiest, and what counts is their mean (see Repeats)."]  # fmt: skip


def _elapsed(took: History, epochs: Values) -> Values:
    if not len(took.steps):
        return np.zeros(0)
    total = np.nancumsum(took.low)
    return np.asarray(np.interp(epochs, took.steps.astype(np.float64), total), dtype=np.float64)


@lru_cache(maxsize=KEPT)
def _evaluation(folder: Path) -> Evaluation:
    return load_evaluation(folder)


@lru_cache(maxsize=KEPT)
def _best_epoch(folder: Path) -> int:
    try:
        return int(json.loads((folder / RUN).read_text(encoding="utf-8")).get("best_epoch", 0))
    except (OSError, ValueError, AttributeError) as error:
        raise ResultError("The files of this run are damaged. Start the run again.") from error


@lru_cache(maxsize=KEPT)
def _test(folder: Path) -> Predictions:
    try:
        test = load_predictions(folder, "test")
    except (OSError, KeyError, ValueError, EOFError, BadZipFile) as error:
        raise ResultError(
            "The predictions of this run are missing or damaged. Start the run again."
        ) from error
    order = np.lexsort((test.start, test.recording))
    return Predictions(
        test.recording[order], test.start[order], test.truth[order], test.probability[order]
    )


@lru_cache(maxsize=KEPT)
def _info(folder: Path) -> DatasetInfo:
    return read_info(folder)
