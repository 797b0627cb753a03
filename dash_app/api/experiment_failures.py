"""Why a run was wrong where it was: have it analysed, and read what was found."""

from __future__ import annotations

import math
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from dash_app.api._fields import LARGEST_ID, PROBLEMS, RowId
from dash_app.pages.experiment_results.failures_loading import Failures, failures_of
from integrations.core.evaluation.store import ResultError
from integrations.core.failures.kinds import (
    Cell,
    error_kind,
    healthy_class,
    losses,
    worst_rows,
)
from integrations.core.failures.reasons import TITLES, flags, reasons_of
from storage.entities import JobStatus
from storage.stores.experiments import ExperimentStore
from tasks import queue

router = APIRouter(prefix="/api/experiments", tags=["experiments"], responses=PROBLEMS)
ClassIndex = Annotated[int | None, Field(ge=0, le=LARGEST_ID)]


class FailureQuery(BaseModel):
    """Which test windows are listed; without a cell all mistakes."""

    model_config = ConfigDict(extra="forbid")

    true: ClassIndex = None
    predicted: ClassIndex = None
    reason: str | None = Field(default=None, max_length=40, description=", ".join(TITLES))
    limit: int = Field(default=10, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=LARGEST_ID)


class FoundReason(BaseModel):
    """A measured fact that is unusual about a window."""

    code: str
    title: str
    sentence: str


class Neighbour(BaseModel):
    """A training window near a test window; distance in units of what is usual."""

    recording: str
    label: str
    start: int
    distance: float


class Failure(BaseModel):
    """A test window, worst first."""

    row: int
    recording: str
    group: str
    start: int
    true: str
    predicted: str
    confidence: float
    loss: float
    kind: str
    reasons: list[FoundReason]
    nearest_training: list[Neighbour]


class CommonFact(BaseModel):
    """How a fact goes with being wrong; interval and p are null where it cannot be told."""

    code: str
    title: str
    wrong_with: int
    windows_with: int
    wrong_without: int
    windows_without: int
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    units_with: int
    units_without: int
    told: bool


class LabelSuspect(BaseModel):
    """A recording that looks like another class to models that saw nothing of its group."""

    recording: str
    label: str
    looks_like: str
    own_probability: float
    other_probability: float


class FailureList(BaseModel):
    """The mistakes of a run; reasons, facts and suspects come once it was analysed."""

    items: list[Failure]
    total: int
    analysed: bool
    status: str
    note: str
    unit: str | None
    common: list[CommonFact]
    label_suspects: list[LabelSuspect]
    outside_share: float | None


class AnalysisJob(BaseModel):
    """An analysis that was ordered; read the failures again when it is done."""

    job_id: int
    status: JobStatus
    url: str


@router.get("/{experiment_id}/failures")
def list_failures(experiment_id: RowId, asked: Annotated[FailureQuery, Query()]) -> FailureList:
    """Give the worst test windows, why each may have been mistaken, and what they share."""
    entity = ExperimentStore().get(experiment_id)
    try:
        found = failures_of(entity)
    except ResultError as error:
        raise HTTPException(404, str(error)) from error
    rows = _rows(found, asked)
    stored = found.stored
    return FailureList(
        items=[_failure(found, row) for row in rows[asked.offset : asked.offset + asked.limit]],
        total=len(rows),
        analysed=stored is not None,
        status=found.job.status.value if found.job else "",
        note=stored.analysis.space_note if stored else found.trouble,
        unit=stored.analysis.unit_name if stored else None,
        common=[CommonFact.model_validate(each.as_json()) for each in stored.common]
        if stored
        else [],
        label_suspects=_suspects(found),
        outside_share=stored.outside if stored else None,
    )


@router.post("/{experiment_id}/failures", status_code=202)
def order_analysis(experiment_id: RowId) -> AnalysisJob:
    """Have the failures analysed in the background; what is at work is not ordered twice."""
    job = queue.order_analysis(experiment_id)
    url = f"/api/experiments/{experiment_id}/failures"
    return AnalysisJob(job_id=job.id, status=job.status, url=url)


def _rows(found: Failures, asked: FailureQuery) -> list[int]:
    n = len(found.result.info.classes)
    if (asked.true is None) != (asked.predicted is None):
        raise HTTPException(422, "Give both true and predicted, or neither.")
    if max(asked.true or 0, asked.predicted or 0) >= n:
        raise HTTPException(422, f"Class indices go from 0 to {n - 1}.")
    cell = None
    if asked.true is not None and asked.predicted is not None:
        cell = Cell(asked.true, asked.predicted)
    rows = worst_rows(found.result.test, cell)
    if asked.reason is None:
        return [int(row) for row in rows]
    if asked.reason not in TITLES:
        raise HTTPException(
            422, f"There is no reason “{asked.reason}”. Known: {', '.join(TITLES)}."
        )
    if found.stored is None:
        raise HTTPException(409, "The failures are not analysed yet. Order it by POST …/failures.")
    holds, _ = flags(found.stored.analysis, found.result.test)[asked.reason]
    return [int(row) for row in rows[holds[rows]]]


def _failure(found: Failures, row: int) -> Failure:
    result = found.result
    test, info = result.test, result.info
    true, said = int(test.truth[row]), int(test.predicted[row])
    recording = info.recordings[int(test.recording[row])]
    reasons = reasons_of(found.stored.analysis, result, row) if found.stored else []
    return Failure(
        row=row,
        recording=recording.name,
        group=recording.group,
        start=int(test.start[row]),
        true=info.classes[true],
        predicted=info.classes[said],
        confidence=float(test.probability[row].max()),
        loss=float(losses(test)[row]),
        kind=error_kind(true, said, healthy_class(info.classes)).value,
        reasons=[FoundReason(**each.__dict__) for each in reasons],
        nearest_training=_neighbours(found, row),
    )


def _neighbours(found: Failures, row: int) -> list[Neighbour]:
    if found.stored is None or found.stored.analysis.near_recording[row, 0] < 0:
        return []
    analysis, recordings = found.stored.analysis, found.result.info.recordings
    near = zip(
        analysis.near_recording[row].tolist(),
        analysis.near_start[row].tolist(),
        analysis.near_distance[row].tolist(),
        strict=True,
    )
    return [
        Neighbour(
            recording=recordings[i].name, label=recordings[i].label, start=start, distance=distance
        )
        for i, start, distance in near
        if math.isfinite(distance)
    ]


def _suspects(found: Failures) -> list[LabelSuspect]:
    if found.stored is None:
        return []
    info = found.result.info
    suspects: list[dict[str, Any]] = found.stored.analysis.labels["suspects"]
    return [
        LabelSuspect(
            recording=info.recordings[each["recording"]].name,
            label=info.classes[each["label"]],
            looks_like=info.classes[each["likely"]],
            own_probability=each["own"],
            other_probability=each["other"],
        )
        for each in suspects
    ]
