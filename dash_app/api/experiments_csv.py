"""All experiments under a filter as a CSV file, streamed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from dash_app.api._experiment_filter import ExperimentFilter
from dash_app.api._fields import PROBLEMS
from storage.entities import ExperimentEntity
from storage.stores.experiment_queries import check_page
from storage.stores.experiments import ExperimentStore

router = APIRouter(prefix="/api", tags=["experiments"], responses=PROBLEMS)

COLUMNS = (
    "id",
    "name",
    "status",
    "family",
    "preset",
    "dataset_name",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "macro_f1",
    "split_name",
    "leaky",
    "seconds",
    "epochs_done",
    "tags",
    "note",
    "error",
    "created_at",
    "started_at",
    "finished_at",
)
# A spreadsheet would take a cell beginning with one of these for a formula (OWASP: CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
ROWS_AT_ONCE = 200


@router.get("/experiments.csv", response_class=StreamingResponse)
def export_experiments(wanted: Annotated[ExperimentFilter, Query()]) -> StreamingResponse:
    """Give all runs under the filters of GET /api/experiments as a CSV file."""
    query = wanted.query()
    check_page(query)
    headers = {"Content-Disposition": 'attachment; filename="experiments.csv"'}
    lines = csv_lines(ExperimentStore().each(query))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def csv_lines(runs: Iterable[ExperimentEntity]) -> Iterator[str]:
    """Give the file in pieces: heading first, then some rows at once."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for count, run in enumerate(runs, start=1):
        writer.writerow([safe_cell(_value(run, column)) for column in COLUMNS])
        if count % ROWS_AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def safe_cell(value: Any) -> Any:
    """Make sure that a spreadsheet shows a text as text: "=1+1" becomes "'=1+1"."""
    if isinstance(value, str) and value.lstrip().startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def _value(run: ExperimentEntity, column: str) -> Any:
    value = getattr(run, column) if hasattr(run, column) else run.metrics.get(column)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "; ".join(value) if isinstance(value, list) else value


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
