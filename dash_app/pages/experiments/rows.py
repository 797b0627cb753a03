"""Turns experiments into the plain rows that the table draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dash_app.components import format_duration, format_percent, format_score
from dash_app.components.basics import STATUS_ICONS
from dash_app.components.formats import ago
from dash_app.pages.experiments.actions import possible_actions
from integrations.registry import families
from storage.entities import ExperimentEntity, Status


def table_rows(
    runs: Sequence[ExperimentEntity], curves: Mapping[int, Sequence[float]]
) -> list[dict[str, Any]]:
    """Give the rows of a page; all words are plain text, every link is built from the id."""
    return [_row(run, curves.get(run.id, ())) for run in runs]


def _row(run: ExperimentEntity, curve: Sequence[float]) -> dict[str, Any]:
    low, high = run.metrics.get("accuracy_low"), run.metrics.get("accuracy_high")
    screen = "results" if run.accuracy is not None and run.status.ended else "monitor"
    return {
        "id": run.id,
        "key": str(run.id),
        "href": f"/experiment/{run.id}/{screen}",
        "name": run.name,
        "note": run.note[:300],
        "status": run.status.value,
        "icon": STATUS_ICONS[run.status],
        "control": run.control if run.status is Status.RUNNING else "",
        "can": list(possible_actions(run)),
        "kept": run.kept,
        "ended": run.status.ended,
        "progress": round(run.progress, 3),
        "error": run.error,
        "family": families()[run.family].title if run.family in families() else run.family,
        "dataset_name": run.dataset_name,
        "accuracy": format_score(run.accuracy, low, high),
        "macro_f1": format_percent(run.macro_f1),
        "split": run.split_name,
        "leaky": run.leaky,
        "seconds": format_duration(run.seconds or None),
        "created_at": ago((datetime.now(UTC) - run.created_at).total_seconds()),
        "created_exact": run.created_at.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z"),
        "tags": run.tags,
        "curve": [round(value, 4) for value in curve],
    }
