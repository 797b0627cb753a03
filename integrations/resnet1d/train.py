"""Trains the 1D ResNet; imported only inside a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from integrations.core.contract import FitResult, RunContext
from integrations.core.data.dataset import Dataset
from integrations.core.explain.activations import activation_extras
from integrations.core.training.classification import train_classifier
from integrations.core.training.inputs import waveform
from integrations.core.training.recipe import Recipe
from integrations.core.training.transfer_path import augment_with_path
from integrations.core.training.windows import WindowSource
from integrations.resnet1d.config import Resnet1dConfig
from integrations.resnet1d.model import Resnet1d


def fit(config: Resnet1dConfig, data: Dataset, context: RunContext) -> FitResult:
    """Train and predict; see ``train_classifier``."""
    built: list[Resnet1d] = []
    window_samples, channels = config.data.window_samples, len(data.info.channels)

    def build(train: WindowSource, n_classes: int) -> torch.nn.Module:
        model = Resnet1d(config, window_samples, channels, n_classes)
        model.normalise.learn_scale(train.sample())
        built.append(model)
        return model

    prepare = waveform(data.info, config.input)
    recipe = Recipe(
        family="resnet1d",
        build=build,
        prepare=prepare,
        augment=augment_with_path,
        cam_layer=lambda model: model.stages[-1],
        bf16=True,
        start_from=config.start.experiment,
    )
    result = train_classifier(config, data, context, recipe)
    model, known = built[0], result.extras
    activity = activation_extras(model, _blocks(model), known, data, window_samples, prepare)
    return replace(result, extras={**known, **activity, "first_filters": _first_filters(model)})


def _blocks(model: Resnet1d) -> dict[str, torch.nn.Module]:
    """Stem and residual blocks by name; only the silent share and mean answer are kept of most."""
    found: dict[str, torch.nn.Module] = {"Stem": model.stem}
    for number, stage in enumerate(model.stages, start=1):
        found |= {f"Block {number}.{place}": block for place, block in enumerate(stage, start=1)}
    return found


def _first_filters(model: Resnet1d) -> Any:
    """Weights of the stem, shape (filters, channels, taps)."""
    weights: torch.Tensor = model.stem[0][0].weight
    return weights.detach().cpu().squeeze(2).numpy().copy()
