"""Reads an archive of exported experiments: checked, renumbered, nothing stored twice."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from integrations.core.data.dataset import MANIFEST, SAMPLES, Dataset, DatasetError, read_info
from integrations.registry import families
from storage.artifacts import NewArtifact, artifacts
from storage.entities import (
    DatasetEntity,
    DatasetStatus,
    EpochEntity,
    EventEntity,
    Status,
)
from storage.run_log import log_file
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.datasets import DatasetStore
from storage.stores.imported_runs import FIRST_TOKEN, Arrived, ImportedRuns
from tasks.archive import ArchiveError, ArchiveReader, is_safe_name
from tasks.dataset_files import publish_dataset
from tasks.earlier import pickers
from tasks.import_jobs import ready_facts
from tasks.references import renumbered
from tasks.transfer_records import (
    DATASETS,
    EXPERIMENTS,
    FORMAT,
    DatasetRecord,
    ExperimentRecord,
    Record,
)

log = logging.getLogger("signalbench.import")
MOST_RUNS = 100_000
MOST_ROUNDS = 1000
NOT_OF_ROW = {"epochs", "events", "artifacts", "log", "parent", "refers"}
Say = Callable[[float, str], None]
Kind = TypeVar("Kind", bound=Record)


@dataclass
class ImportSummary:
    """What came in; ``notes`` are sentences about what did not, and why."""

    imported: list[int] = field(default_factory=list)
    skipped: int = 0
    datasets: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_result(self) -> dict[str, Any]:
        """Give it as the result of a job."""
        return {**asdict(self), "notes": self.notes[:200]}


def import_runs(path: Path, say: Say) -> ImportSummary:
    """Store the experiments of an archive that are not here yet.

    Args:
        path: The zip file.
        say: Takes the share done and what is being done.

    Raises:
        ArchiveError: It is no such archive, damaged or dangerous; what came in before stays.
        OSError: The disk is full.
    """
    with ArchiveReader(path, FORMAT) as archive:
        archive.check_room(settings().data)
        return _Import(archive, say).run()


class _Import:
    """One import: the archive, what is known of this bench, and what was done so far."""

    def __init__(self, archive: ArchiveReader, say: Say) -> None:
        self._archive = archive
        self._say = say
        self._runs = ImportedRuns()
        self._summary = ImportSummary()
        self._origin = f"“{archive.name}” (Signalbench {archive.manifest.get('program', '?')})"

    def run(self) -> ImportSummary:
        """Store data sets, then experiments; clones and ensembles after those they name."""
        records = _in_order(list(self._read(EXPERIMENTS, ExperimentRecord)))
        described = {each.fingerprint: each for each in self._read(DATASETS, DatasetRecord)}
        new = self._new(records)
        for record in new:
            self._check_files(record)
        datasets = {
            fingerprint: self._dataset(fingerprint, described.get(fingerprint))
            for fingerprint in dict.fromkeys(record.dataset_fingerprint for record in new)
        }
        for number, record in enumerate(new):
            self._say(number / len(new), record.name)
            self._store(record, datasets[record.dataset_fingerprint])
        return self._summary

    def _read(self, name: str, kind: type[Kind]) -> Iterator[Kind]:
        for number, line in enumerate(self._archive.lines(name), start=1):
            if number > MOST_RUNS:
                raise ArchiveError(f"“{self._archive.name}” holds too many experiments.")
            try:
                yield kind.model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                raise ArchiveError(
                    f"Line {number} of {name} in “{self._archive.name}” is not valid "
                    f"({where}: {first['msg']}). Nothing was imported."
                ) from error

    def _new(self, records: list[ExperimentRecord]) -> list[ExperimentRecord]:
        here = self._runs.known([record.task_id for record in records])
        for record in records:
            if record.task_id in here:
                self._summary.skipped += 1
                self._summary.notes.append(
                    f"“{record.name}” is here already as experiment {here[record.task_id]}."
                )
        return [record for record in records if record.task_id not in here]

    def _check_files(self, record: ExperimentRecord) -> None:
        """Refuse an archive that lacks files before anything of it is stored."""
        for item in record.artifacts:
            if item.file not in self._archive.files or not is_safe_name(item.name):
                raise ArchiveError(
                    f"“{self._archive.name}” lacks the file “{item.name}” of “{record.name}”. "
                    "Nothing was imported; export it again."
                )

    def _dataset(self, fingerprint: str, record: DatasetRecord | None) -> int:
        """Give the data set to attach runs to: the same one here, or one from the archive."""
        known = self._runs.datasets(fingerprint)
        if known and known[0].status is DatasetStatus.READY:
            return known[0].id
        record = record or DatasetRecord(
            fingerprint=fingerprint, name=f"Unknown data {fingerprint[:8]}"
        )
        entity = known[0] if known else DatasetStore().create(record.name, source="import")
        DatasetStore().set_status(entity.id, DatasetStatus.IMPORTING)
        self._say(0.0, record.name)
        try:
            self._unpack_dataset(entity, record)
        except (ArchiveError, DatasetError, OSError) as error:
            if known:
                DatasetStore().set_status(entity.id, known[0].status, known[0].error)
            else:
                DatasetStore().delete(entity.id)
            if isinstance(error, DatasetError):
                raise ArchiveError(f"The data set “{record.name}”: {error}") from error
            raise
        self._summary.datasets.append(entity.id)
        return entity.id

    def _unpack_dataset(self, entity: DatasetEntity, record: DatasetRecord) -> None:
        folder = settings().datasets_folder
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".import-", dir=folder))
        inside = f"datasets/{record.fingerprint}"
        whole = record.included
        try:
            for name in (MANIFEST, SAMPLES) if whole else (MANIFEST,):
                if f"{inside}/{name}" in self._archive.files:
                    self._archive.extract(f"{inside}/{name}", scratch / name)
            if whole:
                _check_data(scratch, record)
            target = folder / str(entity.id)
            shutil.rmtree(target, ignore_errors=True)
            scratch.chmod(0o755)
            scratch.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        publish_dataset(target)
        self._enter_dataset(entity, record, target)

    def _enter_dataset(self, entity: DatasetEntity, record: DatasetRecord, folder: Path) -> None:
        store = DatasetStore()
        if record.included:
            store.set_ready(entity.id, ready_facts(read_info(folder), folder, folder.name))
        else:
            sentence = (
                "The recordings did not come with the imported experiments, so their results can "
                "be seen but nothing be trained. Export them again with data, and import that."
            )
            store.set_placeholder(entity.id, record.fingerprint, folder.name, sentence)
            self._summary.notes.append(f"“{record.name}”: {sentence}")
        if record.window_samples:
            store.set_view(entity.id, record.window_samples, record.overlap)

    def _store(self, record: ExperimentRecord, dataset_id: int) -> None:
        values = record.model_dump(exclude=NOT_OF_ROW)
        values["config"] = self._config(record)
        values["parent_id"] = self._runs.known([record.parent]).get(record.parent)
        values["status"] = Status(record.status)
        number = self._runs.begin(values, dataset_id)
        kept = [
            self._artifact(number, item.name, item.kind, item.file) for item in record.artifacts
        ]
        if record.log in self._archive.files:
            place = log_file(number)
            shutil.rmtree(place.parent, ignore_errors=True)
            self._archive.extract(record.log, place)
            shared_files().publish(place)
        epochs = [EpochEntity(e.epoch, dict(e.values), e.created_at) for e in record.epochs]  # type: ignore[arg-type]
        events = [
            EventEntity(seq, e.level, e.kind, e.message, e.created_at)
            for seq, e in enumerate(record.events, start=1)
        ]
        origin = self._origin + (f", trained on {record.host}" if record.host else "")
        self._runs.complete(number, Arrived(epochs, events, kept, origin))
        self._summary.imported.append(number)

    def _config(self, record: ExperimentRecord) -> dict[str, Any]:
        known = families().get(record.family)
        if known is None:
            self._summary.notes.append(
                f"“{record.name}” is of the model family “{record.family}”, which is not installed "
                "here."
            )
            return record.config
        here = self._runs.known(list(record.refers.values()))
        numbers = {
            int(old): here[task_id]
            for old, task_id in record.refers.items()
            if task_id in here and old.isdecimal()
        }
        if len(numbers) < len(record.refers):
            self._summary.notes.append(
                f"“{record.name}” was built on experiments that are not here; its settings name "
                "them no more."
            )
        return renumbered(record.config, pickers(known.Config), numbers)

    def _artifact(self, number: int, name: str, kind: str, inside: str) -> NewArtifact:
        relative = f"{number}/{FIRST_TOKEN}/{name}"
        place = artifacts().place(relative)
        place.unlink(missing_ok=True)
        self._archive.extract(inside, place)
        shared_files().publish(place)
        listed = self._archive.files[inside]
        return NewArtifact(name, kind, relative, listed.bytes, listed.sha256)


def _check_data(folder: Path, record: DatasetRecord) -> None:
    """See that samples and manifest are what their fingerprint says.

    Raises:
        DatasetError: They are not.
    """
    damaged = "its files are not what its fingerprint says. Export it again."
    try:
        data = Dataset(folder)
        data.verify()
    except (ValueError, IndexError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise DatasetError(damaged) from error
    if data.info.fingerprint != record.fingerprint:
        raise DatasetError(damaged)


def _in_order(records: list[ExperimentRecord]) -> list[ExperimentRecord]:
    """Put experiments behind those they name; in a circle the order does not matter."""
    waiting = {record.task_id: record for record in records}
    if len(waiting) < len(records):
        raise ArchiveError("The archive names an experiment twice; it is not used.")
    ordered: list[ExperimentRecord] = []
    rounds = 0
    while waiting:
        free = [
            record
            for record in waiting.values()
            if not ({record.parent, *record.refers.values()} - {record.task_id}) & waiting.keys()
        ]
        rounds += 1
        chosen = free if free and rounds < MOST_ROUNDS else list(waiting.values())
        ordered += [waiting.pop(record.task_id) for record in chosen]
    return ordered
