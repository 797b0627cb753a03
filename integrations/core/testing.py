"""A run's surroundings in memory and a toy data set, to fit a family without a bench."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from integrations.core.config import DataConfig, FamilyConfig
from integrations.core.contract import Control, EarlierRun, FitResult, Predictions
from integrations.core.data.dataset import Dataset, DatasetWriter, Recording
from integrations.core.data.defaults import apply_suggestions
from integrations.core.data.splits import Split, split
from integrations.core.data.windows import WindowIndex, class_indices
from integrations.core.evaluation.evaluate import evaluate
from integrations.core.evaluation.store import save_result

TOY_FREQUENCIES_HZ = (5.0, 12.0, 25.0)
TOY_RATE_HZ = 128.0
TOY_RPM = 300.0
TOY_BEARING = {"bearing_kind": "rolling", "bpfo": 2.4, "bpfi": 3.6, "bsf": 1.5, "ftf": 0.4}
"""Speed and fault orders, so that families which need them can be fitted on toys."""
TOY_WINDOW = 128
TOY_SKILLS = (0.85, 0.75, 0.65)
"""How often each of the finished toy runs is right."""

_toy_folders: list[Path] = []


@dataclass
class RecordingContext:
    """Records what a fit reports and gives the orders a test wants.

    Attributes:
        orders: Called with the number of ``control()`` calls so far; gives the order.
        epochs: (epoch, total, metrics, checkpoint) of every committed epoch.
        earlier: Finished runs that the bench would know; None for three made-up ones on every
            toy data set.
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
    earlier: list[EarlierRun] | None = None

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

    def earlier_runs(self, *, ids: Sequence[int] = (), split_digest: str = "") -> list[EarlierRun]:
        """Give the finished runs of the test, newest first."""
        if self.earlier is None:
            self.earlier = [
                run for folder in _toy_folders if folder.exists() for run in toy_runs(folder)
            ]
        return [
            run
            for run in self.earlier
            if run.id in ids or (split_digest and run.split_digest == split_digest)
        ]


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
    with DatasetWriter(
        folder, name="toy", channels=names, unit="g", properties=TOY_BEARING
    ) as writer:
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
                fields={"load": str(group % 3), "rpm": TOY_RPM},
                published_split=part if published else None,
            )
            writer.add(wave + noise * rng.standard_normal(wave.shape), recording)
    _toy_folders.append(folder)
    return Dataset(folder)


def toy_runs(folder: Path) -> list[EarlierRun]:
    """Write three finished runs on a toy data set: guesses that are right as often as TOY_SKILLS.

    Args:
        folder: Where ``toy_signals`` wrote the data set; the runs go beside the samples.
    """
    data = Dataset(folder)
    config = apply_suggestions(FamilyConfig(data=DataConfig(window_samples=TOY_WINDOW)), data.info)
    parts = split(data.info, config.data)
    return [_toy_run(number, data, config, parts) for number in range(len(TOY_SKILLS), 0, -1)]


def _toy_run(number: int, data: Dataset, config: FamilyConfig, parts: Split) -> EarlierRun:
    name, digest = f"toy run {number}", parts.summary.digest
    run = EarlierRun(number, name, f"toy{number}", data.folder / name, digest)
    if not run.folder.exists():
        result = FitResult(
            test=_guesses(number, data, parts.test),
            validation=_guesses(number, data, parts.validation),
            history=[{"val_accuracy": TOY_SKILLS[number - 1]}],
            best_epoch=1,
            stopped=False,
        )
        run.folder.mkdir()
        save_result(
            run.folder,
            result,
            evaluate(result, parts, data.info),
            family=run.family,
            config=config.model_dump(mode="json"),
            info=data.info,
        )
    return run


def _guesses(number: int, data: Dataset, index: WindowIndex) -> Predictions:
    rng = np.random.default_rng([number, len(index)])
    truth = class_indices(data.info)[index.recording]
    classes = len(data.info.classes)
    right = rng.random(len(index)) < TOY_SKILLS[number - 1]
    said = np.where(right, truth, (truth + rng.integers(1, classes, len(index))) % classes)
    probability = np.full((len(index), classes), 0.3 / (classes - 1))
    probability[np.arange(len(index)), said] = 0.7
    return Predictions(index.recording, index.start, truth, probability)
