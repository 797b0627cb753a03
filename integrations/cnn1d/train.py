"""Trains the 1D CNN; imported only inside a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from integrations.cnn1d.config import Cnn1dConfig, Normalisation
from integrations.cnn1d.model import Cnn1d
from integrations.core.contract import FitResult, RunContext
from integrations.core.data.dataset import Dataset
from integrations.core.training.classification import train_classifier
from integrations.core.training.windows import WindowSource

SCALE_WINDOWS = 2048


def fit(config: Cnn1dConfig, data: Dataset, context: RunContext) -> FitResult:
    """Train and predict; see ``train_classifier``."""
    built: list[Cnn1d] = []

    def build(train: WindowSource, n_classes: int) -> torch.nn.Module:
        channels = len(data.info.channels)
        model = Cnn1d(config.architecture, config.data.window_samples, channels, n_classes)
        if config.architecture.normalisation is Normalisation.DATASET:
            rows = np.linspace(0, len(train) - 1, min(len(train), SCALE_WINDOWS)).astype(np.int64)
            model.learn_scale(train.take(rows)[0])
        built.append(model)
        return model

    result = train_classifier(config, data, context, build, "cnn1d")
    return replace(result, extras={**result.extras, "first_filters": _first_filters(built[0])})


def _first_filters(model: Cnn1d) -> np.ndarray:
    """Weights of the wide first layer, shape (filters, channels, taps)."""
    weights: torch.Tensor = model.blocks[0][0].weight
    return weights.detach().cpu().squeeze(2).numpy().copy()
