"""Very many runs with 20 settings and 5 metrics each, written straight into the tables."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from storage.database import write_session
from storage.models import (
    Dataset,
    Experiment,
    ExperimentMetric,
    ExperimentParam,
    ExperimentTag,
    utc_now,
)
from storage.stores.experiment_rows import flatten

FAMILIES = ("cnn1d", "resnet1d", "transformer", "spectrogram", "pinn", "classical", "ensemble")
METRICS = ("accuracy", "macro_f1", "val_loss", "val_macro_f1", "train_loss")
DATASETS = 5
AT_ONCE = 2000


def settings_of(chance: random.Random) -> dict[str, Any]:
    """Make up 20 settings."""
    return {
        "seed": chance.randrange(5),
        "data": {"window_samples": chance.choice([512, 1024, 2048]), "split": "group"},
        "training": {
            "batch_size": chance.choice([16, 32, 64, 128]),
            "learning_rate": 10 ** chance.uniform(-5, -1),
            "optimizer": chance.choice(["adam", "sgd"]),
            "epochs": 30,
        },
        "model": {f"knob_{number:02d}": round(chance.random(), 4) for number in range(13)},
    }


def each_run(count: int) -> Iterator[tuple[int, str, dict[str, Any], dict[str, float]]]:
    """Give number, family, settings and metrics of each run; the same for the same count."""
    chance = random.Random(5)
    for number in range(1, count + 1):
        metrics = {key: chance.random() for key in METRICS}
        yield number, FAMILIES[number % len(FAMILIES)], settings_of(chance), metrics


def write_runs(count: int) -> None:
    """Fill this process' database, which is migrated and empty."""
    with write_session() as session:
        session.add_all(
            Dataset(
                id=number, name=f"Bearings {number}", status="ready", source="upload",
                fingerprint=str(number),
            )
            for number in range(1, DATASETS + 1)
        )  # fmt: skip
    waiting: list[tuple[int, str, dict[str, Any], dict[str, float]]] = []
    for run in each_run(count):
        waiting.append(run)
        if len(waiting) == AT_ONCE or run[0] == count:
            _write(waiting, count)
            waiting.clear()


def _write(runs: list[tuple[int, str, dict[str, Any], dict[str, float]]], count: int) -> None:
    now = utc_now()
    rows: dict[Any, list[dict[str, Any]]] = {
        Experiment: [], ExperimentParam: [], ExperimentMetric: [], ExperimentTag: [],
    }  # fmt: skip
    for number, family, config, metrics in runs:
        rows[Experiment].append(
            {
                "id": number,
                "task_id": str(uuid.UUID(int=number)),
                "name": f"{family} try {number}",
                "family": family,
                "dataset_id": number % DATASETS + 1,
                "dataset_fingerprint": str(number % DATASETS),
                "config": config,
                "status": "completed",
                "accuracy": metrics["accuracy"],
                "macro_f1": metrics["macro_f1"],
                "metrics": metrics,
                "tags": ["keep"] if number % 50 == 0 else [],
                "created_at": now - timedelta(minutes=count - number),
            }
        )
        for key, value in flatten(config):
            figure = float(value) if isinstance(value, int | float) else None
            rows[ExperimentParam].append(
                {"experiment_id": number, "key": key, "text": str(value), "number": figure}
            )
        for key, value in metrics.items():
            rows[ExperimentMetric].append({"experiment_id": number, "key": key, "value": value})
        if number % 50 == 0:
            rows[ExperimentTag].append({"tag": "keep", "experiment_id": number})
    with write_session() as session:
        for table, values in rows.items():
            if values:
                session.execute(insert(table), values)
