"""Several experiments side by side: figures, settings that differ, and what a test says of them."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from dash_app.api._compare_tables import table_of
from dash_app.api._experiment_models import ExperimentDetail, detail_of
from dash_app.api._fields import PROBLEMS
from integrations.core.compare.setting_rows import setting_rows
from integrations.core.compare.tables import as_csv, as_latex
from integrations.core.compare.verdict import DELTA, Judgement, Pair
from integrations.core.evaluation.evaluation import Interval
from storage.stores.experiments import ExperimentStore
from tasks.comparison import MOST_COMPARED, compare_runs

router = APIRouter(prefix="/api", tags=["experiments"], responses=PROBLEMS)

MOST_LISTED = 20
Ids = Annotated[str, Query(max_length=500, description="Comma-separated ids")]
FORMATS = {"csv": "text/csv; charset=utf-8", "tex": "text/plain; charset=utf-8"}


class Difference(BaseModel):
    """A setting that is not the same everywhere; values in the order of the experiments."""

    setting: str
    values: list[Any]


class PairOut(BaseModel):
    """Two runs on the same test recordings; differences are ``a`` minus ``b``.

    ``only_a`` and ``only_b`` count test units on which one recognised more windows; ``p_holm`` is
    corrected for all pairs; ``detectable`` is found with 80 % power; ``more_units`` would tell the
    two apart if the difference is real, null where none was met.
    """

    model_config = ConfigDict(from_attributes=True)

    a: int
    b: int
    accuracy: Interval
    macro_f1: Interval
    only_a: int
    only_b: int
    p: float
    p_holm: float
    told_apart: bool
    equivalent: bool
    detectable: float
    more_units: int | None

    @classmethod
    def of(cls, pair: Pair) -> PairOut:
        """Take over a pair."""
        return cls(**dataclasses.asdict(pair), told_apart=pair.told_apart)


class JudgementOut(BaseModel):
    """The verdict; ``winner_id`` is null unless one run beats every other."""

    kind: Literal["refused", "better", "equivalent", "undecided"]
    sentence: str
    details: list[str]
    winner_id: int | None
    cochran_q: float | None
    cochran_p: float | None
    unit_name: str
    n_units: int
    delta: float

    @classmethod
    def of(cls, judgement: Judgement) -> JudgementOut:
        """Take over a judgement without its pairs."""
        q, p = judgement.cochran or (None, None)
        return cls(
            kind=judgement.kind,
            sentence=judgement.sentence,
            details=list(judgement.details),
            winner_id=judgement.winner_id,
            cochran_q=q,
            cochran_p=p,
            unit_name=judgement.unit_name,
            n_units=judgement.n_units,
            delta=judgement.delta,
        )


class Comparison(BaseModel):
    """Experiments in the order asked for, the settings in which they differ, and the verdict.

    ``judgement`` is null with fewer than two runs that have results, or more than ten runs.
    """

    experiments: list[ExperimentDetail]
    differences: list[Difference]
    judgement: JudgementOut | None = None
    pairs: list[PairOut] = []


@router.get("/compare")
def compare_experiments(
    ids: Ids,
    delta: Annotated[
        float, Query(ge=0.001, le=0.2, description="Accuracies closer than this count as equal")
    ] = DELTA,
) -> Comparison:
    """Give figures and configurations of several runs, where they differ, and a verdict."""
    store, numbers = ExperimentStore(), _numbers(ids, MOST_LISTED)
    found = [detail_of(store.get(number)) for number in numbers]
    judgement = compare_runs(numbers, delta).judgement if len(numbers) <= MOST_COMPARED else None
    return Comparison(
        experiments=found,
        differences=differences([item.config for item in found]),
        judgement=JudgementOut.of(judgement) if judgement else None,
        pairs=[PairOut.of(pair) for pair in judgement.pairs] if judgement else [],
    )


@router.get("/compare/table", response_class=Response)
def export_table(
    ids: Ids,
    table: Literal["metrics", "pairs", "settings", "pivot"] = "metrics",
    format: Literal["csv", "tex"] = "csv",
) -> Response:
    """Give a table of the comparison as CSV or LaTeX (booktabs).

    ``metrics`` has a row for each run, ``pairs`` for each pair, ``settings`` for each setting that
    differs, ``pivot`` for each model with a column for each data set.
    """
    numbers = _numbers(ids, MOST_COMPARED)
    store = ExperimentStore()
    for number in numbers:
        store.get(number)  # says which one is not there
    caption, head, rows = table_of(table, numbers, spelled=format == "tex")
    text = as_latex(head, rows, caption) if format == "tex" else "\ufeff" + as_csv(head, rows)
    headers = {"Content-Disposition": f'attachment; filename="{table}.{format}"'}
    return Response(text, media_type=FORMATS[format], headers=headers)


def differences(configs: list[dict[str, Any]]) -> list[Difference]:
    """Give the settings (dotted paths) that do not have the same value in all configurations."""
    rows = setting_rows(configs)
    return [Difference(setting=r.setting, values=list(r.values)) for r in rows if r.differs]


def _numbers(ids: str, most: int) -> list[int]:
    words = list(dict.fromkeys(word.strip() for word in ids.split(",") if word.strip()))
    good = [int(word) for word in words if word.isdecimal() and word.isascii() and len(word) < 19]
    if len(good) != len(words) or not 1 <= len(good) <= most:
        raise HTTPException(
            422, f"Give 1 to {most} experiment numbers separated by commas: ?ids=1,2,3."
        )
    return good
