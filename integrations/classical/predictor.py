"""A finished classical model, ready for new windows; neither torch nor scikit-learn is needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from integrations.classical.config import ClassicalConfig
from integrations.classical.inputs import Inputs
from integrations.classical.model import Table
from integrations.classical.stored import StoredModel, read_model
from integrations.core.contract import TrainingError
from integrations.core.data.dataset import Dataset
from integrations.core.data.windows import WindowIndex

ROWS = 2048
"""Windows whose features are computed at once."""


class ClassicalPredictor:
    """A stored model with the features in front of it."""

    def __init__(self, stored: StoredModel) -> None:
        card = stored.card
        self.card = card
        self.classes: tuple[str, ...] = tuple(card["classes"])
        self.channels: tuple[str, ...] = tuple(card["channels"])
        self.window_samples = int(card["samples"])
        self.sampling_rate_hz: float | None = card.get("sampling_rate_hz")
        self._stored = stored
        self._config = ClassicalConfig.model_validate(card["config"])

    def probability(self, data: Dataset, windows: WindowIndex) -> npt.NDArray[np.float64]:
        """Give class probabilities; see the contract."""
        tables = self._tables(data, windows)
        found = [self._stored.probability(table) for table in tables]
        return np.concatenate(found) if found else np.zeros((0, len(self.classes)))

    def features(self, data: Dataset, windows: WindowIndex) -> npt.NDArray[np.float32]:
        """Give the columns the learner sees, made comparable; see the contract."""
        found = [self._stored.used(table) for table in self._tables(data, windows)]
        return np.concatenate(found).astype(np.float32) if found else np.zeros((0, 1), np.float32)

    def _tables(self, data: Dataset, windows: WindowIndex) -> list[Table]:
        inputs = Inputs(self._config, data)
        inputs.minirocket = self._stored.minirocket
        self._check(inputs.names)
        return [
            inputs.table(windows.take(np.arange(start, min(start + ROWS, len(windows)))))
            for start in range(0, len(windows), ROWS)
        ]

    def _check(self, names: tuple[str, ...]) -> None:
        wanted = tuple(self.card["features"])
        if names == wanted:
            return
        missing = [name for name in wanted if name not in names]
        example = f", e.g. “{missing[0]}”" if missing else ""
        raise TrainingError(
            f"The model needs features that these recordings do not give{example}. Give the same "
            "channels, sampling rate, speed (rpm) and bearing data as those it was trained on."
        )


def load(folder: Path) -> ClassicalPredictor:
    """Read it; see the contract."""
    try:
        return ClassicalPredictor(read_model(folder))
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError("The stored model is missing or damaged. Train it again.") from error
