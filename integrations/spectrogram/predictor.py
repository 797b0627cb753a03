"""A finished spectrogram network, ready for new windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from integrations.core.training.inputs import waveform
from integrations.core.training.predictor import (
    NetworkPredictor,
    before,
    read_card,
    with_weights,
)
from integrations.spectrogram.config import SpectrogramConfig
from integrations.spectrogram.images import Images, transformed
from integrations.spectrogram.model import SpectrogramNet


def load(folder: Path, device: str) -> NetworkPredictor:
    """Read it; see the contract."""
    card = read_card(folder)
    config = SpectrogramConfig.model_validate(card["config"])
    samples = config.data.window_samples
    silence = np.zeros((1, samples), dtype=np.float32)
    shape = (len(card["channels"]), transformed(silence, config.transform).power.shape[1])
    model = SpectrogramNet(
        config.architecture, config.input.normalisation, shape, samples, len(card["classes"])
    )
    return NetworkPredictor(
        card,
        with_weights(model, folder, device),
        lambda info: Images(config, waveform(info, config.input, card.get("reference_shaft_hz"))),
        before(lambda network: network.classifier[-1]),
        device,
        cam_layer=lambda network: network.get_submodule("blocks")[-1],
        input_names=("images", "windows"),
    )
