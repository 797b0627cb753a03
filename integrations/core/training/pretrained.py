"""Starts a network from the weights of an earlier experiment of this bench."""

from __future__ import annotations

import json
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from integrations.core.config import FamilyConfig
from integrations.core.contract import EarlierRun, RunContext, TrainingError
from integrations.core.data.dataset import DatasetInfo


def start_from(
    experiment: int,
    model: torch.nn.Module,
    family: str,
    info: DatasetInfo,
    context: RunContext,
    config: FamilyConfig | None = None,
) -> None:
    """Copy the weights of an earlier run into a fresh network.

    The layers that score classes are left as they are where the classes differ.

    Args:
        experiment: Number of the earlier run.
        model: The fresh network.
        family: Family of this run.
        info: Data of this run.
        context: Knows earlier runs.
        config: Config of this run, to say which settings differ when the weights do not fit.

    Raises:
        TrainingError: There is no such run, or its network has another shape.
    """
    run = _earlier(experiment, family, context)
    card, weights = _read(run)
    if len(card["channels"]) != len(info.channels):
        raise TrainingError(
            f"The channels of {_named(run)} are {len(card['channels'])}, those of this data set "
            f"{len(info.channels)}. Choose a run with as many, or start from random weights."
        )
    same_classes = tuple(card["classes"]) == info.classes
    scorer = set() if same_classes else _scorer(model)
    own = {name: w for name, w in model.state_dict().items() if name not in scorer}
    strange = [n for n in sorted(own) if n not in weights or weights[n].shape != own[n].shape]
    if strange or len(weights) != len(own) + len(scorer):
        differing = _differences(card["config"], config) or strange[:1]
        what = f" (it differs in {', '.join(differing)})" if differing else ""
        raise TrainingError(
            f"{_named(run)} has another shape{what}. Choose the same architecture and window "
            "length, or start from random weights."
        )
    model.load_state_dict({name: weights[name] for name in own}, strict=False)
    kept = "all layers" if same_classes else "all layers but the one that scores the classes"
    context.log("info", f"Starting from {kept} of {_named(run)}.")


def _differences(theirs: dict[str, Any], config: FamilyConfig | None) -> list[str]:
    """Settings that shape a network, by title, with their values there and here."""
    if config is None:
        return []
    ours = config.model_dump(mode="json")
    shaping = [("data", "window_samples"), *(("architecture", n) for n in ours["architecture"])]
    found = []
    for section, name in shaping:
        there, here = theirs.get(section, {}).get(name), ours[section][name]
        if there != here:
            title = type(getattr(config, section)).model_fields[name].title
            found.append(f"{title}: {there} there, {here} here")
    return found


def _scorer(model: torch.nn.Module) -> set[str]:
    """Names of the tensors of the last linear layer, which has one row per class."""
    last = [name for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)][-1]
    return {f"{last}.weight", f"{last}.bias"}


def _earlier(experiment: int, family: str, context: RunContext) -> EarlierRun:
    found = context.earlier_runs(ids=[experiment])
    if not found:
        raise TrainingError(
            f"Experiment {experiment} is no finished run of this bench. Choose another one to "
            "start from, or 0 for random weights."
        )
    if found[0].family != family:
        raise TrainingError(
            f"{_named(found[0])} is of the family {found[0].family}; only runs of the same "
            "family can be started from."
        )
    return found[0]


def _read(run: EarlierRun) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    try:
        card = json.loads((run.folder / "model.json").read_text(encoding="utf-8"))
        return card, load_file(run.folder / "model.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise TrainingError(
            f"The model of {_named(run)} is missing or damaged. Choose another run."
        ) from error


def _named(run: EarlierRun) -> str:
    return f"“{run.name}” (#{run.id})"
