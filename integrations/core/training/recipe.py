"""What a neural family adds to the shared training: its network, its inputs and its loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional

from integrations.core.training.augmentation import augment
from integrations.core.training.inputs import Inputs, Prepare
from integrations.core.training.settings import AugmentationConfig
from integrations.core.training.windows import WindowSource

Augment = Callable[[Inputs, AugmentationConfig, int, int, int], Inputs]
Finish = Callable[[nn.Module, WindowSource, WindowSource], dict[str, Any]]


def keep_as_trained(
    model: nn.Module, validation: WindowSource, test: WindowSource
) -> dict[str, Any]:
    """Change nothing and keep nothing more."""
    return {}


class Objective(Protocol):
    """What is minimised."""

    def loss(
        self,
        output: Any,
        labels: torch.Tensor,
        inputs: Inputs,
        weights: torch.Tensor | None,
        smoothing: float,
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Give the loss of a batch and its parts; a part is reported as train_… and val_…."""

    def scores(self, output: Any) -> torch.Tensor:
        """Give the class scores inside what the network put out, shape (n, classes)."""


class CrossEntropy:
    """Cross entropy of class scores, the network's only output."""

    def loss(
        self,
        output: torch.Tensor,
        labels: torch.Tensor,
        inputs: Inputs,
        weights: torch.Tensor | None,
        smoothing: float,
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Give the weighted, smoothed cross entropy; it has no parts."""
        entropy = functional.cross_entropy(
            output, labels, weight=weights, label_smoothing=smoothing
        )
        return entropy, {}

    def scores(self, output: torch.Tensor) -> torch.Tensor:
        """Give the output itself."""
        return output


def augment_waveform(
    inputs: Inputs, config: AugmentationConfig, seed: int, epoch: int, batch: int
) -> Inputs:
    """Shift, flip and blur the waveform; what stands beside it stays."""
    return (augment(inputs[0], config, seed, epoch, batch), *inputs[1:])


@dataclass(frozen=True)
class Recipe:
    """How one family trains.

    Attributes:
        family: Name stored with the model.
        build: Makes the untrained network from the training windows and the number of classes;
            it maps the inputs to class scores, shape (n, classes), or to what the objective reads.
        prepare: Turns windows, shape (n, channels, samples), into inputs; done once per window
            and kept in memory where that fits.
        augment: Changes a training batch at random, a function of (seed, epoch, batch) alone.
        cam_layer: Finds the layer whose maps, (n, c, 1, t) or (n, c, f, t), Grad-CAM weighs.
        finish: Called with the best weights, the validation and the test part before anything is
            predicted: sets what is chosen on the validation part, and gives extras.
        bf16: The family's network was measured to gain from bfloat16.
        start_from: Experiment whose weights are the start; 0 for random ones.
        card: What else must be known to use the finished model on new recordings (JSON).
    """

    family: str
    build: Callable[[WindowSource, int], nn.Module]
    prepare: Prepare
    augment: Augment = augment_waveform
    objective: Objective = field(default_factory=CrossEntropy)
    cam_layer: Callable[[nn.Module], nn.Module] | None = None
    finish: Finish = keep_as_trained
    bf16: bool = False
    start_from: int = 0
    card: dict[str, Any] = field(default_factory=dict)
