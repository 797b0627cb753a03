"""The ensemble as the bench sees it."""

from __future__ import annotations

from collections.abc import Mapping
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
from integrations.ensemble.config import EnsembleConfig
from integrations.ensemble.panels import panels
from integrations.ensemble.rules import FAMILY as NAME


class EnsembleFamily:
    """Several finished experiments that decide together."""

    name = NAME
    title = "Ensemble"
    summary = (
        "Three to seven finished runs on the same split decide together, weighed on validation."
    )
    kind = "signal"
    Config: type[FamilyConfig] = EnsembleConfig
    no_graph = (
        "An ensemble cannot become one ONNX graph: it asks its members, each with preparation of "
        "its own. Export the members, or use it on this bench."
    )

    def problems(self, info: DatasetInfo) -> list[Problem]:
        """Say why a data set does not suit; which runs there are is asked elsewhere."""
        if info.kind != self.kind:
            text = (
                f"The ensemble joins runs on signals; “{info.name}” holds records of {info.kind}."
            )
            return [Problem(Severity.ERROR, text)]
        return []

    def fit(self, config: FamilyConfig, data: Dataset, context: RunContext) -> FitResult:
        """Combine the members; see the contract."""
        from integrations.ensemble.train import fit

        assert isinstance(config, EnsembleConfig)  # noqa: S101 - narrows for the type checker
        return fit(config, data, context)

    def members(self, folder: Path) -> tuple[int, ...]:
        """Give the experiments that a finished ensemble asks; see the contract."""
        from integrations.ensemble.predictor import read_card

        return tuple(read_card(folder)["used"])

    def combine(self, folder: Path, members: Mapping[int, Predictor]) -> Predictor:
        """Read a finished ensemble; see the contract."""
        from integrations.ensemble.predictor import EnsemblePredictor, read_card

        return EnsemblePredictor(read_card(folder), members)

    def panels(self, result: StoredResult) -> list[Chart]:
        """Draw contributions, agreement, bounds and who is best where."""
        return panels(result)


FAMILY = EnsembleFamily()
