"""A finished transformer, ready for new windows."""

from __future__ import annotations

from pathlib import Path

from integrations.core.training.inputs import waveform
from integrations.core.training.predictor import (
    NetworkPredictor,
    before,
    read_card,
    with_weights,
)
from integrations.transformer.config import TransformerConfig
from integrations.transformer.model import Transformer


def load(folder: Path, device: str) -> NetworkPredictor:
    """Read it; see the contract."""
    card = read_card(folder)
    config = TransformerConfig.model_validate(card["config"])
    model = Transformer(
        config.architecture, config.input.normalisation, config.data.window_samples,
        len(card["channels"]), len(card["classes"]),
    )  # fmt: skip
    return NetworkPredictor(
        card,
        with_weights(model, folder, device),
        lambda info: waveform(info, config.input, card.get("reference_shaft_hz")),
        before(lambda network: network.classifier),
        device,
    )
