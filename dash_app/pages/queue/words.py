"""What the queue says, as pure functions of one look at it."""

from __future__ import annotations

from dash_app.components import format_duration, format_rough
from tasks.queue import (
    JobLine,
    QueueLook,
    RunningLine,
    WaitingLine,
    WorkerLine,
    queue_of,
)

LOWEST, HIGHEST = 0, 9
UNKNOWN = "not known"
JOB_TITLES = {
    "report": "Report",
    "inspect": "Look into an upload",
    "import": "Import",
    "builtin": "Bundled data sets",
    "simulate": "Simulation",
    "retention": "Clean-up of old files",
    "export-runs": "Export",
    "import-runs": "Import of an export",
    "predict": "Prediction",
    "export-model": "Export of a model",
    "analyse": "Analysis of failures",
    "robustness": "Robustness",
}


def summary(look: QueueLook) -> str:
    """Say how busy the bench is: "2 of 3 places taken, 5 runs wait"."""
    waiting = f"{look.n_waiting} run{'' if look.n_waiting == 1 else 's'} wait"
    waiting = f"{waiting}s" if look.n_waiting == 1 else waiting
    waits = waiting if look.n_waiting else "nothing waits"
    if not look.slots:
        return f"No worker is alive, {waits}"
    places = "place" if look.slots == 1 else "places"
    return f"{len(look.running)} of {look.slots} {places} taken, {waits}"


def progress_words(line: RunningLine) -> str:
    """Say how far a run is and how long it still takes."""
    words = [f"{line.fraction * 100:.0f} %"]
    if line.run.epochs_total:
        words.append(f"step {line.step} of {line.run.epochs_total}")
    left = line.remaining_seconds
    words.append("time left not known" if left is None else f"about {format_rough(left)} left")
    return " · ".join([*words, f"on {line.run.host}"])


def silence_words(line: RunningLine) -> str:
    """Say that a run's worker is silent; "" while it speaks."""
    if line.silent_seconds is None:
        return ""
    return f"Its worker fell silent {format_duration(round(line.silent_seconds))} ago"


def priority_words(priority: int) -> str:
    """Write a priority with its queue: "5, normal"."""
    return f"{priority}, {queue_of(priority)}"


def has_no_use(line: WaitingLine, how: str) -> bool:
    """Tell whether a move would change nothing."""
    priority = line.run.priority
    return (
        (how == "first" and line.position == 1)
        or (how == "sooner" and priority == HIGHEST)
        or (how == "later" and priority == LOWEST)
    )


def start_words(line: WaitingLine) -> str:
    """Say when a waiting run starts."""
    seconds = line.starts_in_seconds
    if seconds is None:
        return UNKNOWN
    return "at any moment" if seconds < 2 else f"in about {format_rough(seconds)}"


def takes_words(line: WaitingLine) -> str:
    """Say how long a waiting run will train."""
    return UNKNOWN if line.takes_seconds is None else f"about {format_rough(line.takes_seconds)}"


def job_title(line: JobLine) -> str:
    """Give the words for a kind of job."""
    kind = line.job.kind
    return JOB_TITLES.get(kind, kind.replace("_", " ").capitalize())


def job_words(line: JobLine) -> str:
    """Say where a job stands."""
    if line.job.status != "running":
        return "waits"
    done = "" if not line.fraction else f"{line.fraction * 100:.0f} %"
    return " · ".join(part for part in (done, line.message) if part) or "runs"


def worker_words(line: WorkerLine) -> str:
    """Say what a worker gives its runs."""
    worker, facts = line.worker, line.worker.facts
    threads = facts.get("threads_per_run")
    words = [f"{line.busy} of {worker.slots} {'place' if worker.slots == 1 else 'places'} taken"]
    if isinstance(threads, int):
        words.append(f"{threads} CPU thread{'s' if threads > 1 else ''} per run")
    gpus = int(facts.get("gpus", 0) or 0)
    if gpus:
        words.append(f"{gpus} GPU{'s' if gpus > 1 else ''}")
    return " · ".join(words)
