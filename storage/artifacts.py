"""The artifact store: finished files of experiments in one folder, named by run and attempt."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import delete, select

from storage.database import write_session
from storage.entities import ArtifactEntity, NotFoundError, StorageError
from storage.models import Artifact
from storage.settings import settings
from storage.shared_files import SCHEME, shared_files

READ_BYTES = 1 << 20
LARGE_KINDS = frozenset({"checkpoint"})


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
        digest = sha256_of(source)
        # What is made anew after the end gets a new place: a stored file never changes.
        place = f"{attempt}" if attempt else f"0/{digest[:16]}"
        relative = f"{experiment_id}/{place}/{name}"
        target = self.place(relative)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        link_or_copy(source, target)
        shared_files().publish(target)
        return NewArtifact(name, kind, relative, target.stat().st_size, digest)

    def path(self, relative: str) -> Path:
        """Give the file behind a stored path, brought here if another host made it.

        Raises:
            NotFoundError: The path leads out of the store.
            SharedFilesError: The store of shared files is away.
            OSError: The disk is full.
        """
        return shared_files().ensure(self.place(relative))

    def place(self, relative: str) -> Path:
        """Give where a stored path lies or would lie here; nothing is brought.

        Raises:
            NotFoundError: The path leads out of the store.
        """
        root = self.root.resolve()
        path = (root / relative).resolve()
        if not path.is_relative_to(root) or path == root:
            raise NotFoundError("There is no such file.")
        return path

    def remove(self, relative: str) -> None:
        """Remove a file that no row points to any more."""
        place = self.place(relative)
        place.unlink(missing_ok=True)
        shared_files().remove([place])


@cache
def artifacts() -> ArtifactStore:
    """Give the store of this installation: the folder ARTIFACT_URL names, else the data folder's.

    Raises:
        ArtifactStoreError: ARTIFACT_URL is of a kind that cannot be used.
    """
    given = settings().artifact_url_given
    if not given or (urlsplit(given).netloc and given.startswith(SCHEME)):
        return ArtifactStore(settings().artifacts_folder)
    if "://" in given and not given.startswith("file://"):
        raise ArtifactStoreError(
            f"ARTIFACT_URL {given.split('://')[0]}://… cannot be used. Give a bucket, e.g. "
            "s3://bench/files, or a folder, e.g. file:///srv/signalbench/artifacts."
        )
    return ArtifactStore(Path(given.removeprefix("file://")))


def record(experiment_id: int, item: NewArtifact) -> None:
    """Note a file made after a run ended (a report); one of the same name is replaced."""
    with write_session() as session:
        older = session.scalars(
            select(Artifact.path).where(
                Artifact.experiment_id == experiment_id, Artifact.name == item.name
            )
        ).all()
        session.execute(
            delete(Artifact).where(
                Artifact.experiment_id == experiment_id, Artifact.name == item.name
            )
        )
        session.add(item.row(experiment_id))
    for path in older:
        if path != item.path:
            artifacts().remove(path)


def run_folder(
    files: Iterable[ArtifactEntity], holding: str, *, models: bool = False
) -> Path | None:
    """Give the folder of a run's results with its files in it, brought here where they are not.

    Args:
        files: The run's files.
        holding: Name of the file that marks the folder; None is given where there is none.
        models: Bring trained models too; checkpoints are never brought.
    """
    known = list(files)
    marks = [item for item in known if item.name.rpartition("/")[2] == holding]
    if not marks:
        return None
    folder = marks[0].path.rpartition("/")[0]
    left_out = LARGE_KINDS if models else LARGE_KINDS | {"model"}
    for item in known:
        if item.kind not in left_out and item.path.rpartition("/")[0] == folder:
            artifacts().path(item.path)
    return artifacts().place(marks[0].path).parent


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
        # A copy that ends half-way, on a full disk or by a kill, must not look like the file.
        piece = target.with_name(f".{target.name}.copy")
        try:
            shutil.copyfile(source, piece)
            piece.replace(target)
        finally:
            piece.unlink(missing_ok=True)
