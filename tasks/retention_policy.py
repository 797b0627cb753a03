"""How long files are kept: the settings, their defaults, and when they begin to count."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from storage.entities import JobEntity, JobStatus
from storage.stores.chores import ChoreStore
from storage.stores.jobs import JobStore
from storage.stores.stored_settings import StoredSettings
from tasks.house_id import ForeignFolderError, check_folder

KIND = "retention"
CHORE_SECONDS = 6 * 3600.0
LOW_PRIORITY = 2
KEY, SINCE_KEY = "retention", "retention-since"
GRACE = timedelta(days=7)
"""So long after the first look nothing is removed by itself: people shall see the list before."""
Days = Annotated[int | None, Field(ge=0, le=3650)]


class RetentionPolicy(BaseModel):
    """Days that files are kept; None keeps them for ever.

    Attributes:
        automatic: Remove what is due without being asked.
        intermediate_days: Checkpoints other than the best, after the run ended.
        failed_days: All working files of failed and cancelled runs.
        deleted_days: All files of deleted experiments; so long they can be brought back.
        upload_days: Uploaded files that were never imported.
        export_days: Exported archives.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    automatic: bool = True
    intermediate_days: Days = 30
    failed_days: Days = 7
    deleted_days: Days = 7
    upload_days: Days = 30
    export_days: Days = 7


def load_policy() -> RetentionPolicy:
    """Give the policy; the defaults where none was set, or one that is not valid any more."""
    try:
        return RetentionPolicy.model_validate(StoredSettings().get(KEY))
    except ValidationError:
        return RetentionPolicy()


def keep_policy(policy: RetentionPolicy) -> None:
    """Store the policy; somebody has seen it, so it counts from now on."""
    StoredSettings().put(KEY, policy.model_dump())
    StoredSettings().put(SINCE_KEY, {"from": datetime.now(UTC).isoformat()})


def automatic_from() -> datetime:
    """Give the time from which on files are removed without being asked."""
    kept = StoredSettings().get(SINCE_KEY).get("from")
    if kept:
        return datetime.fromisoformat(str(kept))
    start = datetime.now(UTC) + GRACE
    StoredSettings().put(SINCE_KEY, {"from": start.isoformat()})
    return start


def order_clean_up() -> JobEntity:
    """Queue a clean-up that somebody asked for after seeing the list."""
    last = JobStore().latest(KIND)
    if last is not None and last.status is JobStatus.QUEUED and last.payload.get("by_hand"):
        return last
    return JobStore().create(KIND, {"by_hand": True})


def order_clean_up_when_due() -> None:
    """Queue a clean-up now and then; one worker of all does so."""
    if ChoreStore().take(KIND, CHORE_SECONDS):
        _tie_first()
        automatic_from()
        if load_policy().automatic:
            JobStore().create(KIND, {"by_hand": False}, priority=LOW_PRIORITY)


def _tie_first() -> None:
    """Tie folder and database while they are surely each other's; the clean-up tells of strays."""
    with contextlib.suppress(ForeignFolderError, OSError):
        check_folder()
