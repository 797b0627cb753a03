"""Configurations the user kept: presets of a family, and ones bound to a data set."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from storage.database import read_session, write_session
from storage.entities import ConflictError, NotFoundError, SavedConfigEntity
from storage.models import SavedConfig


class SavedConfigStore:
    """Reads and writes kept configurations."""

    def save(
        self, name: str, family: str, config: dict[str, Any], dataset_id: int | None = None
    ) -> SavedConfigEntity:
        """Keep a configuration; without a data set it is a preset.

        Raises:
            ConflictError: The family already has one of that name.
        """
        with write_session() as session:
            taken = session.scalar(
                select(SavedConfig.id).where(SavedConfig.family == family, SavedConfig.name == name)
            )
            if taken is not None:
                raise ConflictError(f"There already is a saved “{name}”. Choose another name.")
            row = SavedConfig(name=name, family=family, config=config, dataset_id=dataset_id)
            session.add(row)
            session.flush()
            return _entity(row)

    def get(self, config_id: int) -> SavedConfigEntity:
        """Give one.

        Raises:
            NotFoundError: There is none.
        """
        with read_session() as session:
            row = session.get(SavedConfig, config_id)
        if row is None:
            raise NotFoundError(f"There is no saved configuration {config_id}.")
        return _entity(row)

    def all(self, family: str | None = None) -> list[SavedConfigEntity]:
        """Give all of them, or those of a family, newest first."""
        statement = select(SavedConfig).order_by(SavedConfig.id.desc())
        if family is not None:
            statement = statement.where(SavedConfig.family == family)
        with read_session() as session:
            return [_entity(row) for row in session.scalars(statement)]

    def delete(self, config_id: int) -> None:
        """Forget one; deleting twice is fine."""
        with write_session() as session:
            session.execute(delete(SavedConfig).where(SavedConfig.id == config_id))


def _entity(row: SavedConfig) -> SavedConfigEntity:
    return SavedConfigEntity(
        row.id, row.name, row.family, row.dataset_id, row.config, row.created_at
    )
