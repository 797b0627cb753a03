"""Keeping house: which old files go and when, and the clean-up itself.

Files are first moved into a trash folder inside the transaction that marks their run, then
deleted. A clean-up that dies is taken up by the next one, whatever it had done.
"""

from __future__ import annotations

import logging
import shutil
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from storage.artifacts import artifacts
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.retention import RetentionStore
from tasks.backup import sweep_staging
from tasks.house_id import check_folder
from tasks.house_lock import files_may_go
from tasks.retention_plan import Item, plan
from tasks.retention_policy import RetentionPolicy, automatic_from, load_policy
from tasks.shared_run import forget_attempts

log = logging.getLogger("signalbench.retention")
TRASH = ".trash"
Say = Callable[[float, str], None]


class CleanUp(NamedTuple):
    """What a clean-up did."""

    items: int
    bytes: int

    def as_result(self) -> dict[str, Any]:
        """Give it as the result of a job."""
        return {"items": self.items, "bytes": self.bytes}


def clean_up(say: Say, *, by_hand: bool, now: datetime | None = None) -> CleanUp:
    """Remove what is due.

    Args:
        say: Takes the share done and what is being done.
        by_hand: Somebody saw the list and asked for it.
        now: The present time; for tests.

    Raises:
        HouseBusyError: A backup or an export is being made.
        ForeignFolderError: The files here belong to another database.
    """
    now = now or datetime.now(UTC)
    policy = load_policy()
    if not by_hand and (not policy.automatic or now < automatic_from()):
        return CleanUp(0, 0)
    check_folder()
    with files_may_go():
        _empty_trash()
        sweep_staging()
        due = [item for item in plan(policy, now) if item.due <= now]
        done = []
        for number, item in enumerate(due):
            say(number / len(due), item.title)
            if _remove(item, policy):
                done.append(item)
        _empty_trash()
    return CleanUp(len(done), sum(item.bytes for item in done))


def _remove(item: Item, policy: RetentionPolicy) -> bool:
    try:
        gone = _act(item, policy)
    except OSError as error:
        log.warning("%s could not be removed: %s", item.title, error)
        return False
    if gone:
        shared_files().forget(*(path for path in item.paths if _is_shared(path)))
        if item.run is not None:
            forget_attempts(item.run.id)
    return gone


def _act(item: Item, policy: RetentionPolicy) -> bool:
    def move_away() -> None:
        _to_trash(item.paths)

    run, store = item.run, RetentionStore()
    if run is None:
        move_away()
        return True
    if item.kind == "intermediate" or (run.has_result and not run.deleted):
        return store.trim(run, _farewell(item.kind, policy), move_away)
    return store.purge(run, _farewell(item.kind, policy), move_away)


def _farewell(kind: str, policy: RetentionPolicy) -> str:
    if kind == "deleted":
        return f"Its files were removed {_days(policy.deleted_days)} after it was deleted."
    if kind == "failed":
        kept = _days(policy.failed_days)
        return f"Its working files were removed after {kept}; Retry starts from the beginning."
    kept = _days(policy.intermediate_days)
    return f"Intermediate checkpoints were removed after {kept}; the best one stays."


def _days(count: int | None) -> str:
    return "1 day" if count == 1 else f"{count or 0} days"


def _to_trash(paths: Iterable[Path]) -> None:
    """Move files out of their places at once; a path that is gone already is no error."""
    for path in paths:
        trash = _trash_of(path) / uuid.uuid4().hex
        trash.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.rename(trash)
        except FileNotFoundError:
            continue


def _trash_of(path: Path) -> Path:
    # A rename does not cross file systems, and the artifacts may lie on one of their own.
    root = artifacts().root
    inside = path.is_relative_to(root)
    return (root if inside else settings().data) / TRASH


def _empty_trash() -> None:
    for folder in {artifacts().root / TRASH, settings().data / TRASH}:
        shutil.rmtree(folder, ignore_errors=True)


def _is_shared(path: Path) -> bool:
    return path.is_relative_to(settings().data)
