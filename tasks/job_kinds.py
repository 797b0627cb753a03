"""What each kind of job does; the heavy parts are imported only by the job that needs them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from integrations.core.data.dataset import DatasetError
from storage.entities import JobEntity, StorageError
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.jobs import JobStore
from tasks.archive import ArchiveError
from tasks.house_id import ForeignFolderError
from tasks.house_lock import HouseBusyError
from tasks.report_options import ReportOptions
from tasks.sentences import sentence_for

Say = Callable[[float, str], None]


class JobFailed(Exception):
    """A job cannot be done; the text is a sentence for the user."""


def run_job(job: JobEntity, say: Say) -> dict[str, Any]:
    """Do a job.

    Args:
        job: What to do.
        say: Takes the share done (0 to 1) and what is being done.

    Raises:
        JobFailed: It cannot be done.
    """
    if job.kind not in _KINDS:
        raise JobFailed(f"This Signalbench knows no job “{job.kind}”. Update it.")
    try:
        return _KINDS[job.kind](job, say)
    except (
        StorageError,
        DatasetError,
        ArchiveError,
        HouseBusyError,
        ForeignFolderError,
        OSError,
        MemoryError,
    ) as error:
        raise JobFailed(sentence_for(error) or str(error)) from error


def order_builtin_sets() -> None:
    """Queue the making of the built-in data sets, if some were never made here."""
    from integrations.core.data.builtin import builtin_sets
    from tasks.import_jobs import BUILTIN_MARK

    try:
        mark = settings().datasets_folder / BUILTIN_MARK
        shared_files().refresh(mark)
        made = set(json.loads(mark.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        made = set()
    queued = JobStore().latest("builtin")
    if {s.key for s in builtin_sets()} - made and (queued is None or queued.finished_at):
        JobStore().create("builtin", {})


def _report(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.reports import make_report

    if job.experiment_id is None:
        raise JobFailed("A report needs an experiment.")
    say(0.0, "Writing the report")
    artifact = make_report(job.experiment_id, _report_options(job))
    return {"name": artifact.name, "path": artifact.path}


def _summary(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.summary_report import make_summary

    say(0.0, "Writing the summary report")
    ids = [int(number) for number in job.payload.get("ids", [])]
    return {"file": make_summary(job.id, ids, _report_options(job))}


def _report_options(job: JobEntity) -> ReportOptions | None:
    """Read what was chosen for this report; None where the house's own choice holds."""
    given = job.payload.get("options")
    return None if given is None else ReportOptions.model_validate(given)


def _inspect(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.import_jobs import inspect_dataset
    from tasks.imports import ImportFailed

    try:
        return inspect_dataset(job, say)
    except ImportFailed as error:
        raise JobFailed(str(error)) from error


def _import(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.import_jobs import import_dataset
    from tasks.imports import ImportFailed

    try:
        return import_dataset(job, say)
    except ImportFailed as error:
        raise JobFailed(str(error)) from error


def _builtin(_job: JobEntity, _say: Say) -> dict[str, Any]:
    from tasks.import_jobs import ensure_builtin_sets

    return {"made": [dataset.name for dataset in ensure_builtin_sets()]}


def _simulate(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.simulations import simulate_dataset

    os.nice(NICENESS)  # this is the job's own process; runs go first
    return simulate_dataset(job, say)


def _retention(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.retention import clean_up

    return clean_up(say, by_hand=bool(job.payload.get("by_hand"))).as_result()


def _export(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.transfers import export_job

    return export_job(job, say)


def _take_in(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.transfers import import_job

    return import_job(job, say)


def _predict(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.predictions import predict_job

    return predict_job(job, say)


def _analyse(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.failures import analyse_failures

    if job.experiment_id is None:
        raise JobFailed("An analysis needs an experiment.")
    return analyse_failures(job.experiment_id, job.payload.get("rows", ()), say)


def _robustness(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.robustness import measure_robustness

    if job.experiment_id is None:
        raise JobFailed("Measuring robustness needs an experiment.")
    os.nice(NICENESS)  # this is the job's own process; runs go first
    return {"name": measure_robustness(job.experiment_id, say).name}


def _export_model(job: JobEntity, say: Say) -> dict[str, Any]:
    from tasks.model_exports import export_job

    os.nice(NICENESS)  # this is the job's own process; runs go first
    return export_job(job, say)


NICENESS = 5
_KINDS: dict[str, Callable[[JobEntity, Say], dict[str, Any]]] = {
    "report": _report,
    "summary-report": _summary,
    "inspect": _inspect,
    "import": _import,
    "builtin": _builtin,
    "simulate": _simulate,
    "retention": _retention,
    "export-runs": _export,
    "import-runs": _take_in,
    "robustness": _robustness,
    "analyse": _analyse,
    "predict": _predict,
    "export-model": _export_model,
}
