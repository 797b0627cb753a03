"""Trains the 1D CNN; imported only inside a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from integrations.cnn1d.config import Cnn1dConfig
from integrations.cnn1d.model import Cnn1d
from integrations.core.contract import FitResult, RunContext
from integrations.core.data.dataset import Dataset
from integrations.core.explain.activations import activation_extras
from integrations.core.training.classification import train_classifier
from integrations.core.training.inputs import waveform
from integrations.core.training.recipe import Recipe
from integrations.core.training.transfer_path import augment_with_path
from integrations.core.training.windows import WindowSource

BF16_PAYS_FROM = 32
"""First-layer filters; with 32 a step was 1.5 times as quick in bfloat16, with 16 1.1 times."""


def fit(config: Cnn1dConfig, data: Dataset, context: RunContext) -> FitResult:
    """Train and predict; see ``train_classifier``."""
    built: list[Cnn1d] = []

    def build(train: WindowSource, n_classes: int) -> torch.nn.Module:
        channels = len(data.info.channels)
        window = config.data.window_samples
        mode = config.input.normalisation
        model = Cnn1d(config.architecture, mode, window, channels, n_classes)
        model.normalise.learn_scale(train.sample())
        built.append(model)
        return model

    prepare = waveform(data.info, config.input)
    recipe = Recipe(
        family="cnn1d",
        build=build,
        prepare=prepare,
        augment=augment_with_path,
        cam_layer=lambda model: model.blocks[-1][0],
        bf16=config.architecture.filters >= BF16_PAYS_FROM,
    )
    result = train_classifier(config, data, context, recipe)
    model, known = built[0], result.extras
    layers = {f"Block {i}" if i else "First layer": block for i, block in enumerate(model.blocks)}
    window = config.data.window_samples
    activity = activation_extras(model, layers, known, data, window, prepare)
    return replace(result, extras={**known, **activity, "first_filters": _first_filters(model)})


def _first_filters(model: Cnn1d) -> np.ndarray:
    """Weights of the wide first layer, shape (filters, channels, taps)."""
    weights: torch.Tensor = model.blocks[0][0].weight
    return weights.detach().cpu().squeeze(2).numpy().copy()
