"""What training a network costs, counted before it starts; light, the wizard asks it."""

from __future__ import annotations

from typing import Protocol

from integrations.core.config import DataConfig, Workload
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.windows import share_of_work, windows_per_recording
from integrations.core.training.settings import CheckpointConfig, TrainingConfig

LIBRARIES_BYTES = 300_000_000


class TrainedConfig(Protocol):
    """The parts of a network's config that decide the cost."""

    @property
    def data(self) -> DataConfig:
        """Which windows."""

    @property
    def training(self) -> TrainingConfig:
        """How long."""

    @property
    def checkpoints(self) -> CheckpointConfig:
        """What is kept."""


def network_workload(
    config: TrainedConfig,
    info: DatasetInfo,
    *,
    weights: int,
    products: float,
    held_bytes: int,
    once: float = 0.0,
) -> Workload:
    """Count the work of training a network.

    Args:
        config: Windows, epochs and checkpoints.
        info: The data set.
        weights: Trainable numbers.
        products: Multiply-adds of one window forward; training costs three times as much.
        held_bytes: Inputs and activations in memory.
        once: Multiply-adds of preparing one window.
    """
    windows = int(windows_per_recording(info, config.data).sum() * share_of_work(config.data))
    epochs = config.training.epochs
    return Workload(
        work_units=windows * (once + products * (1 + 3 * epochs)),
        steps=epochs,
        parameters=weights,
        memory_bytes=held_bytes + 16 * weights + LIBRARIES_BYTES,
        checkpoint_bytes=12 * weights * (config.checkpoints.keep_last + 1),
        uses_gpu=True,
    )
