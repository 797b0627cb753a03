"""Runs in groups, as a table of models by data sets, their columns, searches, and bulk changes."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from dash_app.api._experiment_filter import ExperimentFilter, ExperimentPage
from dash_app.api._experiment_models import Body, Tags
from dash_app.api._fields import PROBLEMS, Identifier, Text
from dash_app.api._pivot_text import pivot_csv, pivot_latex
from storage.search import SearchError
from storage.stores.bulk import change_many
from storage.stores.experiments import ExperimentStore

router = APIRouter(prefix="/api", tags=["experiments"], responses=PROBLEMS)


class SpreadModel(BaseModel):
    """A figure over runs; ``low`` and ``high`` bound the mean (95 %, for repeats of one run)."""

    model_config = ConfigDict(from_attributes=True)

    n: int
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    minimum: float | None
    maximum: float | None


class Group(BaseModel):
    """Runs that share something; ``ids`` are the best ten, ``where`` finds all of them."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    label: str
    n: int
    accuracy: SpreadModel
    macro_f1: SpreadModel
    best_id: int | None
    ids: list[int]
    where: str


class GroupList(BaseModel):
    """A page of groups, and how many there are."""

    items: list[Group]
    total: int


class GroupPage(ExperimentPage):
    """Which runs, and how they are put into groups."""

    by: Annotated[
        Text,
        Field(
            max_length=120,
            description="dataset, family, tag, study, status, preset or param:PATH",
        ),
    ]
    sort: Literal["label", "n", "accuracy", "macro_f1", "newest"] = "macro_f1"


class PivotCell(BaseModel):
    """What one kind of model reached on one data set."""

    row: str
    column: str
    spread: SpreadModel


class PivotTable(BaseModel):
    """Models (rows) on data sets (columns); combinations nobody tried are left out."""

    metric: str
    rows: list[str]
    columns: list[str]
    cells: list[PivotCell]


class PivotFilter(ExperimentFilter):
    """Which runs, which figure, and what makes the rows."""

    metric: Annotated[Text, Field(max_length=100)] = "macro_f1"
    by: Annotated[Text, Field(max_length=120)] = "family"
    format: Literal["json", "csv", "latex"] = "json"


class ColumnList(BaseModel):
    """Keys of all metrics and dotted paths of all settings that runs have."""

    metrics: list[str]
    params: list[str]


class CompletionModel(BaseModel):
    """Something that may come; ``kind`` is name, operator, value or connector."""

    model_config = ConfigDict(from_attributes=True)

    text: str
    kind: str
    says: str


class SearchProblem(BaseModel):
    """What is wrong with a search, from which character on, and how many."""

    detail: str
    position: int
    length: int
    suggestions: list[str]


class CompletionList(BaseModel):
    """What may stand in place of the characters from ``start`` up to ``end``."""

    start: int
    end: int
    items: list[CompletionModel]
    problem: SearchProblem | None


class BulkRequest(Body):
    """One change of many runs; ``tags`` only to tag and untag."""

    action: Literal["delete", "undelete", "tag", "untag", "keep", "unkeep"]
    ids: Annotated[list[Identifier], Field(min_length=1, max_length=1000)]
    tags: Annotated[Tags, Field(default_factory=list)]


class Refusal(BaseModel):
    """A run that did not obey, and why."""

    id: int
    detail: str


class BulkResult(BaseModel):
    """Which runs obeyed, and which did not."""

    done: list[int]
    refused: list[Refusal]


@router.get("/experiment-groups")
def list_groups(wanted: Annotated[GroupPage, Query()]) -> GroupList:
    """Give runs in groups with mean and spread of accuracy and macro-F1."""
    query = wanted.query(wanted.limit, wanted.offset)
    page = ExperimentStore().groups(query, wanted.by, wanted.sort, wanted.order == "desc")
    return GroupList(items=[Group.model_validate(row) for row in page.items], total=page.total)


@router.get(
    "/experiment-pivot",
    response_model=PivotTable,
    responses={200: {"content": {"text/csv": {}, "text/x-tex": {}}}},
)
def get_pivot(wanted: Annotated[PivotFilter, Query()]) -> PivotTable | Response:
    """Give a figure of every kind of model on every data set, as JSON, CSV or a LaTeX table."""
    found = ExperimentStore().pivot(wanted.query(), wanted.metric, wanted.by)
    if wanted.format == "csv":
        return Response(pivot_csv(found), media_type="text/csv; charset=utf-8")
    if wanted.format == "latex":
        return Response(pivot_latex(found), media_type="text/x-tex; charset=utf-8")
    cells = [
        PivotCell(row=row, column=column, spread=SpreadModel.model_validate(spread))
        for (row, column), spread in found.cells.items()
    ]
    return PivotTable(
        metric=found.metric, rows=list(found.rows), columns=list(found.columns), cells=cells
    )


@router.get("/experiment-columns")
def list_columns() -> ColumnList:
    """Give what runs can be sorted by and exported with, besides their own columns."""
    known = ExperimentStore().known_columns()
    return ColumnList(metrics=known.metrics, params=known.params)


@router.get("/experiment-completions")
def list_completions(
    text: Annotated[Text, Query(max_length=2000)] = "",
    position: Annotated[int | None, Query(ge=0, le=2000)] = None,
) -> CompletionList:
    """Give what may come at a place in a search, and what is wrong with the search so far."""
    found = ExperimentStore().completions(text, position)
    items = [CompletionModel.model_validate(item) for item in found.items]
    return CompletionList(start=found.start, end=found.end, items=items, problem=_problem_of(text))


@router.post("/experiments/bulk")
def change_experiments(body: BulkRequest) -> BulkResult:
    """Delete, bring back, tag or keep many runs; those that cannot obey say why."""
    found = change_many(body.action, body.ids, body.tags)
    refused = [Refusal(id=number, detail=detail) for number, detail in found.refused.items()]
    return BulkResult(done=list(found.done), refused=refused)


def _problem_of(text: str) -> SearchProblem | None:
    try:
        ExperimentStore().check_search(text)
    except SearchError as error:
        return SearchProblem(
            detail=str(error),
            position=error.position,
            length=error.length,
            suggestions=list(error.suggestions),
        )
    return None
