"""A small network on the waveform beside a linear head on physics scores, fused at the end."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from integrations.core.training.layers import Normalise, as_rows, conv
from integrations.core.training.settings import Normalisation
from integrations.pinn.config import HIDDEN, ArchitectureConfig, Layer, features_out, layer_plan

MOST_DEVIATIONS = 6.0
"""Standardised scores are cut here, so that one odd line does not outvote all others."""


class Output(NamedTuple):
    """What the network puts out for n windows.

    Attributes:
        fused: Class scores that count, (n, classes).
        network: Scores of the network alone, (n, classes).
        physics: Scores of the physics head alone, (n, classes).
        sommerfeld: Standardised log Sommerfeld number told from the waveform, (n,).
        strength: Share of their full weight that the physics losses have reached, ().
    """

    fused: torch.Tensor
    network: torch.Tensor
    physics: torch.Tensor
    sommerfeld: torch.Tensor
    strength: torch.Tensor


class PlainNetwork(nn.Module):
    """The network without any physics: the ablation, and the waveform's half of the whole.

    A compact WDCNN (Zhang et al. 2017) with mean and maximum pooling over time.
    """

    def __init__(
        self,
        config: ArchitectureConfig,
        normalisation: Normalisation,
        window_samples: int,
        channels: int,
        n_classes: int,
    ) -> None:
        super().__init__()
        plan = layer_plan(config, window_samples, channels)
        self.normalise = Normalise(normalisation, channels)
        self.blocks = nn.Sequential(*(_block(layer) for layer in plan))
        self.classifier = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(features_out(plan), HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, n_classes),
        )
        self.n_features = features_out(plan)
        self.to(memory_format=torch.channels_last)

    def features(self, windows: torch.Tensor) -> torch.Tensor:
        """Describe windows, shape (n, channels, samples) to (n, n_features)."""
        maps = self.blocks(as_rows(self.normalise(windows))).squeeze(2)
        return torch.cat([maps.mean(dim=2), maps.amax(dim=2)], dim=1)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Score windows, shape (n, channels, samples) to (n, classes)."""
        return self.classifier(self.features(windows))


class ScoresHead(nn.Module):
    """Linear on standardised physics scores; fitted once in closed form, then left alone."""

    mean: torch.Tensor
    deviation: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, n_scores: int, n_classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_scores))
        self.register_buffer("deviation", torch.ones(n_scores))
        self.register_buffer("weight", torch.zeros(n_classes, n_scores))
        self.register_buffer("bias", torch.zeros(n_classes))

    def standardised(self, scores: torch.Tensor) -> torch.Tensor:
        """Scale scores, shape (n, n_scores), by what the training part showed."""
        scaled = (scores - self.mean) / self.deviation
        return scaled.clamp(-MOST_DEVIATIONS, MOST_DEVIATIONS)

    def forward(self, scores: torch.Tensor) -> torch.Tensor:
        """Score classes, shape (n, n_scores) to (n, classes)."""
        return functional.linear(self.standardised(scores), self.weight, self.bias)


class PhysicsInformed(nn.Module):
    """Network and physics head side by side; their scores meet only at the end.

    Joining scores and waveform features inside one network let the waveform drown the scores on
    machines it had not seen, so each head stays able to decide alone.

    Attributes:
        share: Weight of the network in the fused scores, 0 to 1.
        sharpness: What the physics head's scores are multiplied by in the fusion.
        steps: Training batches seen; the ramp of the physics losses counts them.
    """

    share: torch.Tensor
    sharpness: torch.Tensor
    steps: torch.Tensor

    def __init__(
        self, network: PlainNetwork, n_scores: int, n_classes: int, ramp_steps: int
    ) -> None:
        super().__init__()
        self.network = network
        self.scores_head = ScoresHead(n_scores, n_classes)
        self.sommerfeld_head = nn.Sequential(
            nn.Linear(network.n_features, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1)
        )
        self._ramp_steps = max(1, ramp_steps)
        self.register_buffer("share", torch.tensor(0.5))
        self.register_buffer("sharpness", torch.tensor(1.0))
        self.register_buffer("steps", torch.tensor(0))

    def forward(
        self,
        windows: torch.Tensor,
        scores: torch.Tensor,
        prior: torch.Tensor,
        *_for_the_loss: torch.Tensor,
    ) -> Output:
        """Score windows.

        Args:
            windows: Shape (n, channels, samples).
            scores: Physics scores, shape (n, n_scores).
            prior: Log prior of the classes from the operating point, shape (n, classes).
            _for_the_loss: Further inputs that only the objective reads.
        """
        strength = (self.steps / self._ramp_steps).clamp(max=1.0)
        if self.training:
            self.steps += 1
        features = self.network.features(windows)
        network = self.network.classifier(features) + prior
        physics = self.scores_head(scores) + prior
        return Output(
            fused=fuse(network, physics, self.share, self.sharpness),
            network=network,
            physics=physics,
            sommerfeld=self.sommerfeld_head(features).squeeze(1),
            strength=strength,
        )


def fuse(
    network: torch.Tensor, physics: torch.Tensor, share: torch.Tensor, sharpness: torch.Tensor
) -> torch.Tensor:
    """Join two heads' scores: a weighted geometric mean of their probabilities, as logarithms."""
    first = functional.log_softmax(network, dim=1)
    second = functional.log_softmax(physics * sharpness, dim=1)
    return share * first + (1 - share) * second


def _block(layer: Layer) -> nn.Sequential:
    parts: list[nn.Module] = [
        *conv(layer.channels_in, layer.channels_out, layer.kernel, layer.stride),
        nn.ReLU(),
    ]
    if layer.pool > 1:
        parts.append(nn.MaxPool2d((1, layer.pool)))
    return nn.Sequential(*parts)
