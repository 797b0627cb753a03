"""Watches every layer of a network: gradients, weights and how far a step moves them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from integrations.core.training.callbacks import Callback
from integrations.core.training.state import TrainState

MOST_LAYERS = 128


class LayerStatistics(Callback):
    """Takes the last batch of every epoch as a sample; costs one pass over the weights.

    The update ratio is the length of an AdamW step relative to the weights' length; about 1e-3 is
    usual for a network that learns well.
    """

    def __init__(self) -> None:
        self._rows: list[list[list[float]]] = []
        self._names: list[str] = []

    def on_epoch_end(self, state: TrainState) -> None:
        """Measure the layers as the epoch's last step left them."""
        layers = [(n, p) for n, p in state.model.named_parameters() if p.ndim > 1][:MOST_LAYERS]
        self._names = [name.removesuffix(".weight") for name, _ in layers]
        rate = state.learning_rate.at(max(0, state.step - 1))
        self._rows.append([_measured(p, state.optimizer, rate) for _, p in layers])

    def extras(self) -> dict[str, Any]:
        """Give names and arrays of shape (epochs, layers) for a family's panels."""
        table = np.array(self._rows, dtype=np.float64).reshape(len(self._rows), -1, 3)
        keys = ("gradient_norm", "weight_norm", "update_ratio")
        return {"layer_names": self._names} | {k: table[:, :, i] for i, k in enumerate(keys)}

    def state_dict(self) -> dict[str, Any]:
        """The epochs measured so far."""
        return {"rows": self._rows, "names": self._names}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the epochs of a checkpoint."""
        self._rows, self._names = list(state["rows"]), list(state["names"])


def _measured(weight: torch.Tensor, optimizer: torch.optim.Optimizer, rate: float) -> list[float]:
    """Gradient norm, weight norm and update ratio of one layer."""
    norm = float(weight.detach().norm())
    gradient = 0.0 if weight.grad is None else float(weight.grad.norm())
    step = _adam_step(weight, optimizer, rate)
    return [gradient, norm, step / max(norm, 1e-12)]


def _adam_step(weight: torch.Tensor, optimizer: torch.optim.Optimizer, rate: float) -> float:
    """Length of the newest step, from the optimizer's moments (Loshchilov & Hutter 2019)."""
    moments = optimizer.state.get(weight)
    if not moments:
        return 0.0
    group = next(g for g in optimizer.param_groups if any(p is weight for p in g["params"]))
    (beta1, beta2), count = group["betas"], float(moments["step"])
    first = moments["exp_avg"] / (1 - beta1**count)
    second = (moments["exp_avg_sq"] / (1 - beta2**count)).sqrt() + group["eps"]
    return rate * float((first / second + group["weight_decay"] * weight.detach()).norm())
