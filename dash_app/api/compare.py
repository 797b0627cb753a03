"""Several experiments side by side: their figures, and the settings in which they differ."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel

from dash_app.api._experiment_models import ExperimentDetail, detail_of
from dash_app.api._fields import PROBLEMS
from storage.stores.experiments import ExperimentStore, flatten

router = APIRouter(prefix="/api", tags=["experiments"], responses=PROBLEMS)

MOST_COMPARED = 20


class Difference(BaseModel):
    """A setting that is not the same everywhere; values in the order of the experiments."""

    setting: str
    values: list[Any]


class Comparison(BaseModel):
    """Experiments in the order asked for, and the settings in which they differ."""

    experiments: list[ExperimentDetail]
    differences: list[Difference]


@router.get("/compare")
def compare_experiments(
    ids: Annotated[str, Query(max_length=500, description="Comma-separated ids")],
) -> Comparison:
    """Give figures and configurations of several runs, and where they differ."""
    store = ExperimentStore()
    found = [detail_of(store.get(number)) for number in _numbers(ids)]
    return Comparison(experiments=found, differences=differences([item.config for item in found]))


def differences(configs: list[dict[str, Any]]) -> list[Difference]:
    """Give the settings (dotted paths) that do not have the same value in all configurations."""
    flat = [dict(flatten(config)) for config in configs]
    settings = dict.fromkeys(key for config in flat for key in config)
    rows = [
        Difference(setting=key, values=[config.get(key) for config in flat]) for key in settings
    ]
    return [row for row in rows if any(value != row.values[0] for value in row.values)]


def _numbers(ids: str) -> list[int]:
    words = list(dict.fromkeys(word.strip() for word in ids.split(",") if word.strip()))
    good = [int(word) for word in words if word.isdecimal() and word.isascii() and len(word) < 19]
    if len(good) != len(words) or not 1 <= len(good) <= MOST_COMPARED:
        raise HTTPException(
            422, f"Give 1 to {MOST_COMPARED} experiment numbers separated by commas: ?ids=1,2,3."
        )
    return good
