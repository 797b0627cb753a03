"""Makes the PDF report of a finished run and keeps it with the run's files."""

from __future__ import annotations

import json
import logging
import shlex
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
from storage.artifacts import NewArtifact, artifacts, record, run_folder
from storage.entities import DatasetEntity, ExperimentEntity, NotFoundError, StorageError
from storage.settings import VERSION, settings
from storage.shared_files import shared_files
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, flatten
from tasks.dataset_files import dataset_folder
from tasks.experiments import NewRun, QueueError, plan_config
from tasks.pdf.content import ReportContent, settings_of
from tasks.pdf.document import build_pdf
from tasks.pdf.windows import shown_windows

log = logging.getLogger("signalbench.reports")
REPORT = "report.pdf"


class ReportError(StorageError):
    """A report cannot be made; the text says why."""


def make_report(experiment_id: int) -> NewArtifact:
    """Write a finished run's PDF and keep it as its artifact "report.pdf".

    Raises:
        ReportError: The run has no results, or they are damaged.
        NotFoundError: There is no such experiment.
        DatasetError: The data set's manifest is gone.
        OSError: The disk is full.
    """
    content = load_content(experiment_id, datetime.now(UTC))
    with tempfile.TemporaryDirectory(prefix="report-", dir=_work_folder()) as folder:
        path = Path(folder) / REPORT
        try:
            build_pdf(content, path)
        except OSError:
            raise
        except Exception as error:  # the report writer: one of the four borders
            log.exception("The report of experiment %s failed", experiment_id)
            raise ReportError(
                "The report could not be laid out. The worker's log has the details; the results "
                "page shows the same figures."
            ) from error
        made = artifacts().put(experiment_id, 0, path, REPORT, "report")
    record(experiment_id, made)
    return made


def load_content(experiment_id: int, made_at: datetime) -> ReportContent:
    """Gather what the report of a finished run says.

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
    return replace(content, windows=shown_windows(result, data))


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
    panels, problem = draw_panels(chosen, result)
    return ReportContent(
        experiment_id=experiment.id,
        name=experiment.name,
        status=experiment.status.value,
        note=experiment.note,
        tags=tuple(experiment.tags),
        made_at=made_at,
        finished_at=experiment.finished_at,
        seconds=experiment.seconds,
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
        panels=panels,
        panel_problem=problem,
        rival=_rival(experiment),
        versions={"Signalbench": VERSION} | versions,
        machine=_machine(experiment),
        command=_command(experiment, dataset, result.config),
        config_yaml=yaml.safe_dump(result.config, sort_keys=False, allow_unicode=True, width=90),
    )


def step_name_of(config: dict[str, Any]) -> str:
    """Say what a run's history counts: folds of a cross-validation or epochs."""
    return "Fold" if "folds" in config.get("training", {}) else "Epoch"


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


def _rival(experiment: ExperimentEntity) -> tuple[str, float] | None:
    best = ExperimentStore().best_rival(experiment)
    return None if best is None or best.macro_f1 is None else (best.name, best.macro_f1)


def _machine(experiment: ExperimentEntity) -> dict[str, str]:
    facts = {"Host": experiment.host} if experiment.host else {}
    try:
        path = settings().runs_folder / str(experiment.id) / "machine.json"
        shared_files().ensure(path)
        threads = json.loads(path.read_text(encoding="utf-8"))["threads"]
    except (OSError, ValueError, KeyError, TypeError):
        return facts
    return facts | {"CPU threads of the run": str(threads)}


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


def _work_folder() -> Path:
    folder = settings().runs_folder
    folder.mkdir(parents=True, exist_ok=True)
    return folder
