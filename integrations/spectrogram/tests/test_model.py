"""Networks of every shape take every image, cost what was forecast, and bear short windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.core.training.settings import Normalisation
from integrations.spectrogram.config import ArchitectureConfig, TransformConfig
from integrations.spectrogram.images import log_images
from integrations.spectrogram.model import SpectrogramNet
from integrations.spectrogram.plan import cost, image_plan

shapes = st.fixed_dictionaries(
    {
        "network": st.sampled_from(["resnet", "efficientnet"]),
        "width": st.integers(4, 20),
        "stages": st.integers(1, 4),
        "blocks": st.integers(1, 3),
        "stem_stride": st.integers(1, 4),
        "dual_stream": st.booleans(),
        "waveform_filters": st.integers(4, 20),
    }
)


@settings(max_examples=25, deadline=None)
@given(shapes, st.sampled_from([16, 100, 512]), st.integers(1, 3), st.integers(2, 5))
def test_forecast_counts_the_weights_of_the_built_network(
    shape: dict[str, Any], samples: int, channels: int, n_classes: int
) -> None:
    config = ArchitectureConfig(**shape)
    plan = image_plan(TransformConfig(), samples)
    model = SpectrogramNet(config, Normalisation.WINDOW, (channels, plan.rows), samples, n_classes)
    weights, products = cost(config, plan, channels, samples, n_classes)
    assert weights == sum(p.numel() for p in model.parameters())
    assert products > 0


@pytest.mark.parametrize("network", ["resnet", "efficientnet"])
@pytest.mark.parametrize("samples", [16, 40, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_short_windows_of_several_channels_are_scored(
    network: str, samples: int, channels: int
) -> None:
    torch.manual_seed(0)
    windows = np.random.default_rng(0).standard_normal((4, channels, samples)).astype(np.float32)
    images = torch.from_numpy(log_images(windows, TransformConfig(), level=False))
    config = ArchitectureConfig(network=network, width=4, dual_stream=True, waveform_filters=4)
    shape = (channels, images.shape[2])
    model = SpectrogramNet(config, Normalisation.WINDOW, shape, samples, 3)
    model.scale.learn(images)
    scores = model(images, torch.from_numpy(windows))
    assert scores.shape == (4, 3)
    scores.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_counted_products_match_those_of_the_convolutions() -> None:
    config = ArchitectureConfig(width=4, blocks=2, dual_stream=True, waveform_filters=4)
    plan = image_plan(TransformConfig(), 512)
    model = SpectrogramNet(config, Normalisation.WINDOW, (2, plan.rows), 512, 3).eval()
    counted: list[int] = []

    def count(module: torch.nn.Module, _inputs: Any, output: torch.Tensor) -> None:
        counted.append(module.weight.numel() * output[0, 0].numel())

    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(count)
    model(torch.zeros(1, 2, plan.rows, plan.columns), torch.zeros(1, 2, 512))
    head = sum(p.numel() for p in model.classifier.parameters())
    assert cost(config, plan, 2, 512, 3)[1] == sum(counted) + head


def test_rows_that_never_change_are_not_blown_up() -> None:
    config = ArchitectureConfig(width=4)
    model = SpectrogramNet(config, Normalisation.WINDOW, (1, 8), 64, 2)
    images = torch.full((5, 1, 8, 6), -6.0)
    model.scale.learn(images)
    assert not model.scale(images).any()
    assert model.scale(images + 0.1).abs().max() <= 1.001
