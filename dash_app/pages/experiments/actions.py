"""What the dialogs of the history do to experiments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.entities import ExperimentEntity, StorageError
from storage.stores.bulk import change_many
from storage.stores.experiments import MAX_PAGE, ExperimentStore
from tasks.queue import (
    QueueError,
    order_experiment,
    order_report,
    possible_orders,
    retry_experiment,
)
from tasks.transfers import order_export

LONGEST_NAME = 200
LONGEST_NOTE = 10_000
LONGEST_TAG = 50
ALWAYS = ("open", "monitor", "clone", "edit")
DOING = {
    "pause": "Pausing {runs}",
    "resume": "Resuming {runs}",
    "stop": "Stopping {runs}",
    "cancel": "Cancelling {runs}",
    "retry": "Retrying {runs}",
    "keep": "The files of {runs} are kept",
    "unkeep": "The files of {runs} follow the retention again",
    "export": "{runs} packed into an archive; it stands under Recent when it is done",
    "report": "Reports of {runs} are being written; they stand under Artifacts of the results",
}


@dataclass(frozen=True)
class Described:
    """What somebody wrote into the dialog.

    Attributes:
        limit_hours: Time limit, "" for the installation's.
        untagged: Tags that several runs lose.
    """

    name: str
    note: str
    tags: Sequence[str]
    limit_hours: float | str = ""
    untagged: Sequence[str] = ()


def describe(ids: Sequence[int], written: Described) -> None:
    """Keep name, note, tags and time limit of one experiment, or add and take tags of several.

    Raises:
        ValueError: Something is missing or too long; the text is a sentence.
        StorageError: The experiment was deleted meanwhile, or there are too many.
    """
    tags = _tags(written.tags)
    store = ExperimentStore()
    if len(ids) == 1:
        name, note = _name(written.name), _note(written.note)
        limit = round(float(written.limit_hours or 0) * 3600)
        store.describe(ids[0], name=name, note=note, tags=tags, time_limit_seconds=limit)
        return
    if written.untagged:
        change_many("untag", ids, list(written.untagged))
    if tags:
        change_many("tag", ids, tags)


def possible_actions(run: ExperimentEntity) -> tuple[str, ...]:
    """Give what the row menu offers for a run in its present state."""
    orders = possible_orders(run.status, run.control, run.epochs_done)
    has_results = run.status.ended and run.accuracy is not None
    return (
        *ALWAYS,
        *orders,
        "unkeep" if run.kept else "keep",
        *(("report",) if has_results else ()),
        *(("files", "export", "delete") if run.status.ended else ()),
    )


def act(action: str, ids: Sequence[int]) -> tuple[int, list[str]]:
    """Do an action of the row menu to experiments.

    Returns:
        How many obeyed, and a sentence for each that did not.
    """
    done, refused = 0, []
    if action == "export":
        return _export(ids)
    for number in ids:
        try:
            _act(action, number)
            done += 1
        except (StorageError, QueueError) as error:
            refused.append(str(error))
    return done, refused


def done_words(action: str, done: int, refused: Sequence[str]) -> str:
    """Say what became of an action: "Pausing 3 runs. 1 refused: …"."""
    runs = "1 run" if done == 1 else f"{done} runs"
    said = f"{DOING[action].format(runs=runs)}." if done else ""
    if not refused:
        return said
    why = refused[0] if len(refused) == 1 else f"{len(refused)} refused, e.g.: {refused[0]}"
    return f"{said} {why}".strip()


def _export(ids: Sequence[int]) -> tuple[int, list[str]]:
    """Put all of them into one archive."""
    try:
        order_export(ids, with_data=True)
    except StorageError as error:
        return 0, [str(error)]
    return len(ids), []


def _act(action: str, number: int) -> None:
    if action in ("keep", "unkeep"):
        ExperimentStore().describe(number, kept=action == "keep")
    elif action == "report":
        order_report(number)
    elif action == "retry":
        retry_experiment(number)
    else:
        order_experiment(number, action)


def delete_ended(ids: Sequence[int]) -> tuple[list[int], list[str]]:
    """Delete experiments that have ended.

    Returns:
        Those that were deleted, and a sentence for each that was kept.
    """
    changed = change_many("delete", ids[:MAX_PAGE])
    return list(changed.done), list(changed.refused.values())


def bring_back(ids: Sequence[int]) -> tuple[int, list[str]]:
    """Bring deleted experiments back.

    Returns:
        How many are back, and a sentence for each that is not.
    """
    changed = change_many("undelete", ids[:MAX_PAGE])
    return len(changed.done), list(changed.refused.values())


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
