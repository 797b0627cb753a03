"""Everything the Metrics tab says beyond the headline, measured once and kept as a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from integrations.core.contract import Predictions
from integrations.core.data.dataset import DatasetInfo
from integrations.core.evaluation.areas import Areas, areas
from integrations.core.evaluation.calibration import (
    Calibration,
    CalibrationError,
    CalibrationFigures,
    calibrated,
    fit_temperature,
)
from integrations.core.evaluation.classwise import ClassFigures, class_figures
from integrations.core.evaluation.evaluation import Evaluation, Frozen
from integrations.core.evaluation.reliability import Reliability, reliability
from integrations.core.evaluation.resampling import resampling
from integrations.core.evaluation.slices import Slice, SliceTable, slices, worst_slice
from integrations.core.files import write_atomically

MEASURES = "measures.json"
FORMAT_VERSION = 1
AREA_DRAWS = 400
"""Curves are sorted anew in every draw, so their areas are drawn less often."""


class Measures(Frozen):
    """What the stored predictions of a run say in detail, with intervals by group.

    Attributes:
        reliability: Of the test part; None when it is empty.
        slices: Figures under each condition of the test recordings.
        method: How the intervals were made.
        notes: What they cannot say.
    """

    format_version: int = FORMAT_VERSION
    classes: tuple[ClassFigures, ...]
    areas: tuple[Areas, ...]
    reliability: Reliability | None
    slices: tuple[SliceTable, ...]
    method: str
    notes: tuple[str, ...] = ()

    @property
    def worst_slice(self) -> Slice | None:
        """The condition of least accuracy."""
        return worst_slice(self.slices)


def measure(
    test: Predictions, evaluation: Evaluation, info: DatasetInfo, seed: int = 0
) -> Measures:
    """Measure the test predictions in detail.

    Args:
        test: Predictions on the test part.
        evaluation: What ``evaluate`` said of them.
        info: The data set.
        seed: Of the bootstrap.
    """
    test, undecided = _decided(test)
    draws = resampling(test, info, seed)
    return Measures(
        classes=class_figures(test, info, draws, seed),
        areas=areas(test, evaluation, draws.first(AREA_DRAWS)),
        reliability=reliability(test, draws),
        slices=slices(test, info, draws.first(AREA_DRAWS), seed),
        method=draws.method,
        notes=(*draws.notes, *undecided),
    )


def _decided(part: Predictions) -> tuple[Predictions, tuple[str, ...]]:
    """Let windows without finite probabilities count as undecided between all classes."""
    lost = np.asarray(~np.isfinite(part.probability).all(axis=1))
    if not lost.any():
        return part, ()
    said = np.where(lost[:, None], 1 / part.probability.shape[1], part.probability)
    note = f"{int(lost.sum())} test windows got no probability and count as undecided."
    return replace(part, probability=said), (note,)


def calibrate(
    test: Predictions, validation: Predictions, info: DatasetInfo, made_at: datetime, seed: int = 0
) -> Calibration:
    """Learn a temperature on the validation part and look once at what it does to the test part.

    Raises:
        CalibrationError: There are too few validation mistakes to learn from.
    """
    temperature = fit_temperature(validation)
    before = {"validation": validation, "test": test}
    after = {name: _at(part, temperature) for name, part in before.items()}
    return Calibration(
        temperature=temperature,
        windows=len(validation.truth),
        mistakes=int((validation.predicted != validation.truth).sum()),
        made_at=made_at,
        validation_before=_figures(before["validation"], info, seed),
        validation_after=_figures(after["validation"], info, seed),
        test_before=_figures(before["test"], info, seed),
        test_after=_figures(after["test"], info, seed),
    )


def _at(part: Predictions, temperature: float) -> Predictions:
    said = calibrated(part.probability, temperature)
    return Predictions(part.recording, part.start, part.truth, said)


def _figures(part: Predictions, info: DatasetInfo, seed: int) -> CalibrationFigures:
    found = reliability(part, resampling(part, info, seed), with_parts=False)
    if found is None:
        raise CalibrationError("A part without windows has no calibration.")
    return CalibrationFigures(ece=found.ece, brier=found.brier.value, log_loss=found.log_loss.value)


def write_measures(folder: Path, measures: Measures) -> Path:
    """Write them beside the run's other results.

    Raises:
        OSError: The disk is full.
    """
    path = folder / MEASURES
    content = measures.model_dump_json().encode()
    write_atomically(path, lambda file: file.write(content))
    return path


def read_measures(folder: Path) -> Measures | None:
    """Read them back; None where there are none, or another version wrote them."""
    try:
        found = Measures.model_validate_json((folder / MEASURES).read_bytes())
    except (OSError, ValidationError):
        return None
    return found if found.format_version == FORMAT_VERSION else None
