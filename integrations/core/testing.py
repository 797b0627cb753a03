"""A run's surroundings in memory, for tests and scripts that fit a family without a bench."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from integrations.core.contract import Control


@dataclass
class RecordingContext:
    """Records what a fit reports and gives the orders a test wants.

    Attributes:
        orders: Called with the number of ``control()`` calls so far; gives the order.
        epochs: (epoch, total, metrics, checkpoint) of every committed epoch.
    """

    folder: Path
    resume_from: Path | None = None
    threads: int = 1
    device: str = "cpu"
    orders: Callable[[RecordingContext], Control] = lambda context: Control.RUN
    asked: int = 0
    epochs: list[tuple[int, int, dict[str, float], Path | None]] = field(default_factory=list)
    progress: list[tuple[float, str]] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)

    def report_epoch(
        self, epoch: int, total: int, metrics: Mapping[str, float], checkpoint: Path | None = None
    ) -> None:
        """Record one epoch."""
        self.epochs.append((epoch, total, dict(metrics), checkpoint))

    def report_progress(self, fraction: float, message: str) -> None:
        """Record a progress report."""
        self.progress.append((fraction, message))

    def control(self) -> Control:
        """Give the order the test wants now."""
        self.asked += 1
        return self.orders(self)

    def log(self, level: str, message: str) -> None:
        """Record a log line."""
        self.lines.append((level, message))
