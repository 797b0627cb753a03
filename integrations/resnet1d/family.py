"""The 1D ResNet as the bench sees it."""

from __future__ import annotations

from pathlib import Path

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
from integrations.resnet1d.config import Resnet1dConfig
from integrations.resnet1d.panels import panels

FEW_RECORDINGS = 10


class Resnet1dFamily:
    """A deep residual network that learns from the raw waveform."""

    name = "resnet1d"
    title = "1D ResNet"
    summary = "A deep residual network on the waveform. For many windows, or to go on from a run."
    kind = "signal"
    Config: type[FamilyConfig] = Resnet1dConfig

    def problems(self, info: DatasetInfo) -> list[Problem]:
        """Say why a data set does not suit a deep network."""
        if info.kind != self.kind:
            text = f"The 1D ResNet learns from signals; “{info.name}” holds records of {info.kind}."
            return [Problem(Severity.ERROR, text)]
        if len(info.recordings) < FEW_RECORDINGS:
            text = (
                f"Only {len(info.recordings)} recordings: a deep network may learn the recordings "
                "rather than the classes. Compare it with classical features."
            )
            return [Problem(Severity.WARNING, text)]
        return []

    def fit(self, config: FamilyConfig, data: Dataset, context: RunContext) -> FitResult:
        """Train; see the contract."""
        from integrations.resnet1d.train import fit

        assert isinstance(config, Resnet1dConfig)  # noqa: S101 - narrows for the type checker
        return fit(config, data, context)

    def load(self, folder: Path, device: str = "cpu") -> Predictor:
        """Read a finished model; see the contract."""
        from integrations.resnet1d.predictor import load

        return load(folder, device)

    def panels(self, result: StoredResult) -> list[Chart]:
        """Draw gradient flow, layer statistics, first filters and activations."""
        return panels(result)


FAMILY = Resnet1dFamily()
