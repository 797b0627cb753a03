"""Grad-CAM: which stretch of its input a convolutional network looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from integrations.core.training.inputs import Inputs
from integrations.core.training.recipe import Objective

CAM_BINS = 128
TINY = 1e-12


def grad_cam(
    model: torch.nn.Module,
    layer: torch.nn.Module,
    inputs: Inputs,
    classes: torch.Tensor,
    objective: Objective,
) -> npt.NDArray[np.float32]:
    """Weigh a layer's maps by their gradients (Selvaraju et al. 2017).

    Args:
        model: The network; put into evaluation mode.
        layer: Convolution whose output is weighed, (n, channels, height, time).
        inputs: A batch.
        classes: Class whose score is explained, shape (n,).
        objective: Finds the scores in the network's output.

    Returns:
        Shape (n, height, time), from 0 to 1 in each window (all 0 where nothing spoke for it).
    """
    kept: list[torch.Tensor] = []

    def keep(_module: torch.nn.Module, _inputs: Any, output: torch.Tensor) -> None:
        kept.append(output)

    model.eval()
    hook = layer.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            scores = objective.scores(model(*inputs))
            chosen = scores.gather(1, classes[:, None]).sum()
            (gradient,) = torch.autograd.grad(chosen, kept[0])
    finally:
        hook.remove()
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    maps = (weights * kept[0].detach()).sum(dim=1).clamp(min=0).float()
    scaled = maps / maps.amax(dim=(1, 2), keepdim=True).clamp(min=TINY)
    return np.asarray(scaled.cpu().numpy())


def over_time(
    maps: npt.NDArray[np.float32], span: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    """Lay maps over the time of their windows, shape (n, CAM_BINS).

    Args:
        maps: Shape (n, height, time); the height is averaged.
        span: Share of each window that the network saw, shape (n,); the rest gets 0.
    """
    centres = (np.arange(CAM_BINS) + 0.5) / CAM_BINS
    rows = maps.mean(axis=1)
    known = (np.arange(rows.shape[1]) + 0.5) / rows.shape[1]
    laid = [
        np.interp(centres, known * share, row, right=None if share == 1.0 else 0.0)
        for row, share in zip(rows, span.tolist(), strict=True)
    ]
    lined = np.array(laid, dtype=np.float32).reshape(len(rows), CAM_BINS)
    return np.asarray(lined / np.maximum(lined.max(axis=1, keepdims=True), TINY))
