"""The spectrogram family as the bench sees it."""

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
from integrations.spectrogram.config import SpectrogramConfig
from integrations.spectrogram.panels import panels

FEW_RECORDINGS = 10


class SpectrogramFamily:
    """A two-dimensional network that looks at power over frequency and time."""

    name = "spectrogram"
    title = "Spectrogram CNN"
    summary = "Looks at images of power over frequency and time. Strong where load changes."
    kind = "signal"
    Config: type[FamilyConfig] = SpectrogramConfig

    def problems(self, info: DatasetInfo) -> list[Problem]:
        """Say why a data set does not suit images of frequency and time."""
        if info.kind != self.kind:
            text = (
                f"The spectrogram CNN turns signals into images; “{info.name}” holds records of "
                f"{info.kind}."
            )
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
        from integrations.spectrogram.train import fit

        assert isinstance(config, SpectrogramConfig)  # noqa: S101 - narrows for the type checker
        return fit(config, data, context)

    def load(self, folder: Path, device: str = "cpu") -> Predictor:
        """Read a finished model; see the contract."""
        from integrations.spectrogram.predictor import load

        return load(folder, device)

    def panels(self, result: StoredResult) -> list[Chart]:
        """Draw one image per class, where the network looked in it, and the first filters."""
        return panels(result)


FAMILY = SpectrogramFamily()
