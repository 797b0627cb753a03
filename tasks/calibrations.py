"""The temperature of a finished run, kept among its files as ``calibration.json``."""

from __future__ import annotations

from integrations.core.evaluation.calibration import CALIBRATION, Calibration, read_calibration
from storage.artifacts import artifacts
from storage.stores.experiments import ExperimentStore


def stored_calibration(experiment_id: int) -> Calibration | None:
    """Give the calibration that somebody asked for; None where nobody did.

    Raises:
        ResultError: The file is damaged.
        StorageError: The store of shared files is away.
    """
    rows = ExperimentStore().artifacts(experiment_id)
    kept = next((row for row in rows if row.name == CALIBRATION), None)
    return None if kept is None else read_calibration(artifacts().path(kept.path))
