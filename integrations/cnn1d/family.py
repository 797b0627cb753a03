"""The 1D CNN as the bench sees it."""

from __future__ import annotations

from pathlib import Path

from integrations.cnn1d.config import Cnn1dConfig
from integrations.cnn1d.panels import panels
from integrations.core.config import FamilyConfig
from integrations.core.contract import (
    FitResult,
    Predictor,
    Problem,
    RunContext,
    Severity,
    StoredResult,
)
from integrations.core.data.dataset import Dataset, DatasetInfo
from integrations.core.figures.chart import Chart

FEW_RECORDINGS = 10


class Cnn1dFamily:
    """A convolutional network that learns from the raw waveform."""

    name = "cnn1d"
    title = "1D CNN"
    summary = "Learns its own filters from the raw waveform. Best with hundreds of windows."
    kind = "signal"
    Config: type[FamilyConfig] = Cnn1dConfig

    def problems(self, info: DatasetInfo) -> list[Problem]:
        """Say why a data set does not suit a convolutional network."""
        if info.kind != self.kind:
            text = f"The 1D CNN learns from signals; “{info.name}” holds records of {info.kind}."
            return [Problem(Severity.ERROR, text)]
        if len(info.recordings) < FEW_RECORDINGS:
            text = (
                f"Only {len(info.recordings)} recordings: a network may learn the recordings "
                "rather than the classes. Compare it with classical features."
            )
            return [Problem(Severity.WARNING, text)]
        return []

    def fit(self, config: FamilyConfig, data: Dataset, context: RunContext) -> FitResult:
        """Train; see the contract."""
        from integrations.cnn1d.train import fit

        assert isinstance(config, Cnn1dConfig)  # noqa: S101 - narrows for the type checker
        return fit(config, data, context)

    def load(self, folder: Path, device: str = "cpu") -> Predictor:
        """Read a finished model; see the contract."""
        from integrations.cnn1d.predictor import load

        return load(folder, device)

    def panels(self, result: StoredResult) -> list[Chart]:
        """Draw the first filters, and what layers answer to telling windows."""
        return panels(result)


FAMILY = Cnn1dFamily()
