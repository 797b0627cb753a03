"""What the dialogs of the history do to experiments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.entities import ConflictError, ExperimentEntity, NotFoundError
from storage.stores.experiments import ExperimentStore

LONGEST_NAME = 200
LONGEST_NOTE = 10_000
LONGEST_TAG = 50


@dataclass(frozen=True)
class Described:
    """What somebody wrote into the dialog."""

    name: str
    note: str
    tags: Sequence[str]


def describe(ids: Sequence[int], written: Described) -> None:
    """Keep name, note and tags of one experiment, or add tags to several.

    Raises:
        ValueError: Something is missing or too long; the text is a sentence.
        NotFoundError: The experiment was deleted meanwhile.
    """
    tags = _tags(written.tags)
    store = ExperimentStore()
    if len(ids) == 1:
        name, note = _name(written.name), _note(written.note)
        store.describe(ids[0], name=name, note=note, tags=tags)
        return
    for run in store.several(ids):
        store.describe(run.id, tags=list(dict.fromkeys([*run.tags, *tags])))


def delete_ended(ids: Sequence[int]) -> tuple[int, list[str]]:
    """Delete experiments that have ended.

    Returns:
        How many were deleted, and a sentence for each that was kept.
    """
    store, kept, deleted = ExperimentStore(), [], 0
    for number in ids:
        try:
            store.delete(number)
            deleted += 1
        except (ConflictError, NotFoundError) as error:
            kept.append(str(error))
    return deleted, kept


def why_not_joined(runs: Sequence[ExperimentEntity]) -> str:
    """Say why selected experiments cannot be joined to an ensemble; "" when they can."""
    for run in runs:
        if run.accuracy is None or not run.status.ended:
            return f"“{run.name}” has no results yet, so it cannot be a member. Unselect it."
    for run in runs[1:]:
        if run.dataset_fingerprint != runs[0].dataset_fingerprint:
            return (
                f"“{run.name}” was trained on other data than “{runs[0].name}”. Members need the "
                "same data set, windows and split."
            )
        if run.split_digest != runs[0].split_digest:
            return (
                f"“{run.name}” and “{runs[0].name}” have other windows or another split. Members "
                "need the same ones; clone one of them with the other's settings of Data."
            )
    return ""


def _name(text: str) -> str:
    name = _printable(text)
    if not name:
        raise ValueError("Give the experiment a name.")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"The name has {len(name)} characters; {LONGEST_NAME} are allowed.")
    return name


def _note(text: str) -> str:
    if len(text) > LONGEST_NOTE:
        raise ValueError(f"The note has {len(text)} characters; {LONGEST_NOTE} are allowed.")
    return text.replace("\0", "")


def _tags(tags: Sequence[str]) -> list[str]:
    return [tag[:LONGEST_TAG] for tag in dict.fromkeys(map(_printable, tags)) if tag]


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()
