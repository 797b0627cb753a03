"""Which finished experiments a draft can build on, as the options of its pickers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash_app.components import format_percent
from dash_app.forms import PICKERS, FieldKind, all_fields
from dash_app.pages.experiment_new.choices import member_paths
from integrations.core.contract import Family
from integrations.core.data.dataset import DatasetInfo
from integrations.registry import families
from storage.entities import ExperimentEntity, Status
from storage.stores.experiment_queries import ExperimentQuery
from storage.stores.experiments import ExperimentStore
from storage.stores.finished_runs import FinishedRuns

Options = list[dict[str, str]]
MOST_OFFERED = 200
FINISHED = (Status.COMPLETED.value, Status.STOPPED.value)


def run_options(
    family: Family, info: DatasetInfo, split_digest: str, values: Mapping[str, Any]
) -> dict[str, Options]:
    """Give the runs that each picker of a family's form offers, the best first.

    Args:
        family: Whose form it is.
        info: The chosen data set.
        split_digest: Of the draft's data, windows and split; "" while they are not valid.
        values: Of the form; a chosen run that does not suit is still named, at the end, because an
            input silently drops what it does not offer.

    Returns:
        Options by dotted path: for members the runs on exactly this split, for weights to start
        from the family's own runs on any data.
    """
    kinds = {p: spec.kind for p, spec in all_fields(family.Config).items() if spec.kind in PICKERS}
    offered = {}
    for path, kind in kinds.items():
        several = kind is FieldKind.EXPERIMENTS
        runs = _joinable(info, split_digest) if several else _of_family(family.name)
        offered[path] = _options(runs) + _unsuitable(values.get(path), runs)
    return offered


def _unsuitable(chosen: Any, runs: Sequence[ExperimentEntity]) -> Options:
    """Name the chosen runs that are not offered."""
    given = chosen if isinstance(chosen, list) else [chosen]
    numbers = [int(raw) for raw in given if str(raw or "").isdecimal()]
    missing = [number for number in numbers if number not in {run.id for run in runs}]
    names = {run.id: run.name for run in ExperimentStore().several(missing)} if missing else {}
    return [
        {"value": str(n), "label": f"{n}: {names.get(n, 'not found')} · does not suit"}
        for n in missing
    ]


def _joinable(info: DatasetInfo, split_digest: str) -> list[ExperimentEntity]:
    if not split_digest:
        return []
    runs = FinishedRuns().on_split(split_digest, info.fingerprint, MOST_OFFERED)
    known = families()
    return [run for run in runs if run.family in known and not member_paths(known[run.family])]


def _of_family(name: str) -> list[ExperimentEntity]:
    query = ExperimentQuery(families=(name,), statuses=FINISHED, limit=MOST_OFFERED)
    return [run for run in ExperimentStore().page(query).items if run.accuracy is not None]


def _options(runs: Sequence[ExperimentEntity]) -> Options:
    ranked = sorted(runs, key=lambda run: -_validation(run))
    return [{"value": str(run.id), "label": _label(run)} for run in ranked]


def _validation(run: ExperimentEntity) -> float:
    return float(run.metrics.get("validation_macro_f1") or 0.0)


def _label(run: ExperimentEntity) -> str:
    known = families()
    title = known[run.family].title if run.family in known else run.family
    model = "" if title in run.name else f" · {title}"
    figure = format_percent(run.metrics.get("validation_macro_f1"))
    return f"{run.id}: {run.name}{model} · validation macro F1 {figure}"
