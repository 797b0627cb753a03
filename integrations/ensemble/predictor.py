"""A finished ensemble, ready for new windows: its members, and how they are weighed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictor, TrainingError
from integrations.core.data.dataset import Dataset
from integrations.core.data.windows import WindowIndex
from integrations.ensemble.combine import LEAST_PROBABILITY, Average, FloatArray, Stack

CARD_FILE = "model.json"


def read_card(folder: Path) -> dict[str, Any]:
    """Read who the members are and how they are weighed.

    Raises:
        TrainingError: The file is missing or damaged.
    """
    try:
        card: dict[str, Any] = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        return card | {"used": _used(card)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError("The stored ensemble is missing or damaged. Run it again.") from error


class EnsemblePredictor:
    """Members that decide together; one without weight is not asked."""

    def __init__(self, card: dict[str, Any], members: Mapping[int, Predictor]) -> None:
        self.card = card
        self._asked = [members[number] for number in card["used"]]
        self._model = _model(card)
        self.classes: tuple[str, ...] = tuple(card["classes"])
        self.channels: tuple[str, ...] = tuple(card["channels"])
        self.window_samples = int(card["config"]["data"]["window_samples"])
        rates = {member.sampling_rate_hz for member in self._asked}
        self.sampling_rate_hz = rates.pop() if len(rates) == 1 else None

    def probability(self, data: Dataset, windows: WindowIndex) -> npt.NDArray[np.float64]:
        """Give class probabilities; see the contract."""
        return self._model.probability(self._said(data, windows))

    def features(self, data: Dataset, windows: WindowIndex) -> npt.NDArray[np.float32]:
        """Give the members' log probabilities, all that an ensemble sees of a window."""
        said = np.log(self._said(data, windows).clip(min=LEAST_PROBABILITY))
        return np.concatenate(list(said), axis=1).astype(np.float32)

    def _said(self, data: Dataset, windows: WindowIndex) -> FloatArray:
        return np.stack([member.probability(data, windows) for member in self._asked])


def _used(card: dict[str, Any]) -> list[int]:
    if card["stack"] is not None:
        return [int(number) for number in card["stack"]["members"]]
    return [int(member["id"]) for member in card["members"] if member["weight"] > 0]


def _model(card: dict[str, Any]) -> Average | Stack:
    stack = card["stack"]
    if stack is not None:
        return Stack(np.array(stack["coefficients"]), np.array(stack["bias"]))
    weights = np.array([member["weight"] for member in card["members"]], dtype=np.float64)
    return Average(weights[weights > 0])
