"""The table a learner sees of windows: standard features, physics scores, or MiniRocket."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from integrations.classical.config import ClassicalConfig, FeatureSet, ModelKind, feature_names
from integrations.classical.model import Table
from integrations.core.contract import TrainingError
from integrations.core.data.dataset import Dataset
from integrations.core.data.windows import WindowIndex, gather
from integrations.core.signal.features import compute_features
from integrations.core.signal.minirocket import SHORTEST_WINDOW, MiniRocket, fit_minirocket
from integrations.core.signal.orders import missing_for_scores, physics_scores

FloatArray = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]


class Inputs:
    """Makes tables of one data set; MiniRocket is fitted on the first one, the training part's.

    Attributes:
        names: Of the columns; () for MiniRocket.
        minirocket: The fitted transform, or None.
    """

    def __init__(self, config: ClassicalConfig, data: Dataset) -> None:
        self.names = feature_names(config, data.info)
        self.minirocket: MiniRocket | None = None
        self._config = config
        self._data = data
        if config.model.kind is ModelKind.MINIROCKET:
            if config.data.window_samples < SHORTEST_WINDOW:
                raise TrainingError(
                    f"MiniRocket needs windows of at least {SHORTEST_WINDOW} samples. "
                    "Choose longer ones."
                )
        elif config.features.set is not FeatureSet.STANDARD:
            missing = missing_for_scores(data.info)
            if missing:
                raise TrainingError(
                    f"Physics features need {' and '.join(missing)}. Add it to the data set, or "
                    "choose the standard features."
                )

    def table(
        self,
        index: WindowIndex,
        progress: Progress = lambda done, total: None,
        windows: FloatArray | None = None,
    ) -> Table:
        """Compute the table of windows, shape (n, columns).

        Args:
            index: Which windows.
            progress: Called with (done, in all) now and then.
            windows: Samples to take in place of the stored ones.
        """
        if self._config.model.kind is ModelKind.MINIROCKET:
            return self._convolved(index, progress, windows)
        wanted, parts = self._config.features.set, []
        if wanted is not FeatureSet.STANDARD:
            parts.append(physics_scores(self._data, index, progress, windows))
        if wanted is not FeatureSet.PHYSICS:
            parts.append(compute_features(self._data, index, progress, windows))
        return np.concatenate(parts, axis=1).astype(np.float64)

    def _convolved(
        self, index: WindowIndex, progress: Progress, windows: FloatArray | None
    ) -> Table:
        samples = gather(self._data, index) if windows is None else windows
        if self.minirocket is None:
            self.minirocket = fit_minirocket(samples, self._config.model.kernels, self._config.seed)
        return self.minirocket.transform(samples, lambda done: progress(done, len(samples)))
