"""Compares what the storm left with the undisturbed twins: nothing lost, doubled or different."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from storage import artifacts
from storage.artifacts import sha256_of
from storage.database import read_session
from storage.entities import Status
from storage.models import Artifact, EpochRow, Event, Experiment, MetricChunk, Notification
from storage.settings import settings
from tests.chaos.patient import Patient
from tests.chaos.runs import trace_of
from tests.chaos.storm import Outcome
from tests.support.servers import processes_of

EQUAL_FILES = frozenset(
    {
        "metrics.json", "predictions.csv", "predictions.npz", "extras.npz", "extras.json",
        "model.safetensors", "model.npz",
    }
)  # fmt: skip
"""Artifacts without a time or a name in them: equal to the byte."""
TIMES = ("epoch_seconds",)


@dataclass
class Findings:
    """What was looked at and what was wrong.

    Attributes:
        wrong: Sentences; none in a good bench.
        batches: Batches computed by the disturbed runs.
        redone: Of them, those computed more often than by the twin.
        stale: Batches begun by an owner after another had taken over.
        leftovers: Files of given-up attempts that wait for the house-keeping.
    """

    wrong: list[str] = field(default_factory=list)
    runs: int = 0
    equal_files: int = 0
    epochs: int = 0
    attempts: int = 0
    batches: int = 0
    redone: int = 0
    stale: int = 0
    leftovers: int = 0
    sha256: dict[str, str] = field(default_factory=dict)


def verify(patient: Patient, outcome: Outcome) -> Findings:
    """Look at everything; the bench must have been stopped."""
    found = Findings()
    found.wrong += [f"run {number} did not end" for number in outcome.unended]
    for number, label in sorted(outcome.runs.items()):
        found.runs += 1
        twin = outcome.twins[label]
        sentences = list(_run(number, found)) or list(_against_twin(number, twin, found))
        found.wrong += [f"run {number} ({label}): {text}" for text in sentences]
        _batches(patient, number, twin, found)
    found.wrong += _doubled()
    found.wrong += _database()
    found.wrong += [f"{path} was left" for path in temporary_files(patient.data)]
    found.wrong += [f"process {pid} was left" for pid in processes_of(patient.data)]
    found.leftovers = len(list(_unreferenced()))
    return found


def temporary_files(data: Path) -> list[Path]:
    """Give files that a crash left half-written."""
    return [path for path in data.rglob("*") if path.suffix in (".tmp", ".part")]


def _run(number: int, found: Findings) -> Iterator[str]:
    """Check a run by itself."""
    with read_session() as session:
        row = session.get(Experiment, number)
        if row is None:
            yield "was acknowledged and is not there"
        elif row.status != Status.COMPLETED:
            yield f"is {row.status}: {row.error}"
        else:
            found.attempts += row.attempts
            found.epochs += row.epochs_done
            yield from _history(session, row)
            yield from _timeline(session, row)
            yield from _files(session, number)


def _history(session: Session, row: Experiment) -> Iterator[str]:
    epochs = list(session.scalars(_of(EpochRow.epoch, EpochRow, row.id).order_by("epoch")))
    if epochs != list(range(1, row.epochs_done + 1)):
        yield f"has the epochs {epochs}"
    exact = MetricChunk.level == 0
    sealed = session.scalars(_of(MetricChunk.low, MetricChunk, row.id).where(exact)).all()
    if not sealed or any(len(values) // 8 != len(epochs) for values in sealed):
        yield "has a sealed history of another length than its epochs"


def _timeline(session: Session, row: Experiment) -> Iterator[str]:
    kinds = Counter(session.scalars(_of(Event.kind, Event, row.id)))
    numbers = list(session.scalars(_of(Event.seq, Event, row.id).order_by("seq")))
    told = Counter(session.scalars(_of(Notification.kind, Notification, row.id)))
    if kinds["completed"] != 1:
        yield f"has {kinds['completed']} events of its end"
    if kinds["started"] != row.attempts:
        yield f"was started {row.attempts} times with {kinds['started']} events"
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        yield "has a gap in its timeline"
    if told["completed"] != 1:
        yield f"was announced {told['completed']} times"


def _files(session: Session, number: int) -> Iterator[str]:
    for item in session.scalars(_of(Artifact, Artifact, number)):
        path = artifacts.artifacts().path(item.path)
        if not path.is_file():
            yield f"lost {item.name}"
        elif path.stat().st_size != item.bytes or sha256_of(path) != item.sha256:
            yield f"has another {item.name} than the database says"
    if list((settings().runs_folder / str(number)).glob("attempt-*")):
        yield "left the folder of an attempt"


def _against_twin(number: int, twin: int, found: Findings) -> Iterator[str]:
    mine, its = _results(number), _results(twin)
    names = mine.keys() | its.keys()
    different = sorted(name for name in names if mine.get(name) != its.get(name))
    found.equal_files += len(EQUAL_FILES & names - set(different))
    if different:
        yield f"differs from its twin {twin} in {', '.join(different)}"
    if _threads(number) != _threads(twin):
        yield f"ran with {_threads(number)} threads, its twin with {_threads(twin)}"


def _results(number: int) -> dict[str, Any]:
    """Give everything that must be equal: epochs, figures, weights, predictions."""
    with read_session() as session:
        row = session.get(Experiment, number)
        if row is None:
            return {}
        epochs = session.execute(
            select(EpochRow.epoch, EpochRow.values)
            .where(EpochRow.experiment_id == number)
            .order_by(EpochRow.epoch)
        )
        results: dict[str, Any] = {
            f"epoch {epoch}": {k: v for k, v in values.items() if k not in TIMES}
            for epoch, values in epochs
        }
        results["figures"] = dict(row.metrics)
        results["split"] = row.split_digest
        stored = session.scalars(_of(Artifact, Artifact, number)).all()
        results["list of artifacts"] = sorted(item.name for item in stored)
        results |= {item.name: item.sha256 for item in stored if item.name in EQUAL_FILES}
        return results


def _threads(number: int) -> int:
    path = settings().runs_folder / str(number) / "machine.json"
    return int(json.loads(path.read_text(encoding="utf-8"))["threads"])


def _batches(patient: Patient, number: int, twin: int, found: Findings) -> None:
    trace = trace_of(patient, number)
    found.batches += len(trace)
    found.redone += max(0, len(trace) - len(trace_of(patient, twin)))
    stale = stale_batches(trace)
    found.stale += stale
    if stale:
        found.wrong.append(f"run {number}: {stale} batches by an owner that had lost its lease")


def stale_batches(trace: list[tuple[float, int, int]]) -> int:
    """Count the batches begun under a token after the first batch of a newer one."""
    newest = stale = 0
    for _, token, _ in trace:
        stale += token < newest
        newest = max(newest, token)
    return stale


def _doubled() -> Iterator[str]:
    with read_session() as session:
        names = Counter(session.scalars(select(Experiment.name)))
    return (f"“{name}” exists {count} times" for name, count in names.items() if count > 1)


def _database() -> list[str]:
    url = settings().database_url
    if not url.startswith("sqlite"):
        return _postgres(url)
    with read_session() as session:
        said = session.scalar(text("PRAGMA integrity_check"))
        loose = session.execute(text("PRAGMA foreign_key_check")).all()
    return [f"integrity_check: {said}"] * (said != "ok") + [f"loose rows: {loose}"] * bool(loose)


def _postgres(url: str) -> list[str]:
    """Let the server read every table and verify every index."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        try:
            connection.execute(
                "SELECT bt_index_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam"
                " JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE a.amname = 'btree' AND n.nspname = 'public' AND c.relkind = 'i'"
            ).fetchall()
        except psycopg.Error as error:
            return [f"amcheck: {error}"]
    return []


def _unreferenced() -> Iterator[Path]:
    """Give artifact files no row names: an attempt stored them and died before its commit."""
    with read_session() as session:
        known = set(session.scalars(select(Artifact.path)))
    root = settings().artifacts_folder
    for path in root.rglob("*"):
        if path.is_file() and path.relative_to(root).as_posix() not in known:
            yield path


def _of(what: Any, table: Any, number: int) -> Any:
    return select(what).where(table.experiment_id == number)


def machine() -> str:
    """Name the program's revision the figures belong to."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - whichever git there is
        check=False, capture_output=True, text=True, cwd=Path(__file__).parent,
    )  # fmt: skip
    return done.stdout.strip() or "unknown"
