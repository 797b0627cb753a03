"""The classical family as the bench sees it."""

from __future__ import annotations

from pathlib import Path

from integrations.classical.config import ClassicalConfig
from integrations.classical.panels import panels
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


class ClassicalFamily:
    """Features or convolutions without training, and a learner that takes seconds."""

    name = "classical"
    title = "Classical features"
    summary = "Standard features, order lines or MiniRocket, and a learner that takes seconds."
    kind = "signal"
    Config: type[FamilyConfig] = ClassicalConfig
    no_graph = (
        "A classical model cannot become an ONNX graph here: the features in front of it are "
        "computed from the signal by Signalbench. Use it on this bench, by the command line or the "
        "REST interface."
    )

    def problems(self, info: DatasetInfo) -> list[Problem]:
        """Say why a data set does not suit features of signals."""
        if info.kind != self.kind:
            text = f"Classical features need signals; “{info.name}” holds records of {info.kind}."
            return [Problem(Severity.ERROR, text)]
        return []

    def fit(self, config: FamilyConfig, data: Dataset, context: RunContext) -> FitResult:
        """Train; see the contract."""
        from integrations.classical.train import fit

        assert isinstance(config, ClassicalConfig)  # noqa: S101 - narrows for the type checker
        return fit(config, data, context)

    def load(self, folder: Path, device: str = "cpu") -> Predictor:
        """Read a finished model; see the contract."""
        from integrations.classical.predictor import load

        return load(folder)

    def panels(self, result: StoredResult) -> list[Chart]:
        """Draw what the run left: importance, a tree, support vectors, a map."""
        return panels(result)


FAMILY = ClassicalFamily()
