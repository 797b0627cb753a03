"""A finished 1D CNN, ready for new windows."""

from __future__ import annotations

from pathlib import Path

from integrations.cnn1d.config import Cnn1dConfig
from integrations.cnn1d.model import Cnn1d
from integrations.core.training.inputs import waveform
from integrations.core.training.predictor import (
    NetworkPredictor,
    before,
    read_card,
    with_weights,
)


def load(folder: Path, device: str) -> NetworkPredictor:
    """Read it; see the contract."""
    card = read_card(folder)
    config = Cnn1dConfig.model_validate(card["config"])
    model = Cnn1d(
        config.architecture, config.input.normalisation, config.data.window_samples,
        len(card["channels"]), len(card["classes"]),
    )  # fmt: skip
    return NetworkPredictor(
        card,
        with_weights(model, folder, device),
        lambda info: waveform(info, config.input, card.get("reference_shaft_hz")),
        before(lambda network: network.classifier[-1]),
        device,
        cam_layer=lambda network: network.blocks[-1][0],
    )
