"""Changing many experiments at once: each obeys or says why it does not, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.database import write_session
from storage.entities import ConflictError, NotFoundError, Status, StorageError
from storage.models import Experiment, utc_now
from storage.stores.experiment_queries import MAX_PAGE
from storage.stores.experiment_rows import bring_back, replace_tags
from storage.stores.register import registered_as

ACTIONS = ("delete", "undelete", "tag", "untag", "keep", "unkeep")
Tags = Sequence[str]


@dataclass(frozen=True)
class Bulk:
    """What became of an order to many: ids that obeyed, and a sentence for each other."""

    done: tuple[int, ...]
    refused: dict[int, str]


def change_many(action: str, ids: Sequence[int], tags: Tags = ()) -> Bulk:
    """Do one of ACTIONS to up to MAX_PAGE experiments.

    Args:
        action: What to do.
        ids: To which.
        tags: Tags to add or take away.

    Raises:
        ConflictError: There is no such action, or there are too many experiments.
    """
    if action not in ACTIONS:
        raise ConflictError(f"“{action}” is not done to many runs. Known: {', '.join(ACTIONS)}.")
    if len(ids) > MAX_PAGE:
        raise ConflictError(f"At most {MAX_PAGE} runs are changed at once. Select fewer.")
    done, refused = [], {}
    with write_session() as session:
        for number in dict.fromkeys(ids):
            try:
                _change(session, action, number, tags)
                done.append(number)
            except StorageError as error:
                refused[number] = str(error)
    return Bulk(tuple(done), refused)


def _change(session: Session, action: str, number: int, tags: Tags) -> None:
    if action == "undelete":
        bring_back(session, number)
        return
    row = session.scalar(
        select(Experiment)
        .where(Experiment.id == number, Experiment.deleted_at.is_(None))
        .with_for_update()
    )
    if row is None:
        raise NotFoundError(f"There is no experiment {number}. It may be deleted.")
    changes: dict[str, Callable[[], None]] = {
        "delete": lambda: _delete(session, row),
        "tag": lambda: _retag(session, row, [*row.tags, *tags]),
        "untag": lambda: _retag(session, row, [tag for tag in row.tags if tag not in tags]),
        "keep": lambda: setattr(row, "kept", True),
        "unkeep": lambda: setattr(row, "kept", False),
    }
    changes[action]()


def _delete(session: Session, row: Experiment) -> None:
    if not Status(row.status).ended:
        raise ConflictError(f"“{row.name}” is {row.status}. Stop or cancel it first.")
    if model := registered_as(session, row.id):
        raise ConflictError(f"“{row.name}” is {model}. Delete that model first.")
    row.deleted_at = utc_now()
    replace_tags(session, row.id, ())


def _retag(session: Session, row: Experiment, tags: Tags) -> None:
    row.tags = list(dict.fromkeys(tags))
    replace_tags(session, row.id, row.tags)
