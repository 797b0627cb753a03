"""A finished physics-informed network, ready for new windows."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from integrations.core.contract import TrainingError
from integrations.core.data.dataset import DatasetInfo
from integrations.core.signal.machine import bearing_kind
from integrations.core.signal.orders import score_names
from integrations.core.training.inputs import Inputs, Prepare, waveform
from integrations.core.training.predictor import (
    NetworkPredictor,
    before,
    read_card,
    with_weights,
)
from integrations.pinn.config import PinnConfig
from integrations.pinn.inputs import PhysicsInputs
from integrations.pinn.lines import required_lines
from integrations.pinn.losses import PhysicsObjective
from integrations.pinn.model import PhysicsInformed, PlainNetwork

RAMP_OVER = 1
"""Steps of the ramp of the physics losses; it means nothing to a finished model."""


def load(folder: Path, device: str) -> NetworkPredictor:
    """Read it; see the contract."""
    card = read_card(folder)
    config = PinnConfig.model_validate(card["config"])
    classes: tuple[str, ...] = card["classes"]
    network = PlainNetwork(
        config.architecture, config.input.normalisation, config.data.window_samples,
        len(card["channels"]), len(classes),
    )  # fmt: skip
    reference: float | None = card.get("reference_shaft_hz")
    if config.physics.lambda_physics == 0:
        return NetworkPredictor(
            card,
            with_weights(network, folder, device),
            lambda info: waveform(info, config.input, reference),
            before(lambda model: model.classifier[-1]),
            device,
            cam_layer=lambda model: model.blocks[-1][0],
        )
    names = tuple(card.get("scores", ()))
    if not names:
        raise TrainingError(
            "This model was trained before version 0.4 and did not keep which physics scores it "
            "reads. Train it again to use it on new recordings."
        )

    def prepare_for(info: DatasetInfo) -> Prepare:
        _refuse_other_scores(names, score_names(info))
        lines = required_lines(classes, bearing_kind(info), config.physics.required_lines)
        return PhysicsInputs(info, config, lines, classes, reference)

    whole = PhysicsInformed(network, len(names), len(classes), RAMP_OVER)
    return NetworkPredictor(
        card,
        with_weights(whole, folder, device),
        prepare_for,
        _described,
        device,
        PhysicsObjective(config.physics.lambda_physics, config.physics.sommerfeld_weight),
        cam_layer=lambda model: model.network.blocks[-1][0],
        input_names=("windows", "scores", "prior", "shortfall", "sommerfeld"),
    )


def _described(model: nn.Module, inputs: Inputs) -> torch.Tensor:
    """Join what reaches the network's last layer with the standardised physics scores."""
    assert isinstance(model, PhysicsInformed)  # noqa: S101 - narrows for the type checker
    learnt = before(lambda whole: whole.network.classifier[-1])(model, inputs)
    return torch.cat([learnt, model.scores_head.standardised(inputs[1])], dim=1)


def _refuse_other_scores(wanted: tuple[str, ...], given: tuple[str, ...]) -> None:
    if given != wanted:
        raise TrainingError(
            "The physics scores of these recordings are not those of the training data. Give the "
            "same channels, and the sampling rate, the rpm and the bearing data of every recording."
        )
