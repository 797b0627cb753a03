"""The contract between the bench and a model family: what a family offers and what it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from integrations.core.config import FamilyConfig
from integrations.core.data.dataset import Dataset, DatasetInfo
from integrations.core.figures.chart import Chart

if TYPE_CHECKING:
    from integrations.core.data.windows import WindowIndex


class TrainingError(Exception):
    """A run cannot go on; the text is shown to the user and says what to change."""


class CheckpointError(TrainingError):
    """A checkpoint cannot be used; the bench goes back to an older one, or to the beginning.

    Attributes:
        path: The file.
    """

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


class Severity(StrEnum):
    """How much a problem matters: an error forbids the start, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """Something about a data set (with a config) that the user should know before starting.

    Attributes:
        field: Dotted config path the problem belongs to, e.g. "data.window_samples"; "" for none.
    """

    severity: Severity
    message: str
    field: str = ""


class Control(StrEnum):
    """What the user wants of a running experiment."""

    RUN = ""
    PAUSE = "pause"
    STOP = "stop"
    CANCEL = "cancel"


class Interrupted(Exception):  # an order obeyed, not an error
    """Raised inside ``fit`` to leave it because of a pause or cancel order.

    Attributes:
        checkpoint: File to go on from where that is newer than the last reported epoch's.
        where: Place in the run in words, e.g. "in epoch 3 after batch 7 of 40".
    """

    def __init__(self, control: Control, checkpoint: Path | None = None, where: str = "") -> None:
        super().__init__(control.value)
        self.control = control
        self.checkpoint = checkpoint
        self.where = where


@dataclass(frozen=True)
class EarlierRun:
    """A finished experiment of this bench that another run builds on.

    Attributes:
        id: Its experiment number.
        folder: What it left: config.yaml, result.json, predictions, model files.
        split_digest: Identifies the windows and the split it was made on.
    """

    id: int
    name: str
    family: str
    folder: Path
    split_digest: str


class RunContext(Protocol):
    """What a running fit may ask of its surroundings; the runner implements it over SQL and Redis.

    Attributes:
        folder: This run's own folder; checkpoints go to ``folder / "checkpoints"``.
        resume_from: Newest good checkpoint of an interrupted run, or None for a fresh start.
        threads: CPU threads this run may use.
        device: "cpu" or "cuda".
    """

    folder: Path
    resume_from: Path | None
    threads: int
    device: str

    def report_epoch(
        self, epoch: int, total: int, metrics: Mapping[str, float], checkpoint: Path | None = None
    ) -> None:
        """Commit one finished epoch (1-based) with its metrics and newest checkpoint.

        For cross-validation an "epoch" is a fold; the row is written exactly once.
        """

    def report_progress(self, fraction: float, message: str) -> None:
        """Say how far the run is (0 to 1) between epochs; cheap, not durable."""

    def control(self) -> Control:
        """Give the newest order; asked at every batch, so it must be cheap."""

    def log(self, level: str, message: str) -> None:
        """Write one line to the run's log; level is debug, info, warning or error."""

    def earlier_runs(self, *, ids: Sequence[int] = (), split_digest: str = "") -> list[EarlierRun]:
        """Give finished experiments: those with these ids, or all on that split, newest first."""


@dataclass(frozen=True)
class Predictions:
    """What a model said about the windows of one part of the data.

    Attributes:
        recording: Index of the recording each window came from, shape (n,).
        start: First sample of each window in its recording, shape (n,).
        truth: True class index, shape (n,).
        probability: Shape (n, n_classes), rows sum to 1.
    """

    recording: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    truth: npt.NDArray[np.int64]
    probability: npt.NDArray[np.float64]

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """Most probable class index per window, shape (n,)."""
        return np.asarray(self.probability.argmax(axis=1), dtype=np.int64)


