"""Writes ended experiments with everything they left into one archive to be read elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from integrations.core.data.dataset import MANIFEST, SAMPLES
from integrations.registry import families
from storage.artifacts import artifacts
from storage.entities import DatasetStatus, ExperimentEntity, NotFoundError, StorageError
from storage.run_log import log_file
from storage.settings import VERSION
from storage.shared_files import shared_files
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentQuery, ExperimentStore
from tasks.archive import ArchiveWriter
from tasks.dataset_files import dataset_folder, manifest_folder
from tasks.earlier import pickers
from tasks.house_lock import files_stay
from tasks.references import numbers_in
from tasks.transfer_records import (
    DATASETS,
    EXPERIMENTS,
    FORMAT,
    ArtifactRecord,
    DatasetRecord,
    ExperimentRecord,
)

MANY_EVENTS = 100_000
Say = Callable[[float, str], None]


class ExportError(StorageError):
    """Experiments cannot be exported; the text says why."""


@dataclass
class ExportSummary:
    """What an archive holds; ``left_out`` are sentences about what it does not."""

    experiments: int = 0
    datasets: int = 0
    bytes: int = 0
    left_out: list[str] = field(default_factory=list)


def export_runs(
    ids: Sequence[int] | None, target: Path, say: Say, *, with_data: bool
) -> ExportSummary:
    """Write experiments into an archive.

    Args:
        ids: Which; None for all.
        target: The zip file.
        say: Takes the share done and what is being done.
        with_data: Put the samples of their data sets in too.

    Raises:
        ExportError: None of them has ended.
        HouseBusyError: Old files are being removed at this moment.
        OSError: The disk is full.
    """
    summary = ExportSummary()
    runs = list(_chosen(ids, summary))
    if not runs:
        raise ExportError(
            "There is nothing to export: only experiments that have ended can be. "
            + " ".join(summary.left_out[:3])
        )
    with files_stay(), ArchiveWriter(target) as archive:
        lines = []
        for number, run in enumerate(runs):
            say(number / (len(runs) + 1), run.name)
            lines.append(_packed(archive, run, summary))
        archive.add_lines(EXPERIMENTS, lines)
        say(len(runs) / (len(runs) + 1), "Data sets")
        datasets = list(_pack_datasets(archive, runs, summary, with_data=with_data))
        archive.add_lines(DATASETS, (_line(record) for record in datasets))
        summary.experiments, summary.datasets = len(runs), sum(each.included for each in datasets)
        archive.finish(
            {
                "format": FORMAT,
                "version": 1,
                "program": VERSION,
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "experiments": [{"name": run.name, "family": run.family} for run in runs[:100]],
                "count": len(runs),
            }
        )
    shared_files().publish(target)
    summary.bytes = target.stat().st_size
    return summary


def _chosen(ids: Sequence[int] | None, summary: ExportSummary) -> Iterator[ExperimentEntity]:
    store = ExperimentStore()
    found = store.each(ExperimentQuery()) if ids is None else _each(store, ids, summary)
    for run in found:
        if run.status.ended:
            yield run
        else:
            summary.left_out.append(f"“{run.name}” is {run.status}; export it when it has ended.")


def _each(
    store: ExperimentStore, ids: Iterable[int], summary: ExportSummary
) -> Iterator[ExperimentEntity]:
    for number in dict.fromkeys(ids):
        try:
            yield store.get(number)
        except NotFoundError as error:
            summary.left_out.append(str(error))


def _packed(archive: ArchiveWriter, run: ExperimentEntity, summary: ExportSummary) -> bytes:
    store = ExperimentStore()
    record = ExperimentRecord.model_validate(
        {
            **{name: getattr(run, name) for name in _PLAIN},
            "parent": _task_of(run.parent_id),
            "refers": {str(number): _task_of(number) for number in _references(run)},
            "epochs": store.epochs(run.id),
            "events": reversed(store.events(run.id, MANY_EVENTS)),
        }
    )
    kept = []
    for item in store.artifacts(run.id):
        inside = f"files/{run.task_id}/{item.name}"
        if _add(archive, inside, artifacts().path(item.path), summary):
            kept.append(ArtifactRecord(name=item.name, kind=item.kind, file=inside))
    log = f"files/{run.task_id}.log.jsonl"
    has_log = shared_files().ensure(log_file(run.id)).exists()
    if has_log:
        archive.add_file(log, log_file(run.id))
    return _line(record.model_copy(update={"artifacts": kept, "log": log if has_log else ""}))


_OWN = {"epochs", "events", "artifacts", "log", "parent", "refers"}
_PLAIN = [name for name in ExperimentRecord.model_fields if name not in _OWN]


def _references(run: ExperimentEntity) -> frozenset[int]:
    known = families().get(run.family)
    return numbers_in(run.config, pickers(known.Config)) if known else frozenset()


def _task_of(number: int | None) -> str:
    try:
        return "" if number is None else ExperimentStore().get(number).task_id
    except NotFoundError:
        return ""


def _pack_datasets(
    archive: ArchiveWriter,
    runs: Iterable[ExperimentEntity],
    summary: ExportSummary,
    *,
    with_data: bool,
) -> Iterator[DatasetRecord]:
    wanted = {run.dataset_fingerprint: run.dataset_id for run in runs}
    for fingerprint, number in wanted.items():
        try:
            entity = DatasetStore().get(number)
        except NotFoundError:
            summary.left_out.append(f"Data set {number} is gone, so it was not exported.")
            continue
        if entity.fingerprint != fingerprint:
            continue
        inside = f"datasets/{fingerprint}"
        manifest = manifest_folder(entity.folder) / MANIFEST
        _add(archive, f"{inside}/{MANIFEST}", manifest, summary)
        included = with_data and entity.status is DatasetStatus.READY
        if included:
            samples = dataset_folder(entity.folder) / SAMPLES
            included = _add(archive, f"{inside}/{SAMPLES}", samples, summary)
        plain: dict[str, Any] = {
            name: getattr(entity, name) for name in DatasetRecord.model_fields if name != "included"
        }
        yield DatasetRecord(**plain, included=included)


def _add(archive: ArchiveWriter, inside: str, path: Path, summary: ExportSummary) -> bool:
    try:
        archive.add_file(inside, path)
    except FileNotFoundError:
        summary.left_out.append(f"The file {path.name} is gone, so it was not exported.")
        return False
    return True


def _line(record: ExperimentRecord | DatasetRecord) -> bytes:
    return record.model_dump_json().encode() + b"\n"
