"""What is trained while everything breaks: small runs of three families, and their twins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from storage.database import read_session
from storage.entities import ExperimentEntity, Status
from storage.models import Experiment
from storage.stores.experiments import ExperimentStore
from tests.chaos.patient import Patient
from tests.support.bench import wait_until

TWIN_SECONDS = 300
DATASET = 1
"""The toy set is the first that a patient is given."""


@dataclass(frozen=True)
class Kind:
    """A configuration that several runs share; equal kinds must give equal results."""

    family: str
    seed: int
    epochs: int
    overlap: float = 0.5

    @property
    def label(self) -> str:
        """Short name, unique among the kinds of a storm."""
        return f"{self.family}-{self.seed}"

    @property
    def config(self) -> Mapping[str, Any]:
        """Settings that differ from the family's defaults."""
        data = {"window_samples": 128, "overlap": self.overlap}
        if self.family == "classical":
            return {
                "seed": self.seed,
                "data": data,
                "model": {"kind": "extra_trees", "trees": 60},
                "training": {"folds": min(5, self.epochs), "importance_repeats": 1},
            }
        size = {"cnn1d": {"filters": 8}, "transformer": {"layers": 1}}[self.family]
        return {
            "seed": self.seed,
            "data": data,
            "architecture": size,
            "training": {"epochs": self.epochs, "patience": 0, "batch_size": 8},
        }


def kinds(count: int, epochs: int) -> list[Kind]:
    """Give so many different kinds, the families taking turns."""
    families = ("cnn1d", "transformer", "classical")
    return [Kind(families[i % 3], i // 3, epochs) for i in range(count)]


def submit(patient: Patient, kind: Kind, name: str) -> int:
    """Ask for a run over REST; gives its id once it is acknowledged.

    Raises:
        OSError: There was no answer; the run may exist or not.
    """
    body = {
        "family": f"traced_{kind.family}",
        "dataset_id": DATASET,
        "config": kind.config,
        "name": name,
        "tags": [kind.label],
    }
    return int(patient.http.post("/api/experiments", body)["experiment_id"])


@dataclass(frozen=True)
class State:
    """What the storm needs to know of a run."""

    id: int
    name: str
    status: Status
    stalled: int
    control: str
    token: int
    error: str


def states() -> list[State]:
    """Give where all runs stand; [] while the database is away."""
    columns = (
        Experiment.id, Experiment.name, Experiment.status, Experiment.stalled, Experiment.control,
        Experiment.token, Experiment.error,
    )  # fmt: skip
    try:
        with read_session() as session:
            rows = session.execute(select(*columns).order_by(Experiment.id)).all()
    except SQLAlchemyError:
        return []
    return [State(r[0], r[1], Status(r[2]), *r[3:]) for r in rows]


def make_twins(patient: Patient, wanted: list[Kind]) -> dict[str, int]:
    """Train one undisturbed run of each kind; gives their ids by label."""
    ids = {kind.label: submit(patient, kind, f"twin {kind.label}") for kind in wanted}
    for label, number in ids.items():
        ended = wait_until(partial(_ended, number), TWIN_SECONDS, f"twin {label}")
        assert ended.status is Status.COMPLETED, f"twin {label}: {ended.error}"
    return ids


def _ended(number: int) -> ExperimentEntity | None:
    run = ExperimentStore().get(number)
    return run if run.status.ended else None


def trace_of(patient: Patient, number: int) -> list[tuple[float, int, int]]:
    """Give (seconds since 1970, token, process) of every batch of a run, in order of time."""
    lines = []
    for path in (patient.trace / str(number)).glob("*"):
        lines += _lines(path)
    return sorted(lines)


def _lines(path: Path) -> list[tuple[float, int, int]]:
    token, process = map(int, path.name.split("-"))
    return [(float(line), token, process) for line in path.read_bytes().splitlines() if line]
