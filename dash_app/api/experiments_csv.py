"""All experiments under a filter as a CSV or Parquet file, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from dash_app.api._experiment_filter import ExperimentFilter
from dash_app.api._fields import PROBLEMS, Text
from dash_app.api._problems import ProblemError
from dash_app.api._run_table import USUAL, csv_lines, parquet_pieces, safe_cell, unknown_columns
from storage.entities import ExperimentEntity
from storage.stores.experiment_queries import check_page
from storage.stores.experiments import ExperimentStore

__all__ = ["csv_lines", "router", "safe_cell"]

router = APIRouter(prefix="/api", tags=["experiments"], responses=PROBLEMS)

MOST_COLUMNS = 500


class ExportFilter(ExperimentFilter):
    """Which runs, and which of their columns."""

    columns: Annotated[
        Text,
        Field(
            max_length=20_000,
            description="Names separated by commas, also metric:KEY and param:PATH",
        ),
    ] = ""

    def names(self) -> tuple[str, ...]:
        """Give the columns of the file.

        Raises:
            ProblemError: One of them is none.
        """
        names = tuple(dict.fromkeys(name for name in self.columns.split(",") if name)) or USUAL
        unknown = unknown_columns(names)
        if unknown or len(names) > MOST_COLUMNS:
            raise ProblemError(422, f"There is no column “{(unknown or names)[0]}” to export.")
        return names


@router.get("/experiments.csv", response_class=StreamingResponse)
def export_experiments(wanted: Annotated[ExportFilter, Query()]) -> StreamingResponse:
    """Give all runs under the filters of GET /api/experiments as a CSV file."""
    names = wanted.names()
    lines = csv_lines(_checked(wanted), names)
    return StreamingResponse(
        lines, media_type="text/csv; charset=utf-8", headers=_as_file("experiments.csv")
    )


@router.get("/experiments.parquet", response_class=StreamingResponse)
def export_parquet(wanted: Annotated[ExportFilter, Query()]) -> StreamingResponse:
    """Give all runs under the filters of GET /api/experiments as a Parquet file with types."""
    names = wanted.names()
    pieces = parquet_pieces(_checked(wanted), names)
    return StreamingResponse(
        pieces, media_type="application/vnd.apache.parquet", headers=_as_file("experiments.parquet")
    )


def _checked(wanted: ExportFilter) -> Iterator[ExperimentEntity]:
    """Give the runs; what cannot be understood is refused before the answer has begun."""
    query, store = wanted.query(), ExperimentStore()
    check_page(query)
    store.check_search(query.where)
    return store.each(query)


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
