"""What the web, the API and the command line may ask of background work; light to import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storage.entities import ConflictError, ExperimentEntity, JobEntity, JobStatus
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore
from storage.stores.queue_rows import QueueStore
from storage.stores.run_orders import possible_orders
from storage.stores.runs import RunStore
from storage.stores.workers import WorkerEntity
from tasks.bell import bell, queue_of
from tasks.disk import DiskState, disk_state, why_runs_wait
from tasks.earlier import earlier_problems, joined_data
from tasks.experiments import (
    NewRun,
    QueueError,
    RefusedError,
    copy_of,
    generated_name,
    plan_config,
    store_experiment,
)
from tasks.forecast import Forecast, forecast
from tasks.health import Check, Health, alive_workers, database_check, health
from tasks.observed import Observed, observed
from tasks.queue_view import (
    JobLine,
    QueueLook,
    RunningLine,
    WaitingLine,
    WorkerLine,
    job_progress,
    look_at_queue,
    missed_beats_seconds,
    place_of,
    silence_limit_seconds,
)
from tasks.report_options import ReportOptions, chosen
from tasks.simulations import order_simulation
from tasks.studies import MOST_REPEATS, SEEDS, MadeStudy, store_learning_curve, store_repeats

__all__ = [
    "MOST_REPEATS",
    "Check",
    "DiskState",
    "Forecast",
    "Health",
    "JobLine",
    "MadeStudy",
    "NewRun",
    "Observed",
    "QueueError",
    "QueueLook",
    "RefusedError",
    "RunningLine",
    "WaitingLine",
    "WorkerEntity",
    "WorkerLine",
    "alive_workers",
    "clone_experiment",
    "copy_of",
    "create_experiment",
    "create_repeats",
    "database_check",
    "disk_state",
    "earlier_problems",
    "enqueue_experiment",
    "enqueue_job",
    "forecast",
    "generated_name",
    "health",
    "job_progress",
    "joined_data",
    "look_at_queue",
    "missed_beats_seconds",
    "move_experiment",
    "observed",
    "order_analysis",
    "order_experiment",
    "order_learning_curve",
    "order_report",
    "order_robustness",
    "order_simulation",
    "place_of",
    "plan_config",
    "possible_orders",
    "queue_of",
    "retry_experiment",
    "silence_limit_seconds",
    "why_runs_wait",
]


def create_experiment(request: NewRun) -> ExperimentEntity:
    """Check a request, store its experiment as pending and wake a worker.

    Raises:
        RefusedError: The data cannot be divided as asked, or do not suit the family.
        UnknownFamilyError: There is no such family.
        PresetError: There is no such preset.
        ValidationError: A setting is not allowed (pydantic's).
        NotFoundError: The data set does not exist.
        ConflictError: The data set is not imported yet.
    """
    experiment = store_experiment(request)
    enqueue_experiment(experiment.id, experiment.priority)
    return experiment


def clone_experiment(experiment_id: int) -> ExperimentEntity:
    """Run an experiment again from the beginning, as a new one.

    Raises:
        NotFoundError: There is no such experiment.
        Exception: As ``create_experiment``.
    """
    return create_experiment(copy_of(ExperimentStore().get(experiment_id)))


def create_repeats(request: NewRun, count: int, *, vary_split: bool = False) -> MadeStudy:
    """Check a request, store it with ``count`` seeds as one study and wake a worker.

    Args:
        request: The run; its seed is the first one.
        count: 2 to MOST_REPEATS.
        vary_split: Give each run its own split as well.

    Raises:
        Exception: As ``create_experiment``.
    """
    made = store_repeats(request, count, vary_split=vary_split)
    for experiment in made.made:
        enqueue_experiment(experiment.id, experiment.priority)
    return made


def order_learning_curve(experiment_id: int, seeds: int = SEEDS) -> MadeStudy:
    """Have a finished run trained again on shares of its training groups, at low priority.

    Raises:
        NotFoundError: There is no such experiment.
        ConflictError: It has no results, it joins other runs, or a curve is being measured.
        QueueError: There are too few groups, or the disk is full.
    """
    made = store_learning_curve(experiment_id, seeds=seeds)
    for experiment in made.made:
        enqueue_experiment(experiment.id, experiment.priority)
    return made


def enqueue_experiment(experiment_id: int, priority: int = 5) -> None:
    """Wake a worker for a pending experiment; without Redis the workers find it by looking.

    Args:
        experiment_id: Already stored; the database is the queue.
        priority: Of the experiment, 0 to 9.
    """
    bell().ring(queue_of(priority))


def enqueue_job(job_id: int) -> None:
    """Wake a worker for a queued job; without Redis the workers find it by looking.

    Raises:
        NotFoundError: There is no such job.
    """
    bell().ring(queue_of(JobStore().get(job_id).priority))


def order_report(experiment_id: int, options: ReportOptions | None = None) -> JobEntity:
    """Have the PDF made; a report that is being made is not ordered twice.

    Args:
        experiment_id: The run.
        options: Sections and names of this report; None for the house's own choice.

    Raises:
        NotFoundError: There is no such experiment.
        ConflictError: It has no results.
    """
    _check_finished(experiment_id, "Order its report when it ended.")
    payload = {"experiment_id": experiment_id, **chosen(options)}
    return _order_once("report", experiment_id, payload)


def order_robustness(experiment_id: int) -> JobEntity:
    """Have a finished model asked about noise and dead channels; not twice at a time.

    Raises:
        NotFoundError: There is no such experiment.
        ConflictError: It has no results.
    """
    _check_finished(experiment_id, "Measure it when it ended.")
    return _order_once("robustness", experiment_id, {})


def order_analysis(experiment_id: int, row: int | None = None) -> JobEntity:
    """Have the failures of a run analysed; what is at work already is not ordered twice.

    Args:
        experiment_id: The run.
        row: Only explain this row of its test predictions; None for the whole analysis.

    Raises:
        NotFoundError: There is no such experiment.
        ConflictError: It has no results.
    """
    _check_finished(experiment_id, "Analyse it when it has ended.")
    rows = [] if row is None else [row]
    return _order_once(
        "analyse", experiment_id, {"rows": rows}, lambda job: job.payload.get("rows", []) == rows
    )


def order_experiment(experiment_id: int, order: str) -> ExperimentEntity:
    """Give an experiment an order: pause, resume, stop or cancel.

    Returns:
        The experiment afterwards; ``control`` holds an order its runner has yet to obey.

    Raises:
        NotFoundError: There is no such experiment.
        ConflictError: The order does not fit its state.
    """
    experiment = RunStore().order(experiment_id, order)
    enqueue_experiment(experiment_id, experiment.priority)
    return experiment


def move_experiment(experiment_id: int, how: str) -> ExperimentEntity:
    """Let a waiting experiment start before all others ("first"), "sooner" or "later".

    Raises:
        NotFoundError: There is no such experiment.
        ConflictError: It does not wait.
    """
    return QueueStore().move(experiment_id, how)


def retry_experiment(experiment_id: int) -> ExperimentEntity:
    """Start a failed, cancelled or stopped experiment again, from its checkpoint if it has one.

    Raises:
        NotFoundError: There is no such experiment.
        ConflictError: It has not ended, or it is complete.
    """
    experiment = RunStore().retry(experiment_id)
    enqueue_experiment(experiment_id, experiment.priority)
    return experiment


def _check_finished(experiment_id: int, advice: str) -> None:
    entity = ExperimentStore().get(experiment_id)
    if entity.accuracy is None or not entity.status.ended:
        raise ConflictError(f"“{entity.name}” has no results yet ({entity.status}). {advice}")


def _order_once(
    kind: str,
    experiment_id: int,
    payload: dict[str, Any],
    is_same: Callable[[JobEntity], bool] = lambda _job: True,
) -> JobEntity:
    """Order a job about a run, or give the one that is at the same work already."""
    jobs = JobStore()
    job = jobs.latest(kind, experiment_id=experiment_id)
    at_work = job is not None and job.status in (JobStatus.QUEUED, JobStatus.RUNNING)
    if job is None or not at_work or not is_same(job):
        job = jobs.create(kind, payload, experiment_id=experiment_id)
    enqueue_job(job.id)
    return job
