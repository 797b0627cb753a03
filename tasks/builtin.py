"""Makes the built-in data sets once per database; several workers may try at the same time."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable

from sqlalchemy.exc import IntegrityError

from integrations.core.data.builtin import BuiltinSet, builtin_sets, make
from integrations.core.data.dataset import DatasetError
from storage.entities import DatasetEntity, DatasetStatus
from storage.settings import settings
from storage.stores.datasets import DatasetStore

log = logging.getLogger("signalbench.builtin")


def missing_sets() -> list[BuiltinSet]:
    """Give the built-in sets that are not ready yet."""
    store = DatasetStore()
    found = {s.key: store.by_builtin_key(s.key) for s in builtin_sets()}
    return [s for s in builtin_sets() if not _is_ready(found[s.key])]


def ensure_builtin_sets(
    say: Callable[[float, str], None] = lambda fraction, message: None,
) -> list[str]:
    """Make what is missing; a set that fails is said in its row and does not stop the others.

    Returns:
        Keys of the sets made now.
    """
    made, todo = [], missing_sets()
    for number, builtin in enumerate(todo):
        say(number / len(todo), builtin.name)
        if _make(builtin):
            made.append(builtin.key)
    return made


def _make(builtin: BuiltinSet) -> bool:
    from tasks.job_kinds import ready_facts

    store = DatasetStore()
    row = _row(builtin)
    folder = settings().datasets_folder / f"builtin-{builtin.key}"
    scratch = folder.with_name(f".{folder.name}-{os.getpid()}")
    try:
        info = make(builtin.key, scratch)
    except DatasetError as error:
        log.warning("The built-in set %s cannot be made: %s", builtin.key, error)
        store.set_status(row.id, DatasetStatus.FAILED, str(error))
        shutil.rmtree(scratch, ignore_errors=True)
        return False
    # The content is a function of the installed files: whoever comes second brings the same.
    shutil.rmtree(folder, ignore_errors=True)
    try:
        scratch.rename(folder)
    except OSError:
        shutil.rmtree(scratch, ignore_errors=True)
    store.set_ready(row.id, ready_facts(info, folder.name))
    return True


def _row(builtin: BuiltinSet) -> DatasetEntity:
    store = DatasetStore()
    found = store.by_builtin_key(builtin.key)
    if found is not None:
        return found
    try:
        return store.create(
            builtin.name,
            source="built-in",
            summary=builtin.summary,
            builtin_key=builtin.key,
            status=DatasetStatus.IMPORTING,
        )
    except IntegrityError:
        found = store.by_builtin_key(builtin.key)
        if found is None:
            raise
        return found


def _is_ready(dataset: DatasetEntity | None) -> bool:
    return dataset is not None and dataset.status is DatasetStatus.READY
