"""The files of a run: one folder per attempt, and what becomes an artifact at its end."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from integrations.core.contract import FitResult
from integrations.core.files import write_atomically
from storage import run_log
from storage.artifacts import ArtifactStore, NewArtifact, link_or_copy, sha256_of
from storage.entities import ExperimentEntity
from storage.settings import settings
from storage.stores.runs import ClaimedRun
from tasks.shared_run import SharedRun, attempt_number

log = logging.getLogger("signalbench.runner")
KINDS = {
    "config.yaml": "config",
    "history.json": "history",
    "metrics.json": "metrics",
    "predictions.csv": "predictions",
    "predictions.npz": "predictions",
    "log.txt": "log",
}


class RunFiles:
    """Folders of one attempt.

    Each attempt has its own, into which the checkpoints of the one before are linked: a process
    that lost its lease but still breathes cannot touch its successor's files.
    """

    def __init__(self, run: ClaimedRun) -> None:
        self.base = settings().runs_folder / str(run.lease.id)
        self.folder = self.base / f"attempt-{run.lease.token}"
        self.results = self.folder / "results"
        self.shared = SharedRun(run.lease.id, run.task_id, self.folder)
        self._run = run

    def prepare(self) -> Path | None:
        """Make the folder, bring the checkpoints into it, and give the committed one, if any.

        Raises:
            OSError: The disk is full or the folder cannot be written.
        """
        self.results.mkdir(parents=True, exist_ok=True)
        if not self._run.checkpoint:
            return None
        committed = settings().runs_folder / self._run.checkpoint
        target = self.folder / "checkpoints"
        target.mkdir(exist_ok=True)
        if committed.parent != target:
            for path in sorted(committed.parent.glob("*")):
                if path.suffix != ".tmp" and not (target / path.name).exists():
                    link_or_copy(path, target / path.name)
        return target / committed.name

    def is_whole(self, committed: Path) -> bool:
        """Tell whether the committed checkpoint is there, bit by bit."""
        return committed.is_file() and sha256_of(committed) == self._run.checkpoint_sha256

    def older_than(self, unusable: Path) -> Path | None:
        """Drop a checkpoint that cannot be used and give the one before it, if there is one."""
        unusable.unlink(missing_ok=True)
        older = [
            path
            for path in unusable.parent.glob(f"*{unusable.suffix}")
            if path.name < unusable.name
        ]
        return max(older, default=None, key=lambda path: path.name)

    def pointer(self, checkpoint: Path | None) -> tuple[str, str]:
        """Give place and digest of a checkpoint as the database keeps them, "" for none.

        Raises:
            OSError: It cannot be read.
        """
        if checkpoint is None:
            return "", ""
        where, digest = self.relative(checkpoint), sha256_of(checkpoint)
        self.shared.publish_checkpoint()
        return where, digest

    def relative(self, path: Path) -> str:
        """Give a file's place below the runs folder, as the database keeps it."""
        return path.resolve().relative_to(settings().runs_folder.resolve()).as_posix()

    def drop_older_attempts(self) -> None:
        """Free the folders of earlier attempts, once the database points into ours.

        Those of later ones stay: we may have lost the run since, and not know it yet.
        """
        for path in self.base.glob("attempt-*"):
            if attempt_number(path.name) < self._run.lease.token:
                shutil.rmtree(path, ignore_errors=True)

    def drop(self) -> None:
        """Free the working folder of a run that is complete; its artifacts are stored."""
        self.shared.ended()
        shutil.rmtree(self.folder, ignore_errors=True)

    def write_config(self, experiment: ExperimentEntity, versions: dict[str, str]) -> Path:
        """Write what repeats the run: family, preset, data set, configuration, versions."""
        content = {
            "family": experiment.family,
            "preset": experiment.preset,
            "name": experiment.name,
            "dataset": {
                "id": experiment.dataset_id,
                "name": experiment.dataset_name,
                "fingerprint": experiment.dataset_fingerprint,
            },
            "config": experiment.config,
            "versions": versions,
        }
        path = self.results / "config.yaml"
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode()
        write_atomically(path, lambda file: file.write(text))
        return path

    def write_log(self) -> Path:
        """Write the run's log as plain text."""
        lines = [
            f"{line['time']:.3f} {line['level']:<7} {line['message']}\n"
            for line in run_log.read(self._run.lease.id)
        ]
        path = self.results / "log.txt"
        path.write_text("".join(lines), encoding="utf-8")
        return path

    def store(
        self, store: ArtifactStore, result: FitResult, files: Iterable[Path]
    ) -> list[NewArtifact]:
        """Put everything the run leaves into the artifact store.

        Raises:
            OSError: The disk is full.
        """
        items = [(path, path.name, KINDS.get(path.name, "result")) for path in files]
        items += [(path, path.name, "model") for path in result.model_files]
        items += self._checkpoints(result)
        lease = self._run.lease
        return [
            store.put(lease.id, lease.token, path, name, kind)
            for path, name, kind in items
            if path.is_file()
        ]

    def _checkpoints(self, result: FitResult) -> list[tuple[Path, str, str]]:
        # Those of a whole epoch; one between two epochs has an underscore and a batch.
        found = sorted((self.folder / "checkpoints").glob("epoch-[0-9][0-9][0-9][0-9].pt"))
        if not found:
            return []
        best = self.folder / "checkpoints" / f"epoch-{result.best_epoch:04d}.pt"
        return [(best, "best.pt", "checkpoint"), (found[-1], "last.pt", "checkpoint")]


def finite(values: dict[str, Any]) -> dict[str, Any]:
    """Replace what JSON has no word for (NaN, infinity) by None."""
    return {key: None if _is_odd(value) else value for key, value in values.items()}


def _is_odd(value: Any) -> bool:
    return isinstance(value, float) and (value != value or value in (float("inf"), -float("inf")))
