"""The artifact store: finished files of experiments in one folder, named by run and attempt."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import delete

from storage.database import write_session
from storage.entities import NotFoundError, StorageError
from storage.models import Artifact
from storage.settings import settings

READ_BYTES = 1 << 20


class ArtifactStoreError(StorageError):
    """The artifact store cannot be used; the text says what to do."""


@dataclass(frozen=True)
class NewArtifact:
    """A stored file that is not in the database yet.

    Attributes:
        kind: config, history, metrics, predictions, result, model, checkpoint, log or report.
        path: Relative to the store's root.
    """

    name: str
    kind: str
    path: str
    bytes: int
    sha256: str

    def row(self, experiment_id: int) -> Artifact:
        """Give the database row for an experiment."""
        return Artifact(experiment_id=experiment_id, **self.__dict__)


class ArtifactStore:
    """Files below one root; names never lead out of it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(
        self, experiment_id: int, attempt: int, source: Path, name: str, kind: str
    ) -> NewArtifact:
        """Copy a file in; a stale attempt cannot overwrite what a newer one stored.

        Args:
            experiment_id: The run it belongs to.
            attempt: Fencing token of the writer, or 0 where there is none.
            source: File to copy (hard-linked where the file system allows).
            name: Shown to people; may hold folders, e.g. "result/test.npz".
            kind: See NewArtifact.

        Raises:
            OSError: The disk is full or the folder cannot be written.
        """
        relative = f"{experiment_id}/{attempt}/{name}"
        target = self.path(relative)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        link_or_copy(source, target)
        return NewArtifact(name, kind, relative, target.stat().st_size, sha256_of(target))

    def path(self, relative: str) -> Path:
        """Give the file behind a stored path.

        Raises:
            NotFoundError: The path leads out of the store.
        """
        root = self.root.resolve()
        path = (root / relative).resolve()
        if not path.is_relative_to(root) or path == root:
            raise NotFoundError("There is no such file.")
        return path


@cache
def artifacts() -> ArtifactStore:
    """Give the store of this installation: the folder ARTIFACT_URL names, else the data folder's.

    Raises:
        ArtifactStoreError: ARTIFACT_URL is of a kind that cannot be used.
    """
    given = settings().artifact_url_given
    if not given:
        return ArtifactStore(settings().artifacts_folder)
    if "://" in given and not given.startswith("file://"):
        raise ArtifactStoreError(
            f"ARTIFACT_URL {given.split('://')[0]}:// cannot be used. Give a folder, e.g. "
            "file:///srv/signalbench/artifacts."
        )
    return ArtifactStore(Path(given.removeprefix("file://")))


def record(experiment_id: int, item: NewArtifact) -> None:
    """Note a file made after a run ended (a report); one of the same name is replaced."""
    with write_session() as session:
        session.execute(
            delete(Artifact).where(
                Artifact.experiment_id == experiment_id, Artifact.name == item.name
            )
        )
        session.add(item.row(experiment_id))


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, or a copy where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
