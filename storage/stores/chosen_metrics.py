"""Every metric of a run at its chosen epoch, for sorting and filtering by it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storage.models import EpochRow, ExperimentMetric

Values = Mapping[str, Any]
LONGEST_KEY = 100


def write_metrics(session: Session, experiment_id: int, measured: Values) -> None:
    """Replace the metrics that a run is found by, inside the caller's transaction."""
    mine = ExperimentMetric.experiment_id == experiment_id
    session.execute(delete(ExperimentMetric).where(mine))
    rows = session.execute(
        select(EpochRow.epoch, EpochRow.values)
        .where(EpochRow.experiment_id == experiment_id)
        .order_by(EpochRow.epoch)
    ).all()
    found = at_chosen_epoch(measured, [(epoch, values) for epoch, values in rows])
    session.add_all(
        ExperimentMetric(experiment_id=experiment_id, key=key, value=value)
        for key, value in found.items()
    )


def at_chosen_epoch(measured: Values, epochs: Sequence[tuple[int, Values]]) -> dict[str, float]:
    """Give all metrics of a finished run that belong to the model it kept.

    Args:
        measured: Figures of the test part by name, those of the validation part with
            "validation_" before it, and "best_epoch" (0 where the epochs are folds).
        epochs: Number and metrics of each epoch, in order.

    Returns:
        Test figures by name, "train_…" and "val_…" of the chosen epoch (means over folds), and
        "best_val_…": the best of all epochs, each from an epoch of its own.
    """
    best = int(measured.get("best_epoch") or 0)
    found = _mean(values for _, values in epochs) if best == 0 else _extremes(epochs)
    found |= next((_finite(values) for epoch, values in epochs if epoch == best), {})
    found |= {_short(key): value for key, value in _finite(measured).items()}
    return {key[:LONGEST_KEY]: value for key, value in found.items()}


def _short(key: str) -> str:
    return f"val_{key.removeprefix('validation_')}" if key.startswith("validation_") else key


def _extremes(epochs: Sequence[tuple[int, Values]]) -> dict[str, float]:
    best: dict[str, float] = {}
    for _, values in epochs:
        for key, value in _finite(values).items():
            if key.startswith("val_"):
                better = min if key.endswith("loss") else max
                name = f"best_{key}"
                best[name] = better(best.get(name, value), value)
    return best


def _mean(folds: Iterable[Values]) -> dict[str, float]:
    rows = [_finite(values) for values in folds]
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: math.fsum(row[key] for row in rows if key in row) / _count(rows, key)
            for key in keys}  # fmt: skip


def _count(rows: Sequence[Mapping[str, float]], key: str) -> int:
    return sum(key in row for row in rows)


def _finite(values: Values) -> dict[str, float]:
    return {
        key: float(value)
        for key, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }
