"""A run's surroundings in memory and a toy data set, to fit a family without a bench."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from integrations.core.contract import Control
from integrations.core.data.dataset import Dataset, DatasetWriter, Recording

TOY_FREQUENCIES_HZ = (5.0, 12.0, 25.0)
TOY_RATE_HZ = 128.0


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


def toy_signals(
    folder: Path,
    *,
    groups: int = 6,
    samples: int = 512,
    channels: int = 1,
    noise: float = 0.5,
    published: bool = False,
) -> Dataset:
    """Write a small data set of three classes, each a sine of its own frequency in noise.

    Args:
        folder: Where it goes.
        groups: Groups per class, of two recordings each.
        samples: Samples of a recording.
        channels: Channels of a recording.
        noise: Deviation of the noise; the sine has amplitude 1.
        published: Mark every third group as the published test part.
    """
    rng = np.random.default_rng(7)
    time = np.arange(samples) / TOY_RATE_HZ
    names = [f"channel {i + 1}" for i in range(channels)]
    with DatasetWriter(folder, name="toy", channels=names, unit="g") as writer:
        for number in range(3 * groups * 2):
            label, group = number % 3, number // 6
            phase = rng.uniform(0, 2 * np.pi, (channels, 1))
            wave = np.sin(2 * np.pi * TOY_FREQUENCIES_HZ[label] * time + phase)
            part = "test" if group % 3 == 2 else "train"
            recording = Recording(
                name=f"recording {number}",
                label=f"class {label}",
                group=f"{label}-{group}",
                n_samples=samples,
                sampling_rate_hz=TOY_RATE_HZ,
                fields={"load": str(group % 3)},
                published_split=part if published else None,
            )
            writer.add(wave + noise * rng.standard_normal(wave.shape), recording)
    return Dataset(folder)
