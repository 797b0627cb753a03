"""Gathers what the report of a finished run says from its files and the database."""

from __future__ import annotations

import json
import logging
import shlex
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import ValidationError

from integrations.core.contract import Family, StoredResult
from integrations.core.data.dataset import Dataset
from integrations.core.evaluation.evaluation import Evaluation
from integrations.core.evaluation.store import RUN, ResultError, load_evaluation, load_result
from integrations.core.figures.chart import Chart
from integrations.core.figures.common import common_charts
from integrations.presets import PresetError
from integrations.registry import family
from storage.artifacts import run_folder
from storage.entities import DatasetEntity, ExperimentEntity, NotFoundError, StorageError
from storage.settings import VERSION, settings
from storage.shared_files import shared_files
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, flatten
from tasks.calibrations import stored_calibration
from tasks.dataset_files import dataset_folder
from tasks.experiments import NewRun, QueueError, plan_config
from tasks.pdf.content import ReportContent, settings_of
from tasks.pdf.examples import conditions, division_of, examples_of
from tasks.pdf.gallery import MOST_SHOWN, gallery_of, worst_rows
from tasks.pdf.numbers import duration
from tasks.pdf.windows import shown_windows
from tasks.report_findings import advice_of, load_analysis, reasons_at, shared
from tasks.report_options import ReportOptions, Section
from tasks.report_rivals import rivals_of, step_name_of
from tasks.run_results import measures_of

log = logging.getLogger("signalbench.reports")


class ReportError(StorageError):
    """A report cannot be made; the text says why."""


def load_content(
    experiment_id: int, made_at: datetime, options: ReportOptions | None = None
) -> ReportContent:
    """Gather what the report of a finished run says.

    Args:
        experiment_id: The run.
        made_at: Stands on the cover and in the file.
        options: Sections and names; None for all sections and no names.

    Raises:
        ReportError: The run has no results, or they are damaged.
        NotFoundError: There is no such experiment.
    """
    experiment = ExperimentStore().get(experiment_id)
    dataset = DatasetStore().get(experiment.dataset_id)
    folder = _result_folder(experiment)
    try:
        data = Dataset(dataset_folder(dataset.folder))
        result, evaluation = load_result(folder, data.info), load_evaluation(folder)
    except ResultError as error:
        raise ReportError(str(error)) from error
    run = json.loads((folder / RUN).read_text(encoding="utf-8"))
    content = _content(experiment, dataset, result, evaluation, run, made_at, _versions(folder))
    content = replace(content, options=options or ReportOptions())
    return _with_findings(_with_signals(content, data), experiment)


def _content(
    experiment: ExperimentEntity,
    dataset: DatasetEntity,
    result: StoredResult,
    evaluation: Evaluation,
    run: dict[str, Any],
    made_at: datetime,
    versions: dict[str, str],
) -> ReportContent:
    chosen = family(experiment.family)
    best_epoch, step_name = int(run.get("best_epoch", 0)), step_name_of(result.config)
    charts = common_charts(result.history, evaluation, best_epoch, step_name)
    return ReportContent(
        experiment_id=experiment.id,
        name=experiment.name,
        status=experiment.status.value,
        note=experiment.note,
        tags=tuple(experiment.tags),
        made_at=made_at,
        finished_at=experiment.finished_at,
        seconds=experiment.seconds,
        family=experiment.family,
        family_title=chosen.title,
        family_summary=chosen.summary,
        preset=experiment.preset,
        result=result,
        evaluation=evaluation,
        best_epoch=best_epoch,
        step_name=step_name,
        n_parameters=experiment.n_parameters,
        settings=settings_of(chosen.Config.model_validate(result.config)),
        common={chart.key: chart for chart in charts},
        panels=(),
        versions={"Signalbench": VERSION} | versions,
        machine=_machine(experiment),
        command=_command(experiment, dataset, result.config),
        config_yaml=yaml.safe_dump(result.config, sort_keys=False, allow_unicode=True, width=90),
        forecast=_forecast(experiment),
    )


