"""Trains the transformer; imported only inside a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from integrations.core.contract import FitResult, RunContext
from integrations.core.data.dataset import Dataset
from integrations.core.data.windows import WindowIndex
from integrations.core.training.classification import train_classifier
from integrations.core.training.inputs import waveform
from integrations.core.training.recipe import Recipe
from integrations.core.training.windows import WindowSource
from integrations.transformer.attention import attention_extras
from integrations.transformer.config import TransformerConfig
from integrations.transformer.model import Transformer


def fit(config: TransformerConfig, data: Dataset, context: RunContext) -> FitResult:
    """Train and predict; see ``train_classifier``."""
    built: list[Transformer] = []

    def build(train: WindowSource, n_classes: int) -> torch.nn.Module:
        channels, samples = len(data.info.channels), config.data.window_samples
        mode = config.input.normalisation
        model = Transformer(config.architecture, mode, samples, channels, n_classes)
        model.normalise.learn_scale(train.sample())
        built.append(model)
        return model

    recipe = Recipe(family="transformer", build=build, prepare=waveform(data.info, config.input))
    result = train_classifier(config, data, context, recipe)
    windows = _explained_windows(config, data, context.device, recipe, result)
    if windows is None:
        return result
    return replace(result, extras={**result.extras, **attention_extras(built[0], windows)})


def _explained_windows(
    config: TransformerConfig, data: Dataset, device: str, recipe: Recipe, result: FitResult
) -> torch.Tensor | None:
    """The windows that ``core.explain`` chose, as the network sees them."""
    if "explained_recording" not in result.extras:
        return None
    places = (result.extras["explained_recording"], result.extras["explained_start"])
    index = WindowIndex(*places, config.data.window_samples)
    return WindowSource(data, index, device, recipe.prepare).take(np.arange(len(index)))[0][0]
