"""A finished network read back and ready for new windows; a neural family says how it is built."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load
from torch import nn

from integrations.core.contract import TrainingError
from integrations.core.data.dataset import Dataset, DatasetInfo
from integrations.core.data.windows import WindowIndex, gather
from integrations.core.explain.gradcam import grad_cam, over_time
from integrations.core.training.inputs import Inputs, Prepare
from integrations.core.training.recipe import CrossEntropy, Objective

WEIGHTS_FILE, CARD_FILE = "model.safetensors", "model.json"
BATCH = 256
Describe = Callable[[nn.Module, Inputs], torch.Tensor]


def read_card(folder: Path) -> dict[str, Any]:
    """Read what a finished model says of itself.

    Raises:
        TrainingError: The file is missing or damaged.
    """
    try:
        card: dict[str, Any] = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        return card | {"classes": tuple(card["classes"]), "channels": tuple(card["channels"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable() from error


def with_weights(model: nn.Module, folder: Path, device: str) -> nn.Module:
    """Put stored weights into a network that was just built, ready to predict.

    Raises:
        TrainingError: They are missing, damaged or of another network.
    """
    try:
        model.load_state_dict(load((folder / WEIGHTS_FILE).read_bytes()))
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise _unreadable() from error
    return model.to(device).eval()


@dataclass
class NetworkPredictor:
    """A network in the form of ``contract.Predictor``.

    Attributes:
        card: What the model says of itself, see ``read_card``.
        model: Built and loaded, in evaluation mode.
        prepare_for: Makes the preparation of windows of a data set.
        describe: Gives what the network reduces prepared inputs to, shape (n, d).
        objective: Finds the class scores in what the network puts out.
        cam_layer: Finds the layer that Grad-CAM weighs, as in ``Recipe``.
        input_names: Of the prepared inputs, for an exported graph.
    """

    card: dict[str, Any]
    model: nn.Module
    prepare_for: Callable[[DatasetInfo], Prepare]
    describe: Describe
    device: str = "cpu"
    objective: Objective = CrossEntropy()  # noqa: RUF009 - it has no state
    cam_layer: Callable[[nn.Module], nn.Module] | None = None
    input_names: tuple[str, ...] = ("windows",)
    _prepared: tuple[DatasetInfo, Prepare] | None = None

    def __post_init__(self) -> None:
        """Take the facts of the contract from the card."""
        self.classes: tuple[str, ...] = self.card["classes"]
        self.channels: tuple[str, ...] = self.card["channels"]
        self.window_samples = int(self.card["config"]["data"]["window_samples"])
        self.sampling_rate_hz: float | None = self.card.get("sampling_rate_hz")

    def probability(self, data: Dataset, windows: WindowIndex) -> npt.NDArray[np.float64]:
        """Give class probabilities; see the contract."""
        scores = [self.scores(inputs).cpu() for inputs in self.inputs(data, windows)]
        if not scores:
            return np.zeros((0, len(self.classes)))
        return np.asarray(torch.softmax(torch.cat(scores).double(), dim=1).numpy())

    def features(self, data: Dataset, windows: WindowIndex) -> npt.NDArray[np.float32]:
        """Give what the last layer sees; see the contract."""
        with torch.inference_mode():
            found = [
                self.describe(self.model, inputs).float().cpu()
                for inputs in self.inputs(data, windows)
            ]
        return np.asarray(torch.cat(found).numpy()) if found else np.zeros((0, 1), np.float32)

    def attention(
        self, data: Dataset, windows: WindowIndex, classes: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32] | None:
        """Say what was looked at for a class per window, see ``explain.on_demand.Attentive``."""
        if self.cam_layer is None or not len(windows):
            return None
        layer, said = self.cam_layer(self.model), torch.from_numpy(classes).to(self.device)
        maps, done = [], 0
        for inputs in self.inputs(data, windows):
            some = said[done : done + len(inputs[0])]
            maps.append(grad_cam(self.model, layer, inputs, some, self.objective))
            done += len(some)
        spans = getattr(self._prepare(data.info), "span", None)
        span = np.ones(len(windows)) if spans is None else spans[windows.recording]
        return over_time(np.concatenate(maps), span)

    def scores(self, inputs: Inputs) -> torch.Tensor:
        """Give class scores of prepared inputs, shape (n, classes)."""
        with torch.inference_mode():
            return self.objective.scores(self.model(*inputs))

    def inputs(self, data: Dataset, windows: WindowIndex, batch: int = BATCH) -> Iterator[Inputs]:
        """Prepare windows, batch by batch.

        Raises:
            TrainingError: The recordings lack what the model needs to know of them.
        """
        prepare = self._prepare(data.info)
        for start in range(0, len(windows), batch):
            some = windows.take(np.arange(start, min(start + batch, len(windows))))
            made = prepare(torch.from_numpy(gather(data, some)), some)
            yield tuple(part.to(self.device) for part in made)

    def _prepare(self, info: DatasetInfo) -> Prepare:
        if self._prepared is None or self._prepared[0] is not info:
            self._prepared = (info, self.prepare_for(info))
        return self._prepared[1]


def before(layer: Callable[[nn.Module], nn.Module]) -> Describe:
    """Describe windows by what reaches a layer, usually the one that scores the classes."""

    def describe(model: nn.Module, inputs: Inputs) -> torch.Tensor:
        caught: list[torch.Tensor] = []
        hook = layer(model).register_forward_pre_hook(lambda _, given: caught.append(given[0]))
        try:
            model(*inputs)
        finally:
            hook.remove()
        return caught[0]

    return describe


def _unreadable() -> TrainingError:
    return TrainingError("The stored model is missing or damaged. Train it again.")