def _with_signals(content: ReportContent, data: Dataset) -> ReportContent:
    """Add what needs the recordings themselves, for the sections that are wanted."""
    wants, result = content.options.has, content.result
    if wants(Section.DATA):
        division = division_of(result, content.evaluation.split.digest)
        if division is not None:
            trained = np.unique(division.train.recording).tolist()
            content = replace(
                content,
                conditions=conditions(result.info, division),
                examples=examples_of(result, data, trained),
            )
    if wants(Section.EXPLANATIONS):
        panels, problem = draw_panels(family(content.family), result)
        content = replace(
            content,
            windows=shown_windows(result, data),
            panels=panels,
            panel_problem=problem,
        )
    if wants(Section.FAILURES):
        found = load_analysis(content.experiment_id)
        reasons = {row: reasons_at(found, result, row) for row in worst_rows(result, MOST_SHOWN)}
        gallery = gallery_of(result, data, reasons, shared(found))
        content = replace(content, gallery=gallery)
    return content


def _with_findings(content: ReportContent, experiment: ExperimentEntity) -> ReportContent:
    """Add measures, comparison and recommendations, for the sections that are wanted."""
    wants, result = content.options.has, content.result
    if wants(Section.RESULTS) and len(result.test.truth):
        measures = measures_of(experiment, result.info)
        content = replace(content, measures=measures, temperature=stored_calibration(experiment.id))
    if wants(Section.COMPARISON):
        content = replace(content, rivals=rivals_of(experiment))
    if wants(Section.RECOMMENDATIONS):
        content = replace(content, advice=advice_of(experiment))
    return content


def draw_panels(chosen: Family, result: StoredResult) -> tuple[tuple[Chart, ...], str]:
    """Ask the family for its charts; one that cannot draw costs its panels, not the report."""
    try:
        return tuple(chosen.panels(result)), ""
    except Exception:  # a third party's code inside the report writer
        log.exception("The panels of %s failed", chosen.name)
        return (), "The family could not draw its charts of this run; the worker's log says why."


def _result_folder(experiment: ExperimentEntity) -> Path:
    folder = run_folder(ExperimentStore().artifacts(experiment.id), RUN)
    if folder is None:
        raise ReportError(
            f"“{experiment.name}” has no results yet ({experiment.status}). Order its report when "
            "it has ended."
        )
    return folder


def _versions(folder: Path) -> dict[str, str]:
    try:
        content = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        return {str(name): str(version) for name, version in content["versions"].items()}
    except (OSError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        return {}


def _machine(experiment: ExperimentEntity) -> dict[str, str]:
    facts = {"Host": experiment.host} if experiment.host else {}
    try:
        path = settings().runs_folder / str(experiment.id) / "machine.json"
        shared_files().ensure(path)
        threads = json.loads(path.read_text(encoding="utf-8"))["threads"]
    except (OSError, ValueError, KeyError, TypeError):
        return facts
    return facts | {"CPU threads of the run": str(threads)}


def _forecast(experiment: ExperimentEntity) -> str:
    """Set what the run was expected to take against what it took; "" where nothing is known."""
    expected = experiment.forecast or {}
    low, mid, high = (expected.get(key) for key in ("low", "mid", "high"))
    if not (low and mid and high and experiment.seconds):
        return ""
    said = (
        f"expected {duration(float(mid))} ({duration(float(low))} to {duration(float(high))}), "
        f"took {duration(experiment.seconds)}"
    )
    inside = float(low) <= experiment.seconds <= float(high)
    return f"{said}: {'inside' if inside else 'outside'} what was expected"


def _command(experiment: ExperimentEntity, dataset: DatasetEntity, config: dict[str, Any]) -> str:
    """Give the command line that makes the same run: the preset plus every setting unlike it."""
    preset, base = experiment.preset, {}
    try:
        request = NewRun(experiment.family, experiment.dataset_id, preset)
        base = dict(flatten(plan_config(request).model_dump(mode="json")))
    except (PresetError, QueueError, NotFoundError, StorageError, ValidationError):
        preset = ""
    parts = ["python", "app.py", "train", "--family", experiment.family]
    parts += ["--dataset", dataset.builtin_key or dataset.name]
    parts += ["--preset", preset] if preset else []
    for key, value in flatten(config):
        if key not in base or base[key] != value:
            parts += ["--set", f"{key}={json.dumps(value, ensure_ascii=False)}"]
    return shlex.join(parts)
