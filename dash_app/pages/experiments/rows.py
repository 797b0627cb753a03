"""Turns experiments into the plain rows that the table draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dash_app.components import format_bytes, format_duration, format_percent, format_score
from dash_app.components.basics import STATUS_ICONS
from dash_app.components.formats import ago
from dash_app.pages.experiments.actions import possible_actions
from dash_app.pages.experiments.fields import cell
from integrations.core.text import count
from integrations.registry import families
from storage.entities import ExperimentEntity, Status


@dataclass(frozen=True)
class Beside:
    """What rows show that does not stand in the run itself.

    Attributes:
        curves: A few values of the validation curve, by run.
        values: Metrics at the chosen epoch and settings by column, by run.
        studies: Names of studies by their id.
        columns: The metrics and settings that are shown, as ids of columns.
    """

    curves: Mapping[int, Sequence[float]] = field(default_factory=dict)
    values: Mapping[int, Mapping[str, float | str]] = field(default_factory=dict)
    studies: Mapping[int, str] = field(default_factory=dict)
    columns: Sequence[str] = ()


def table_rows(
    runs: Sequence[ExperimentEntity], beside: Beside, group: str = ""
) -> list[dict[str, Any]]:
    """Give the rows of a page; all words are plain text, every link is built from the id.

    Args:
        runs: Experiments in their order.
        beside: What else the rows show.
        group: Key of the unfolded group that they stand under; the same run may stand in two.
    """
    prefix = f"{group}/" if group else ""
    return [{**_row(run, beside), "key": f"{prefix}{run.id}", "inside": group} for run in runs]


def _row(run: ExperimentEntity, beside: Beside) -> dict[str, Any]:
    low, high = run.metrics.get("accuracy_low"), run.metrics.get("accuracy_high")
    screen = "results" if run.accuracy is not None and run.status.ended else "monitor"
    return {
        "id": run.id,
        "href": f"/experiment/{run.id}/{screen}",
        "name": run.name,
        "note": run.note[:300],
        "status": run.status.value,
        "icon": STATUS_ICONS[run.status],
        "control": run.control if run.status is Status.RUNNING else "",
        "can": list(possible_actions(run)),
        "kept": run.kept,
        "ended": run.status.ended,
        "scored": run.accuracy is not None,
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
        "created_exact": _exact(run.created_at),
        "tags": run.tags,
        "curve": [round(value, 4) for value in beside.curves.get(run.id, ())],
        "preset": run.preset,
        "n_parameters": count(run.n_parameters) if run.n_parameters else "",
        "epochs": f"{run.epochs_done} of {run.epochs_total}" if run.epochs_total else "",
        "started_at": _exact(run.started_at),
        "finished_at": _exact(run.finished_at),
        "memory": format_bytes(run.memory_bytes) if run.memory_bytes else "",
        "host": run.host,
        "study": beside.studies.get(run.study_id or 0, ""),
        **_chosen(run, beside),
    }


def _chosen(run: ExperimentEntity, beside: Beside) -> dict[str, str]:
    """Give the metrics and settings that are shown; "" where the run has none."""
    values = beside.values.get(run.id, {})
    return {column: cell(column, values[column]) for column in beside.columns if column in values}


def varying(cells: Mapping[str, Iterable[Any]]) -> list[str]:
    """Give the columns whose cells are not all the same, in their order.

    Args:
        cells: The values of each column, one per run.
    """
    return [column for column, values in cells.items() if len(set(map(str, values))) > 1]


def _exact(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
