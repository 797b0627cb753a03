"""``python app.py train``: the same run as in the browser, told line by line on the terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from integrations.presets import PresetError
from integrations.registry import UnknownFamilyError
from storage.artifacts import artifacts
from storage.entities import (
    ConflictError,
    DatasetEntity,
    DatasetStatus,
    ExperimentEntity,
    JobEntity,
    JobStatus,
    NotFoundError,
    Status,
    StorageError,
)
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore
from tasks.command_line import CommandError, nested, own_bench_if_needed
from tasks.queue import (
    NewRun,
    QueueError,
    create_experiment,
    create_repeats,
    enqueue_job,
    order_experiment,
)
from tasks.serve import Bench
from tasks.study_results import spreads
from tasks.terminal import complain, say

LOOK_SECONDS = 0.2
REPORT_SECONDS = 300.0
INTERRUPTED = 130
SHOWN_METRICS = ("train_loss", "val_loss", "val_accuracy", "val_macro_f1", "accuracy")


@dataclass(frozen=True)
class TrainRequest:
    """The command's arguments; ``settings`` are KEY=VALUE with dotted keys."""

    family: str
    dataset: str
    preset: str
    name: str
    settings: list[str]
    priority: int = 5
    time_limit_seconds: int | None = None
    repeats: int = 1
    vary_split: bool = False


def train(request: TrainRequest) -> int:
    """Train, tell about it, write the report; gives the exit code.

    Raises:
        PreflightError: The bench cannot start.
    """
    bench = None
    try:
        bench = own_bench_if_needed()
        if bench is not None:
            bench.start()
        return _train(request, bench)
    except ValidationError as error:
        for item in error.errors():
            complain(f"{'.'.join(map(str, item['loc']))}: {item['msg']}.")
    except (
        CommandError,
        QueueError,
        StorageError,
        PresetError,
        UnknownFamilyError,
    ) as error:
        complain(str(error))
    finally:
        if bench is not None:
            bench.stop()
    return 1


def _train(request: TrainRequest, bench: Bench | None) -> int:
    dataset = _find_dataset(request.dataset)
    wanted = NewRun(
        family=request.family,
        dataset_id=dataset.id,
        preset=request.preset,
        config=nested(request.settings),
        name=request.name,
        priority=request.priority,
        time_limit_seconds=request.time_limit_seconds,
    )
    if request.repeats != 1:
        return _train_repeats(wanted, request, bench)
    return _train_one(create_experiment(wanted), bench)


def _train_repeats(wanted: NewRun, request: TrainRequest, bench: Bench | None) -> int:
    made = create_repeats(wanted, request.repeats, vary_split=request.vary_split)
    say(f"Study {made.study.id}: {made.study.name}")
    codes = []
    for number, experiment in enumerate(made.made, start=1):
        codes.append(_train_one(experiment, bench))
        if codes[-1] == INTERRUPTED:
            return _leave(made.made[number:], bench)
    found = spreads([made.study.id])[made.study.id]
    for name, mean in (("accuracy", found.accuracy), ("macro-F1", found.macro_f1)):
        if mean is not None:
            interval = f"({100 * mean.low:.1f}–{100 * mean.high:.1f})"
            say(f"Mean {name} of {found.n} runs  {100 * mean.value:.1f} % {interval}")
    if found.best_id:
        say(f"Best of {found.n}   experiment {found.best_id}; luck included, report the mean")
    return max(codes)


def _leave(waiting: Sequence[ExperimentEntity], bench: Bench | None) -> int:
    """Cancel what nobody would train any more; a bench that runs elsewhere goes on with it."""
    for experiment in waiting if bench is not None else ():
        try:
            order_experiment(experiment.id, "cancel")
        except (ConflictError, NotFoundError) as error:
            say(str(error))
    return INTERRUPTED


def _train_one(experiment: ExperimentEntity, bench: Bench | None) -> int:
    say(f"Experiment {experiment.id}: {experiment.name}")
    try:
        ended = _follow(experiment.id, bench)
    except KeyboardInterrupt:
        return _interrupted(experiment.id, bench)
    if ended.status not in (Status.COMPLETED, Status.STOPPED):
        complain(ended.error or f"The run was {ended.status}.")
        return 1
    _tell_result(ended)
    return _report(ended.id, bench)


