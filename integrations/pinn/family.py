"""The physics-informed network as the bench sees it."""

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
from integrations.pinn.config import PinnConfig
from integrations.pinn.panels import panels
from integrations.pinn.requirements import missing_metadata, worth_knowing

FEW_RECORDINGS = 10


class PinnFamily:
    """A small network beside physics scores, corrected by what each fault must show."""

    name = "pinn"
    title = "Physics-informed network"
    summary = (
        "Looks for the lines each bearing fault must show at its shaft speed. Best when machines "
        "or fault sizes differ from those trained on."
    )
    kind = "signal"
    Config: type[FamilyConfig] = PinnConfig

    def problems(self, info: DatasetInfo) -> list[Problem]:
        """Say which knowledge of the machine is missing."""
        if info.kind != self.kind:
            text = (
                f"The physics-informed network learns from signals; “{info.name}” holds records "
                f"of {info.kind}."
            )
            return [Problem(Severity.ERROR, text)]
        found = missing_metadata(info) + worth_knowing(info)
        if len(info.recordings) < FEW_RECORDINGS:
            text = (
                f"Only {len(info.recordings)} recordings: a network may learn the recordings "
                "rather than the classes."
            )
            found.append(Problem(Severity.WARNING, text))
        return found

    def fit(self, config: FamilyConfig, data: Dataset, context: RunContext) -> FitResult:
        """Train; see the contract."""
        from integrations.pinn.train import fit

        assert isinstance(config, PinnConfig)  # noqa: S101 - narrows for the type checker
        return fit(config, data, context)

    def load(self, folder: Path, device: str = "cpu") -> Predictor:
        """Read a finished model; see the contract."""
        from integrations.pinn.predictor import load

        return load(folder, device)

    def panels(self, result: StoredResult) -> list[Chart]:
        """Draw heads, losses, lines and the Sommerfeld number."""
        return panels(result)


FAMILY = PinnFamily()
