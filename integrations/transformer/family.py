"""The transformer as the bench sees it."""

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
from integrations.transformer.config import TransformerConfig
from integrations.transformer.panels import panels

FEW_RECORDINGS = 20


class TransformerFamily:
    """Self-attention over pieces of the waveform."""

    name = "transformer"
    title = "Transformer"
    summary = "Weighs pieces of the waveform against one another. Needs many windows."
    kind = "signal"
    Config: type[FamilyConfig] = TransformerConfig

    def problems(self, info: DatasetInfo) -> list[Problem]:
        """Say why a data set does not suit a transformer."""
        if info.kind != self.kind:
            text = (
                f"The transformer learns from signals; “{info.name}” holds records of {info.kind}."
            )
            return [Problem(Severity.ERROR, text)]
        if len(info.recordings) < FEW_RECORDINGS:
            text = (
                f"Only {len(info.recordings)} recordings: a transformer needs more data than a "
                "convolutional network. Compare it with the 1D CNN and classical features."
            )
            return [Problem(Severity.WARNING, text)]
        return []

    def fit(self, config: FamilyConfig, data: Dataset, context: RunContext) -> FitResult:
        """Train; see the contract."""
        from integrations.transformer.train import fit

        assert isinstance(config, TransformerConfig)  # noqa: S101 - narrows for the type checker
        return fit(config, data, context)

    def load(self, folder: Path, device: str = "cpu") -> Predictor:
        """Read a finished model; see the contract."""
        from integrations.transformer.predictor import load

        return load(folder, device)

    def panels(self, result: StoredResult) -> list[Chart]:
        """Draw attention over time and how the heads differ."""
        return panels(result)


FAMILY = TransformerFamily()
