"""Settings of the 1D CNN; light, the web builds its form from them."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from integrations.cnn1d.architecture import ArchitectureConfig
from integrations.cnn1d.plan import cost, head_plan, layer_plan
from integrations.core.config import FamilyConfig, Workload
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.defaults import path_suggestions
from integrations.core.data.windows import window_bytes
from integrations.core.training.cost import network_workload
from integrations.core.training.settings import (
    CheckpointConfig,
    InputConfig,
    PathAugmentationConfig,
    TrainingConfig,
)

__all__ = ["ArchitectureConfig", "Cnn1dConfig", "layer_plan"]


class Cnn1dConfig(FamilyConfig):
    """Everything that defines one run of the 1D CNN."""

    input: InputConfig = Field(default_factory=InputConfig, title="Input")
    architecture: ArchitectureConfig = Field(
        default_factory=ArchitectureConfig, title="Architecture"
    )
    training: TrainingConfig = Field(default_factory=TrainingConfig, title="Training")
    augmentation: PathAugmentationConfig = Field(
        default_factory=PathAugmentationConfig, title="Augmentation"
    )
    checkpoints: CheckpointConfig = Field(default_factory=CheckpointConfig, title="Checkpoints")

    @model_validator(mode="before")
    @classmethod
    def _normalisation_has_moved(cls, given: Any) -> Any:
        """Read configs stored when normalisation belonged to the architecture."""
        old = given.get("architecture") if isinstance(given, dict) else None
        if not isinstance(old, dict) or "normalisation" not in old:
            return given
        kept = {name: value for name, value in old.items() if name != "normalisation"}
        moved = {"normalisation": old["normalisation"]} | given.get("input", {})
        return given | {"architecture": kept, "input": moved}

    def suggestions(self, info: DatasetInfo) -> dict[str, dict[str, Any]]:
        """Suit inputs and augmentation to the data; see ``path_suggestions``."""
        return path_suggestions(info)

    def workload(self, info: DatasetInfo) -> Workload:
        """Count multiply-adds (three forward passes per training window), weights and bytes."""
        layers = layer_plan(self.architecture, self.data.window_samples, len(info.channels))
        head = head_plan(self.architecture, layers, len(info.classes))
        weights, products = cost(layers, head)
        return network_workload(
            self, info, weights=weights, products=products,
            held_bytes=window_bytes(info, self.data),
        )  # fmt: skip
