"""What the layers of a network answer to a few telling windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
LARGEST = 60_000.0
"""Maps are kept in half precision, which ends a little above."""


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
    return {
        "activity_layers": list(layers),
        "activity_mean": np.array([answer.mean for answer in answers]),
        "activity_silent": np.array([answer.silent for answer in answers]),
        "activation_windows": kept,
        **_maps(list(layers), answers, kept),
    }


@dataclass(frozen=True)
class Answer:
    """What a layer answered to all windows, without its full maps: deep networks have many.

    Attributes:
        mean: Over windows, channels and time.
        silent: Share of channels above zero nowhere.
        strength: Mean of each channel, shape (channels,).
        coarse: Largest values in up to BINS stretches, shape (n, channels, bins).
    """

    mean: float
    silent: float
    strength: torch.Tensor
    coarse: torch.Tensor


def _answer(output: torch.Tensor) -> Answer:
    maps = output.detach().float().squeeze(2)
    coarse = functional.adaptive_max_pool1d(maps, min(BINS, maps.shape[2])).cpu()
    strength = maps.mean(dim=(0, 2)).cpu()
    silent = (coarse.amax(dim=(0, 2)) <= 0).float().mean()
    return Answer(float(strength.mean()), float(silent), strength, coarse)


def _answers(model: torch.nn.Module, layers: list[torch.nn.Module], inputs: Inputs) -> list[Answer]:
    """Run the network once and sum up what each layer gave."""
    found: dict[int, Answer] = {}

    def keeper(number: int) -> Any:
        def keep(_module: torch.nn.Module, _inputs: Any, output: torch.Tensor) -> None:
            found[number] = _answer(output)

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


def _maps(names: list[str], answers: list[Answer], kept: IntArray) -> dict[str, Any]:
    """Coarse maps of the first, a middle and the last layer."""
    places = np.unique(np.linspace(0, len(names) - 1, MAPPED_LAYERS).round().astype(int)).tolist()
    extras: dict[str, Any] = {"activation_layers": [names[i] for i in places]}
    for number, place in enumerate(places):
        answer = answers[place]
        strongest = answer.strength.argsort(descending=True)[:MOST_CHANNELS]
        channels = strongest.sort().values.numpy()
        maps = answer.coarse.numpy()[kept][:, channels].clip(max=LARGEST)
        extras[f"activations_{number}"] = maps.astype(np.float16)
        extras[f"activation_channels_{number}"] = channels
    return extras
