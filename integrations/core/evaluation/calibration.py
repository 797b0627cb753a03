"""Temperature scaling: one number, learnt on validation windows, that mends overconfidence.

Guo et al. 2017, "On calibration of modern neural networks". Dividing the logarithms of the
probabilities by a temperature changes how sure a model says it is, never which class it names.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions
from integrations.core.evaluation.evaluation import Frozen, Interval
from integrations.core.evaluation.store import ResultError
from integrations.core.files import write_atomically

CALIBRATION = "calibration.json"
"""Name of the artifact; a run without it gives its probabilities as they are."""
FORMAT_VERSION = 1
LEAST_MISTAKES = 5
"""Without mistakes the likeliest temperature is 0, which would call every answer certain."""
COLDEST, HOTTEST = 0.1, 10.0
SMALLEST_PROBABILITY = 1e-9
_HALVINGS = 50

FloatArray = npt.NDArray[np.float64]


class CalibrationError(ResultError):
    """A temperature cannot be learnt; the text says why."""


class CalibrationFigures(Frozen):
    """How far the said probabilities of one part can be believed.

    Attributes:
        ece: Expected calibration error with its interval (see ``reliability``).
        brier: Mean squared error of the probabilities over all classes, 0 to 2.
        log_loss: Mean negative logarithm of the true class's probability, in nats.
    """

    ece: Interval
    brier: float
    log_loss: float


class Calibration(Frozen):
    """What ``calibration.json`` holds.

    Attributes:
        temperature: Above 1 the model was too sure of itself; see ``calibrated``.
        windows: Validation windows it was learnt from.
        mistakes: How many of them the model got wrong.
        validation_before: On the windows it was learnt from, so the gain there flatters.
        test_before: On the test part, looked at once.
    """

    format_version: int = FORMAT_VERSION
    method: Literal["temperature"] = "temperature"
    temperature: float
    fitted_on: Literal["validation"] = "validation"
    windows: int
    mistakes: int
    made_at: datetime
    validation_before: CalibrationFigures
    validation_after: CalibrationFigures
    test_before: CalibrationFigures
    test_after: CalibrationFigures


def calibrated(probability: npt.ArrayLike, temperature: float) -> FloatArray:
    """Give probabilities at a temperature.

    Args:
        probability: Rows that sum to 1, shape (..., classes).
        temperature: 1 changes nothing; above 1 the rows become less sure.

    Returns:
        The same shape; the order of the classes within a row is kept.
    """
    scaled = _logits(probability) / temperature
    raised = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def fit_temperature(validation: Predictions) -> float:
    """Find the temperature at which the validation windows are likeliest.

    The log loss is convex in 1 / temperature, so its slope is halved to zero.

    Raises:
        CalibrationError: There are too few mistakes to learn from.
    """
    mistakes = int((validation.predicted != validation.truth).sum())
    if mistakes < LEAST_MISTAKES:
        raise CalibrationError(
            f"The model is wrong on {mistakes} of {len(validation.truth)} validation windows. A "
            f"temperature is learnt from at least {LEAST_MISTAKES} mistakes; hold back more "
            "validation data."
        )
    logits = _logits(validation.probability)
    right = logits[np.arange(len(logits)), validation.truth]
    low, high = np.log(1 / HOTTEST), np.log(1 / COLDEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _slope(logits, right, float(np.exp(middle))) > 0:
            high = middle
        else:
            low = middle
    return float(np.exp(-(low + high) / 2))


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write the file atomically.

    Raises:
        OSError: The disk is full.
    """
    content = calibration.model_dump_json(indent=1).encode()
    write_atomically(path, lambda file: file.write(content))


def read_calibration(path: Path) -> Calibration:
    """Read ``calibration.json``.

    Raises:
        ResultError: It is missing, damaged or from a newer Signalbench.
    """
    try:
        found = Calibration.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ResultError(
            "The calibration of this run is damaged. Calibrate it again on its Metrics tab."
        ) from error
    if found.format_version > FORMAT_VERSION:
        raise ResultError("This calibration was written by a newer Signalbench. Update this one.")
    return found


def _logits(probability: npt.ArrayLike) -> FloatArray:
    given = np.asarray(probability, dtype=np.float64)
    return np.asarray(np.log(np.clip(given, SMALLEST_PROBABILITY, 1.0)))


def _slope(logits: FloatArray, right: FloatArray, inverse: float) -> float:
    """Derivative of the log loss by the inverse temperature."""
    raised = np.exp(inverse * (logits - logits.max(axis=1, keepdims=True)))
    shares = raised / raised.sum(axis=1, keepdims=True)
    return float(((shares * logits).sum(axis=1) - right).mean())
