"""What has to be done now and then by one worker, whichever comes first."""

from __future__ import annotations

from sqlalchemy import select, update

from storage.database import database_now, read_session, write_session
from storage.models import Chore


class ChoreStore:
    """Hands out chores; the database's clock says when one is due."""

    def take(self, name: str, every_seconds: float) -> bool:
        """Take a chore if it is due; True for exactly one of those who ask.

        Args:
            name: Of the chore.
            every_seconds: How long until it is due again.
        """
        with write_session() as session:
            now = session.scalar(select(database_now())) or 0.0
            if session.get(Chore, name, with_for_update=True) is None:
                session.add(Chore(name=name, due_at=now + every_seconds))
                return True
            taken = session.scalar(
                update(Chore)
                .where(Chore.name == name, Chore.due_at <= now)
                .values(due_at=now + every_seconds)
                .returning(Chore.name)
                .execution_options(synchronize_session=False)
            )
            return taken is not None

    def due_at(self, name: str) -> float | None:
        """Give when a chore is due next (seconds since 1970); None when nobody ever took it."""
        with read_session() as session:
            row = session.get(Chore, name)
            return None if row is None else row.due_at
