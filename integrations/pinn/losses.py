"""What is minimised: cross entropy, missing lines, and the error of the Sommerfeld number."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from integrations.core.training.inputs import Inputs
from integrations.pinn.model import Output

SHORTFALL, TARGET = 3, 4
"""Places among the inputs: how far required lines stay below the margin, and log S."""


def frequency_loss(probability: torch.Tensor, shortfall: torch.Tensor) -> torch.Tensor:
    """Charge probability given to a class whose required lines are missing.

    p_k softplus(m − q_k), averaged over windows and summed over classes that require lines. It is
    one-sided: a line that stands out more than the margin, or one that no class asked for, costs
    next to nothing.

    Args:
        probability: Shape (n, classes).
        shortfall: m − q_k in nepers, shape (n, classes); −inf for a class that requires no line.
    """
    return (probability * functional.softplus(shortfall)).sum(dim=1).mean()


def sommerfeld_loss(told: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean squared error over the windows whose target is known (finite); 0 where none is."""
    known = torch.isfinite(target)
    error = torch.where(known, told - torch.where(known, target, told.detach()), 0.0)
    return error.square().sum() / known.sum().clamp(min=1)


@dataclass(frozen=True)
class PhysicsObjective:
    """Cross entropy of the network plus λ times what physics has to say.

    The physics head is not in the loss: it was fitted before. While training, each head counts
    half in the scores that are reported.

    Attributes:
        strength: λ.
        sommerfeld: Weight of the Sommerfeld error within the physics losses.
    """

    strength: float
    sommerfeld: float

    def loss(
        self,
        output: Output,
        labels: torch.Tensor,
        inputs: Inputs,
        weights: torch.Tensor | None,
        smoothing: float,
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Give the loss of a batch and its two physics parts, unweighted."""
        entropy = functional.cross_entropy(
            output.network, labels, weight=weights, label_smoothing=smoothing
        )
        probability = torch.softmax(output.network, dim=1)
        lines = frequency_loss(probability, inputs[SHORTFALL])
        sommerfeld = sommerfeld_loss(output.sommerfeld, inputs[TARGET].squeeze(1))
        physics = lines + self.sommerfeld * sommerfeld
        loss = entropy + self.strength * output.strength * physics
        return loss, {"line_loss": lines, "sommerfeld_loss": sommerfeld}

    def scores(self, output: Output) -> torch.Tensor:
        """Give the fused class scores, shape (n, classes)."""
        return output.fused