@dataclass(frozen=True)
class FitResult:
    """What a family returns from ``fit``; the runner evaluates, stores and shows it.

    Attributes:
        test: Predictions on the test part, made once, with the best model.
        validation: Predictions on the validation part with the same model.
        history: One dict of plain floats per epoch (or fold), the only record of the run.
        best_epoch: 1-based epoch whose weights were used; 0 when there are no epochs.
        stopped: True when the user asked to stop and the best model so far was kept.
        model_files: Files of the finished model, inside ``context.folder``.
        n_parameters: Trainable numbers, 0 where that makes no sense.
        extras: Small arrays or JSON values that the family's panels draw, saved as npz/json.
    """

    test: Predictions
    validation: Predictions
    history: list[dict[str, float]]
    best_epoch: int
    stopped: bool
    model_files: tuple[Path, ...] = ()
    n_parameters: int = 0
    extras: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredResult:
    """A finished run as read back for the results page and the report.

    Attributes:
        config: The run's validated configuration as a plain dict.
        metrics: What ``integrations.core.evaluation.evaluate`` gave, as JSON.
        extras: The family's own arrays and values (see FitResult.extras).
    """

    family: str
    config: dict[str, Any]
    info: DatasetInfo
    history: list[dict[str, float]]
    metrics: dict[str, Any]
    test: Predictions
    extras: dict[str, Any]


class Family(Protocol):
    """A model family: one folder under ``integrations`` or one entry point.

    ``family.py`` and ``config.py`` import neither torch nor scikit-learn: the web loads them.
    """

    name: str
    title: str
    summary: str
    kind: str
    Config: type[FamilyConfig]

    def problems(self, info: DatasetInfo) -> list[Problem]:
        """Say why this data set does not suit the family, or what to watch for."""

    def fit(self, config: FamilyConfig, data: Dataset, context: RunContext) -> FitResult:
        """Train, obeying ``context.control()`` at every batch and resuming when asked to.

        Raises:
            Interrupted: A pause or cancel order was obeyed; the last checkpoint is on disk.
            CheckpointError: ``context.resume_from`` cannot be used.
            TrainingError: The run cannot go on, with a sentence for the user.
        """

    def panels(self, result: StoredResult) -> list[Chart]:
        """Draw what this family can show about a finished run, as pure chart descriptions."""


class Predictor(Protocol):
    """A finished model, ready for new windows; made by ``PredictingFamily.load``.

    Attributes:
        classes: Class names in the order of the probabilities.
        channels: Channel names it was trained on, in order.
        window_samples: Length of a window.
        sampling_rate_hz: Of the data it was trained on; None where they had none.
    """

    classes: tuple[str, ...]
    channels: tuple[str, ...]
    window_samples: int
    sampling_rate_hz: float | None

    def probability(self, data: Dataset, windows: WindowIndex) -> npt.NDArray[np.float64]:
        """Give class probabilities, shape (n, classes); rows sum to 1.

        Args:
            data: Where the windows lie: the model's own data set, or new recordings like it.
            windows: Which ones.
        """

    def features(self, data: Dataset, windows: WindowIndex) -> npt.NDArray[np.float32]:
        """Give what the model reduces each window to before it scores classes, shape (n, d)."""


@runtime_checkable
class PredictingFamily(Protocol):
    """What a family adds when its finished models can be used on new recordings.

    One whose models cannot become an ONNX graph says why in a text ``no_graph``.
    """

    def load(self, folder: Path, device: str = "cpu") -> Predictor:
        """Read a finished model; may import torch.

        Args:
            folder: What the run left: config.yaml, result.json and its model files.
            device: "cpu" or "cuda".

        Raises:
            TrainingError: A file is missing or damaged, with a sentence for the user.
        """


@runtime_checkable
class CombiningFamily(Protocol):
    """What a family adds whose models are made of the models of other experiments."""

    def members(self, folder: Path) -> tuple[int, ...]:
        """Give the experiments whose models a finished model needs.

        Raises:
            TrainingError: A file is missing or damaged, with a sentence for the user.
        """

    def combine(self, folder: Path, members: Mapping[int, Predictor]) -> Predictor:
        """Read a finished model; ``members`` are those of ``members(folder)`` by number.

        Raises:
            TrainingError: A file is missing or damaged, with a sentence for the user.
        """
