"""What follows from the numbers of a finished run."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel

from dash_app.api._fields import PROBLEMS, RowId
from dash_app.api._problems import ProblemError
from dash_app.findings import address_of
from integrations.core.checks import CHECKS, Finding
from integrations.core.evaluation.store import ResultError
from storage.entities import NotFoundError
from storage.stores.dismissals import DismissalStore
from storage.stores.experiments import ExperimentStore
from tasks.recommendations import recommendations_of

router = APIRouter(prefix="/api/experiments", tags=["experiments"], responses=PROBLEMS)
Code = Annotated[str, Path(max_length=60, description="Of a check, e.g. leaky-split")]


class ActionModel(BaseModel):
    """What to do about a finding; ``href`` is the page where it is done."""

    kind: str
    label: str
    href: str
    settings: dict[str, Any]
    ids: list[int]


class Recommendation(BaseModel):
    """A finding; ``evidence`` holds the numbers it follows from, ``docs`` why it matters."""

    code: str
    title: str
    evidence: str
    severity: str
    docs: str
    dismissed: bool
    action: ActionModel | None


class RecommendationList(BaseModel):
    """Findings, what questions the result first."""

    items: list[Recommendation]
    total: int


@router.get("/{experiment_id}/recommendations")
def list_recommendations(experiment_id: RowId) -> RecommendationList:
    """Give what follows from a run's numbers, those put aside included."""
    entity = ExperimentStore().get(experiment_id)
    aside = DismissalStore().of(experiment_id)
    try:
        found = recommendations_of(entity, dismissed=True)
    except ResultError as error:
        raise ProblemError(409, str(error)) from error
    items = [_shown(experiment_id, finding, finding.code in aside) for finding in found]
    return RecommendationList(items=items, total=len(items))


@router.post("/{experiment_id}/recommendations/{code}/dismiss", status_code=204)
def dismiss_recommendation(experiment_id: RowId, code: Code) -> None:
    """Put a finding aside for this run."""
    _check(code)
    DismissalStore().put_aside(experiment_id, code)


@router.delete("/{experiment_id}/recommendations/{code}/dismiss", status_code=204)
def bring_recommendation_back(experiment_id: RowId, code: Code) -> None:
    """Show a finding again."""
    _check(code)
    ExperimentStore().get(experiment_id)
    DismissalStore().bring_back(experiment_id, code)


def _check(code: str) -> None:
    if code not in {check.code for check in CHECKS}:
        raise NotFoundError("There is no recommendation of that code.")


def _shown(experiment_id: int, finding: Finding, dismissed: bool) -> Recommendation:
    action = finding.action
    return Recommendation(
        code=finding.code,
        title=finding.title,
        evidence=finding.evidence,
        severity=finding.severity.value,
        docs=finding.docs,
        dismissed=dismissed,
        action=None
        if action is None
        else ActionModel(
            kind=action.kind.value,
            label=action.label,
            href=address_of(experiment_id, action),
            settings=action.settings,
            ids=list(action.ids),
        ),
    )
