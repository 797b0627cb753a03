"""A finished 1D ResNet, ready for new windows."""

from __future__ import annotations

from pathlib import Path

from integrations.core.training.inputs import waveform
from integrations.core.training.predictor import (
    NetworkPredictor,
    before,
    read_card,
    with_weights,
)
from integrations.resnet1d.config import Resnet1dConfig
from integrations.resnet1d.model import Resnet1d


def load(folder: Path, device: str) -> NetworkPredictor:
    """Read it; see the contract."""
    card = read_card(folder)
    config = Resnet1dConfig.model_validate(card["config"])
    model = Resnet1d(
        config, config.data.window_samples, len(card["channels"]), len(card["classes"])
    )
    return NetworkPredictor(
        card,
        with_weights(model, folder, device),
        lambda info: waveform(info, config.input, card.get("reference_shaft_hz")),
        before(lambda network: network.head[-1]),
        device,
        cam_layer=lambda network: network.stages[-1],
    )
