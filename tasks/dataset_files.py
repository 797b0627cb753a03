"""Where the files of data sets lie on this host, brought here when another host made them."""

from __future__ import annotations

from pathlib import Path

from integrations.core.data.dataset import MANIFEST, DatasetError
from storage.entities import StorageError
from storage.settings import settings
from storage.shared_files import shared_files


def dataset_folder(relative: str) -> Path:
    """Give the folder of a data set with its samples.

    Args:
        relative: The data set's folder below the one of all data sets.

    Raises:
        DatasetError: It has to be brought and the store of shared files is away.
        OSError: The disk is full.
    """
    try:
        return shared_files().ensure(settings().datasets_folder / relative)
    except StorageError as error:
        raise DatasetError(str(error)) from error


def manifest_folder(relative: str) -> Path:
    """Give a folder that holds a data set's manifest; its samples need not be here.

    Raises:
        DatasetError: As ``dataset_folder``.
        OSError: The disk is full.
    """
    folder = settings().datasets_folder / relative
    if folder.exists() or not shared_files().remote:
        return folder
    kept = settings().data / "cache" / "manifests" / relative
    if not (kept / MANIFEST).exists():
        try:
            shared_files().copy(folder / MANIFEST, kept / MANIFEST)
        except StorageError as error:
            raise DatasetError(str(error)) from error
    return kept


def publish_dataset(folder: Path) -> None:
    """Let other hosts have a data set, before the database says that it is ready.

    Raises:
        DatasetError: The store of shared files is away for longer than this process waits.
        OSError: A file cannot be read.
    """
    try:
        shared_files().publish(folder)
    except StorageError as error:
        raise DatasetError(str(error)) from error