def _find_dataset(wanted: str) -> DatasetEntity:
    """Find a data set by id, key or name; built-in ones are made when they are not there yet."""
    found = _match(wanted)
    if found is None:
        from tasks.import_jobs import ensure_builtin_sets

        ensure_builtin_sets()
        found = _match(wanted)
    if found is None:
        known = ", ".join(sorted(d.builtin_key or d.name for d in DatasetStore().all()))
        raise CommandError(f"There is no data set “{wanted}”. Known: {known}.")
    deadline = time.monotonic() + REPORT_SECONDS
    while found.status is DatasetStatus.IMPORTING and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        found = DatasetStore().get(found.id)
    return found


def _match(wanted: str) -> DatasetEntity | None:
    everything = DatasetStore().all()
    exact = [d for d in everything if wanted in (str(d.id), d.builtin_key, d.name)]
    alike = [d for d in everything if _plain(wanted) in (_plain(d.builtin_key), _plain(d.name))]
    found = exact or alike
    if len(found) > 1:
        ids = ", ".join(str(d.id) for d in found)
        raise CommandError(f"Several data sets are called “{wanted}”: give one of {ids}.")
    return found[0] if found else None


def _plain(text: str | None) -> str:
    return "".join(c for c in (text or "").casefold() if c.isalnum())


def _follow(experiment_id: int, bench: Bench | None) -> ExperimentEntity:
    store, last, status = ExperimentStore(), 0, ""
    while True:
        found = store.get(experiment_id)
        for row in store.epochs(experiment_id, last):
            last = row.epoch
            say(f"  {row.epoch:>4}/{found.epochs_total}  {_figures(row.values)}")
        if found.status != status:
            status = found.status
            if not found.status.ended and status != Status.RUNNING:
                say(f"The run is {status}.")
        if found.status.ended:
            return found
        if bench is not None:
            bench.keep_alive()
        time.sleep(LOOK_SECONDS)


def _figures(values: dict[str, float]) -> str:
    shown = [name for name in SHOWN_METRICS if values.get(name) is not None] or list(values)[:4]
    return "  ".join(f"{name} {_figure(name, values[name])}" for name in shown)


def _figure(name: str, value: float) -> str:
    if "accuracy" in name or "f1" in name:
        return f"{100 * value:5.1f} %"
    return f"{value:.4f}"


def _interrupted(experiment_id: int, bench: Bench | None) -> int:
    if bench is None:
        say(f"Experiment {experiment_id} goes on in the bench; its page shows it.")
        return INTERRUPTED
    try:
        order_experiment(experiment_id, "cancel")
        _follow(experiment_id, bench)
        say(f"Experiment {experiment_id} was cancelled.")
    except (ConflictError, NotFoundError) as error:
        say(str(error))
    return INTERRUPTED


def _tell_result(ended: ExperimentEntity) -> None:
    figures = ended.metrics
    interval = f"({100 * figures['accuracy_low']:.1f}–{100 * figures['accuracy_high']:.1f})"
    leak = ", leaky split" if ended.leaky else ""
    say(f"Accuracy  {100 * figures['accuracy']:.1f} % {interval} on the test part{leak}")
    say(f"Macro-F1  {100 * figures['macro_f1']:.1f} %")
    say(f"Split     {ended.split_name}")
    say(f"Time      {ended.seconds:.1f} s")
    config = next(a for a in ExperimentStore().artifacts(ended.id) if a.name == "config.yaml")
    say(f"Files     {artifacts().path(config.path).parent}")


def _report(experiment_id: int, bench: Bench | None) -> int:
    job = JobStore().create("report", {}, experiment_id=experiment_id)
    enqueue_job(job.id)
    done = _await_job(job.id, bench)
    if done.status is not JobStatus.DONE:
        complain(f"The report was not written: {done.error or 'it took too long.'}")
        return 1
    say(f"Report    {artifacts().path(done.result['path'])}")
    return 0


def _await_job(job_id: int, bench: Bench | None) -> JobEntity:
    deadline = time.monotonic() + REPORT_SECONDS
    while True:
        job = JobStore().get(job_id)
        ended = job.status in (JobStatus.DONE, JobStatus.FAILED)
        if ended or time.monotonic() > deadline:
            return job
        if bench is not None:
            bench.keep_alive()
        time.sleep(LOOK_SECONDS)
