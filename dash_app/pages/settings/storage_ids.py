"""Component ids of the storage tab."""

from __future__ import annotations

TICK = "storage-tick"
VERSION = "storage-version"
DISK = "storage-disk"
DISK_SEEN = "storage-disk-seen"

DAYS = {
    "intermediate_days": "storage-intermediate",
    "failed_days": "storage-failed",
    "deleted_days": "storage-deleted",
    "upload_days": "storage-upload",
    "export_days": "storage-export",
}
AUTOMATIC = "storage-automatic"
SAVE = "storage-save"
SAVED = "storage-saved"
PREVIEW = "storage-preview"

CLEAN = "storage-clean"
CLEAN_MODAL = "storage-clean-modal"
CLEAN_WHAT = "storage-clean-what"
CLEAN_CANCEL = "storage-clean-cancel"
CLEAN_CONFIRM = "storage-clean-confirm"

EXPORT = "storage-export-all"
WITH_DATA = "storage-with-data"
IMPORT = "storage-import"
WORK = "storage-work"
WORK_SEEN = "storage-work-seen"


def undelete(experiment_id: int) -> dict[str, str | int]:
    """Give the id of the button that brings a deleted experiment back."""
    return {"type": "storage-undelete", "run": experiment_id}
