"""Earlier runs as another run sees them: what they are, where they lie, whether they suit it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from integrations.core.config import FamilyConfig
from integrations.core.contract import EarlierRun, Problem, Severity
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.splits import SplitError, preview_split
from integrations.core.evaluation.store import RUN
from integrations.registry import families
from storage.stores.finished_runs import FinishedRuns

ONE, SEVERAL = "experiment", "experiments"
"""Widgets of the settings that name one earlier run, or the runs that are joined."""
ENOUGH_RUNS = 3


def earlier_runs(
    *, ids: Sequence[int] = (), split_digest: str = "", dataset_fingerprint: str = ""
) -> list[EarlierRun]:
    """Give finished experiments: those with these ids, or all on a split, newest first.

    Args:
        ids: Wanted numbers; those that are not finished are left out.
        split_digest: Identifies data, windows and split; used where there are no ids.
        dataset_fingerprint: Of the data set, where known; makes the look by split quicker.
    """
    store = FinishedRuns()
    if ids:
        found = store.with_ids(ids)
    elif split_digest:
        found = store.on_split(split_digest, dataset_fingerprint)
    else:
        found = []
    folders = store.folders([run.id for run in found], RUN)
    return [
        EarlierRun(run.id, run.name, run.family, folders[run.id], run.split_digest)
        for run in found
        if run.id in folders
    ]


def earlier_problems(
    family: str, config: FamilyConfig, info: DatasetInfo, split_digest: str = ""
) -> list[Problem]:
    """Say why the earlier runs that a configuration builds on do not suit it.

    Args:
        family: Name of the family of the configuration.
        config: Its settings.
        info: The data set.
        split_digest: Of its data, windows and split, where known already.
    """
    problems = []
    for path, widget in pickers(type(config)).items():
        wanted = value_at(config, path)
        if widget == ONE and wanted:
            problems += _about_start(family, wanted, path)
        elif widget == SEVERAL:
            digest = split_digest or _digest(config, info)
            runs = earlier_runs(
                ids=wanted, split_digest=digest, dataset_fingerprint=info.fingerprint
            )
            sentences = config.earlier_problems(runs, digest) if digest else []
            problems += [Problem(Severity.ERROR, text, path) for text in sentences]
    return problems


def joined_data(
    config: type[FamilyConfig], dataset_fingerprint: str, ids: Sequence[int] = ()
) -> dict[str, Any]:
    """Give the data settings of the runs that a family joins; {} where it joins none.

    Args:
        config: The family's settings.
        dataset_fingerprint: Of the data set.
        ids: Members that were chosen; without them the newest split that enough runs were made on,
            else the one with the most.
    """
    if SEVERAL not in pickers(config).values():
        return {}
    store = FinishedRuns()
    runs = store.with_ids(ids) if ids else store.on_dataset(dataset_fingerprint)
    runs = [run for run in runs if SEVERAL not in _pickers_of_family(run.family)]
    if not runs:
        return {}
    counts = Counter(run.split_digest for run in runs)
    enough = [run for run in runs if counts[run.split_digest] >= ENOUGH_RUNS]
    chosen = enough[0] if enough else max(runs, key=lambda run: counts[run.split_digest])
    data = chosen.config.get("data", {})
    if not isinstance(data, dict):
        return {}
    return {key: value for key, value in data.items() if not key.startswith("train_share")}


def pickers(config: type[BaseModel]) -> dict[str, str]:
    """Give the settings that name earlier runs: dotted path to ONE or SEVERAL."""
    return dict(_pickers(config, ""))


def value_at(config: BaseModel, path: str) -> Any:
    """Give a setting by its dotted path."""
    value: Any = config
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _pickers(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _pickers(inner, f"{prefix}{name}.")
        elif isinstance(field.json_schema_extra, dict):
            widget = field.json_schema_extra.get("widget")
            if widget in (ONE, SEVERAL):
                yield f"{prefix}{name}", str(widget)


def _pickers_of_family(name: str) -> list[str]:
    known = families().get(name)
    return list(pickers(known.Config).values()) if known else []


def _about_start(family: str, number: int, path: str) -> list[Problem]:
    found = earlier_runs(ids=[number])
    if not found:
        text = f"There is no finished experiment {number}. Choose another one, or none."
    elif found[0].family != family:
        text = (
            f"“{found[0].name}” ({number}) is a run of another model family, so its weights do not "
            "fit. Choose a run of this one, or none."
        )
    else:
        return []
    return [Problem(Severity.ERROR, text, path)]


def _digest(config: FamilyConfig, info: DatasetInfo) -> str:
    try:
        return preview_split(info, config.data).digest
    except SplitError:
        return ""
