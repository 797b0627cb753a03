"""The GPUs of this host, handed out one run each, by a lock that lives as long as the run.

The lock is a file lock whose descriptor the run's process inherits: it holds while the worker or
the run lives, whichever dies last, so that a GPU is never given to two runs by two workers.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from integrations.core.data.dataset import DatasetError, read_info
from integrations.registry import UnknownFamilyError, family
from storage.entities import StorageError
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from tasks.dataset_files import manifest_folder
from tasks.machine import likely_device

log = logging.getLogger("signalbench.gpus")
LIST = ("nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader")
LIST_SECONDS = 10.0
VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class GpuPlace:
    """A GPU that is ours until ``release``; a child started with ``descriptor`` keeps it too."""

    name: str
    descriptor: int

    def release(self) -> None:
        """Give our part of the lock back."""
        with contextlib.suppress(OSError):
            os.close(self.descriptor)


@cache
def gpus() -> tuple[str, ...]:
    """Give the names (UUIDs) of the GPUs this process may use; loads no library."""
    if likely_device() == "cpu":
        return ()
    known = _known_to_driver()
    wanted = os.environ.get(VISIBLE)
    if wanted is None:
        return known
    return tuple(_named(word.strip(), known) for word in wanted.split(",") if word.strip())


def take_gpu(among: Sequence[str] | None = None) -> GpuPlace | None:
    """Take the first GPU nobody on this host trains on; None when there is none.

    Args:
        among: Names to choose from; None for all this process may use.
    """
    for name in gpus() if among is None else among:
        try:
            descriptor = _open_lock(name)
        except OSError as error:
            log.warning("The lock of GPU %s cannot be opened: %s", name, error)
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            continue
        return GpuPlace(name, descriptor)
    return None


def lock_file(name: str) -> Path:
    """Give the file that is locked while a GPU is in use; the same for all users of the host."""
    plain = "".join(letter if letter.isalnum() or letter == "-" else "_" for letter in name)
    return Path(tempfile.gettempdir()) / f"signalbench-gpu-{plain}.lock"


def _open_lock(name: str) -> int:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(lock_file(name), flags)
    except FileNotFoundError:
        descriptor = os.open(lock_file(name), flags | os.O_CREAT, 0o644)
        os.fchmod(descriptor, 0o644)
        return descriptor


def _known_to_driver() -> tuple[str, ...]:
    try:
        found = subprocess.run(
            LIST, capture_output=True, text=True, timeout=LIST_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("The GPUs cannot be listed, so runs train on the CPU: %s", error)
        return ()
    return tuple(line.strip() for line in found.stdout.splitlines() if line.strip())


def _named(word: str, known: tuple[str, ...]) -> str:
    """Turn an index of CUDA_VISIBLE_DEVICES into a name that means the same to everybody."""
    if word.isdecimal() and int(word) < len(known):
        return known[int(word)]
    return word


def gpu_for_run(experiment_id: int) -> GpuPlace | None:
    """Take a GPU for a run that can use one; None when it cannot, or when none is free."""
    return take_gpu() if gpus() and _can_use_gpu(experiment_id) else None


def _can_use_gpu(experiment_id: int) -> bool:
    try:
        run = ExperimentStore().get(experiment_id)
        config = family(run.family).Config.model_validate(run.config)
        folder = manifest_folder(DatasetStore().get(run.dataset_id).folder)
        return config.workload(read_info(folder)).uses_gpu
    except (StorageError, DatasetError, UnknownFamilyError, ValueError):
        log.debug("Run %d will say itself what is wrong with it", experiment_id, exc_info=True)
        return False
