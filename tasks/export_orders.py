"""What a finished model can be taken away as, and ordering it; light, the web comes here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from integrations.core.export.report import OnnxReport, QuantisedReport
from integrations.registry import UnknownFamilyError, family
from storage.artifacts import artifacts
from storage.entities import (
    ArtifactEntity,
    ConflictError,
    ExperimentEntity,
    JobEntity,
    JobStatus,
)
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore
from tasks.prediction_orders import check_usable

EXPORT_MODEL = "export-model"
ONNX, INT8 = "model.onnx", "model-int8.onnx"
ONNX_REPORT, INT8_REPORT = "onnx-report.json", "int8-report.json"
TABLE, PACKAGE = "predictions.parquet", "model-package.zip"
EVENTS = "events.out.tfevents."


class Export(StrEnum):
    """Forms in which a model or its run leaves the bench."""

    ONNX = "onnx"
    INT8 = "int8"
    TENSORBOARD = "tensorboard"
    TABLE = "table"
    PACKAGE = "package"


NEEDS_GRAPH = (Export.ONNX, Export.INT8)


@dataclass(frozen=True)
class ExportState:
    """Where one export of a run stands.

    Attributes:
        file: What was made, None before.
        job: The newest order, None where nobody asked.
        cannot: Why it cannot be made, "" when it can.
    """

    what: Export
    file: ArtifactEntity | None
    job: JobEntity | None
    cannot: str

    @property
    def busy(self) -> bool:
        """Tell whether it is being made."""
        return self.job is not None and self.job.status in (JobStatus.QUEUED, JobStatus.RUNNING)


def order_export(experiment_id: int, what: Export) -> JobEntity:
    """Have an export made; one that is being made is not ordered twice.

    Raises:
        NotFoundError: There is no such experiment.
        ConflictError: It has no finished model, or its family cannot be exported so.
    """
    from tasks.queue import enqueue_job

    check_usable(experiment_id)
    experiment = ExperimentStore().get(experiment_id)
    reason = why_not(experiment, what)
    if reason:
        raise ConflictError(reason)
    known = next(each for each in export_states(experiment) if each.what is what)
    if known.busy and known.job is not None:
        return known.job
    job = JobStore().create(EXPORT_MODEL, {"what": what.value}, experiment_id=experiment_id)
    enqueue_job(job.id)
    return job


def export_states(
    experiment: ExperimentEntity, files: Sequence[ArtifactEntity] | None = None
) -> list[ExportState]:
    """Say of every form where it stands."""
    rows = ExperimentStore().artifacts(experiment.id) if files is None else files
    newest: dict[str, JobEntity] = {}
    for job in JobStore().of_experiment(EXPORT_MODEL, experiment.id):
        newest.setdefault(str(job.payload.get("what", "")), job)
    return [
        ExportState(what, _file(rows, what), newest.get(what.value), why_not(experiment, what))
        for what in Export
    ]


def why_not(experiment: ExperimentEntity, what: Export) -> str:
    """Say why a run cannot be exported so; "" when it can."""
    if what not in NEEDS_GRAPH:
        return ""
    try:
        chosen = family(experiment.family)
    except UnknownFamilyError as error:
        return str(error)
    return str(getattr(chosen, "no_graph", ""))


def onnx_report(files: Sequence[ArtifactEntity]) -> OnnxReport | None:
    """Read what was measured of the ONNX graph; None where there is none."""
    content = _content(files, ONNX_REPORT)
    return None if content is None else OnnxReport.model_validate_json(content)


def int8_report(files: Sequence[ArtifactEntity]) -> QuantisedReport | None:
    """Read what was measured of the 8-bit graph; None where there is none."""
    content = _content(files, INT8_REPORT)
    return None if content is None else QuantisedReport.model_validate_json(content)


def _content(files: Sequence[ArtifactEntity], name: str) -> bytes | None:
    row = next((row for row in files if row.name == name), None)
    try:
        return None if row is None else artifacts().path(row.path).read_bytes()
    except OSError:
        return None


def _file(rows: Sequence[ArtifactEntity], what: Export) -> ArtifactEntity | None:
    names = {
        Export.ONNX: ONNX, Export.INT8: INT8, Export.TENSORBOARD: EVENTS, Export.TABLE: TABLE,
        Export.PACKAGE: PACKAGE,
    }  # fmt: skip
    wanted = names[what]
    return next((row for row in rows if row.name.startswith(wanted)), None)
