"""The whole log of an experiment as a text file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from dash_app.api._fields import PROBLEMS, RowId
from storage.shared_log import read_log
from storage.stores.experiments import ExperimentStore

router = APIRouter(prefix="/api/experiments", tags=["experiments"], responses=PROBLEMS)

INDENT = "\n" + " " * 35


@router.get("/{experiment_id}/log.txt", response_class=PlainTextResponse)
def download_log(experiment_id: RowId) -> PlainTextResponse:
    """Download the log: time (UTC), level and message of each line."""
    run = ExperimentStore().get(experiment_id)
    text = "".join(log_line(line) for line in read_log(run.id, run.task_id))
    name = f"experiment-{run.id}-log.txt"
    return PlainTextResponse(
        text, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def log_line(line: dict[str, Any]) -> str:
    """Write one line; what would steer a terminal is left out, further lines are indented."""
    moment = datetime.fromtimestamp(float(line["time"]), UTC)
    stamp = f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"
    message = INDENT.join(map(_plain, str(line["message"]).splitlines() or [""]))
    return f"{stamp}  {str(line['level']).upper():<8}  {message}\n"


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable() or c == "\t")
