"""Saved views: named states of a table that anybody on this bench can open again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.database import read_session, write_session
from storage.entities import ConflictError, NotFoundError
from storage.models import LARGEST_ID, SavedView

LONGEST_NAME = 200
LONGEST_QUERY = 20_000
MOST_VIEWS = 500


@dataclass(frozen=True)
class SavedViewEntity:
    """A named state of a table.

    Attributes:
        page: The screen it belongs to, e.g. "experiments".
        query: Query string that opens it, without the question mark.
        is_default: True for the one that the screen begins with.
    """

    id: int
    page: str
    name: str
    query: str
    is_default: bool
    created_at: datetime


class SavedViewStore:
    """Reads and writes saved views."""

    def all(self, page: str) -> list[SavedViewEntity]:
        """Give the views of a screen, by name."""
        statement = select(SavedView).where(SavedView.page == page).order_by(SavedView.name)
        with read_session() as session:
            return [_entity(row) for row in session.scalars(statement)]

    def get(self, view_id: int) -> SavedViewEntity:
        """Give one.

        Raises:
            NotFoundError: There is none.
        """
        with read_session() as session:
            return _entity(_row(session, view_id))

    def default(self, page: str) -> SavedViewEntity | None:
        """Give the view that a screen begins with, if one was chosen."""
        return next((view for view in self.all(page) if view.is_default), None)

    def save(self, page: str, name: str, query: str) -> SavedViewEntity:
        """Keep a state under a name; one of that name is replaced.

        Raises:
            ConflictError: The name is empty or too long, or the state is too large to keep.
        """
        name, query = _checked(name), query.removeprefix("?")
        if len(query) > LONGEST_QUERY:
            raise ConflictError("The view holds too much to be saved. Use fewer filters.")
        with write_session() as session:
            mine = (SavedView.page == page, SavedView.name == name)
            row = session.scalar(select(SavedView).where(*mine).with_for_update())
            if row is None:
                _check_number(session, page)
                row = SavedView(page=page, name=name, query=query)
                session.add(row)
            row.query = query
            session.flush()
            return _entity(row)

    def change(
        self,
        view_id: int,
        *,
        name: str | None = None,
        query: str | None = None,
        is_default: bool | None = None,
    ) -> SavedViewEntity:
        """Rename a view, give it another state, or make it the one that its screen begins with.

        Raises:
            NotFoundError: There is none.
            ConflictError: Another one has the name, or the name or state cannot be used.
        """
        try:
            with write_session() as session:
                row = _row(session, view_id)
                row.name = row.name if name is None else _checked(name)
                row.query = row.query if query is None else query[:LONGEST_QUERY]
                if is_default is not None:
                    _set_default(session, row, is_default)
                session.flush()
                return _entity(row)
        except IntegrityError as error:
            raise ConflictError(
                f"There is a view “{name}” already. Choose another name."
            ) from error

    def delete(self, view_id: int) -> None:
        """Forget a view.

        Raises:
            NotFoundError: There is none.
        """
        with write_session() as session:
            _row(session, view_id)
            session.execute(delete(SavedView).where(SavedView.id == view_id))


def _row(session: Session, view_id: int) -> SavedView:
    row = session.get(SavedView, min(view_id, LARGEST_ID))
    if row is None:
        raise NotFoundError("There is no such view. It may be deleted.")
    return row


def _checked(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ConflictError(f"Give the view a name of 1 to {LONGEST_NAME} characters.")
    return name


def _check_number(session: Session, page: str) -> None:
    if len(session.scalars(select(SavedView.id).where(SavedView.page == page)).all()) >= MOST_VIEWS:
        raise ConflictError(f"There are {MOST_VIEWS} views already. Delete one first.")


def _set_default(session: Session, row: SavedView, is_default: bool) -> None:
    others = update(SavedView).where(SavedView.page == row.page, SavedView.id != row.id)
    if is_default:
        session.execute(others.values(is_default=False))
    row.is_default = is_default


def _entity(row: SavedView) -> SavedViewEntity:
    return SavedViewEntity(row.id, row.page, row.name, row.query, row.is_default, row.created_at)
