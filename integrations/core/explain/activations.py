"""What the layers of a network answer to a few telling windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from integrations.core.data.dataset import Dataset
from integrations.core.data.windows import IntArray, WindowIndex
from integrations.core.training.inputs import Inputs, Prepare
from integrations.core.training.windows import WindowSource

MOST_KEPT = 8
MOST_CHANNELS = 64
BINS = 128
MAPPED_LAYERS = 3


def activation_extras(
    model: torch.nn.Module,
    layers: Mapping[str, torch.nn.Module],
    explained: Mapping[str, Any],
    data: Dataset,
    window_samples: int,
    prepare: Prepare,
) -> dict[str, Any]:
    """Run the explained windows through a network and keep coarse maps of a few layers.

    Args:
        model: A trained network.
        layers: Layers by name, first to last, each giving (n, channels, 1, time), not negative.
        explained: Extras of ``integrations.core.explain.explain``.
        data: Where the windows lie.
        window_samples: Length of a window.
        prepare: Makes the network's inputs.

    Returns:
        For ``FitResult.extras``; {} when nothing was explained. ``activity_layers`` with
        ``activity_mean`` and ``activity_silent`` (the share of channels above zero nowhere), shape
        (layers,), over all explained windows; ``activation_windows``, positions among the
        explained ones of those kept; ``activation_layers``, and per layer i of them
        ``activations_<i>``, shape (kept, channels, bins), with ``activation_channels_<i>``.
    """
    if not len(explained.get("explained_start", ())):
        return {}
    index = WindowIndex(
        explained["explained_recording"], explained["explained_start"], window_samples
    )
    device = str(next(model.parameters()).device)
    inputs, _ = WindowSource(data, index, device, prepare).take(np.arange(len(index)))
    answers = _answers(model, list(layers.values()), inputs)
    kept = _kept(explained["explained_predicted"] == explained["explained_truth"])
    silent = [float((a.amax(dim=(0, 2)) <= 0).float().mean()) for a in answers]
    return {
        "activity_layers": list(layers),
        "activity_mean": np.array([float(a.mean()) for a in answers]),
        "activity_silent": np.array(silent),
        "activation_windows": kept,
        **_maps(list(layers), [answer[kept] for answer in answers]),
    }


def _answers(
    model: torch.nn.Module, layers: list[torch.nn.Module], inputs: Inputs
) -> list[torch.Tensor]:
    """Outputs of the layers, each of shape (n, channels, time)."""
    found: dict[int, torch.Tensor] = {}

    def keeper(number: int) -> Any:
        def keep(_module: torch.nn.Module, _inputs: Any, output: torch.Tensor) -> None:
            found[number] = output.detach().float().cpu().squeeze(2).clone()

        return keep

    hooks = [layer.register_forward_hook(keeper(i)) for i, layer in enumerate(layers)]
    model.eval()
    try:
        with torch.inference_mode():
            model(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return [found[number] for number in range(len(layers))]


def _kept(hit: np.ndarray) -> IntArray:
    """Half mistakes and half hits where there are enough of both, in the order they have."""
    mistakes, hits = np.flatnonzero(~hit), np.flatnonzero(hit)
    n_mistakes = min(len(mistakes), max(MOST_KEPT // 2, MOST_KEPT - len(hits)))
    chosen = np.concatenate([mistakes[:n_mistakes], hits[: MOST_KEPT - n_mistakes]])
    return chosen.astype(np.int64)


def _maps(names: list[str], answers: list[torch.Tensor]) -> dict[str, Any]:
    """Coarse maps of the first, a middle and the last layer."""
    places = np.unique(np.linspace(0, len(names) - 1, MAPPED_LAYERS).round().astype(int)).tolist()
    extras: dict[str, Any] = {"activation_layers": [names[i] for i in places]}
    for number, place in enumerate(places):
        answer = answers[place]
        strongest = answer.mean(dim=(0, 2)).argsort(descending=True)[:MOST_CHANNELS]
        channels = strongest.sort().values
        bins = min(BINS, answer.shape[2])
        coarse = functional.adaptive_max_pool1d(answer[:, channels], bins)
        extras[f"activations_{number}"] = coarse.numpy().astype(np.float16)
        extras[f"activation_channels_{number}"] = channels.numpy()
    return extras
