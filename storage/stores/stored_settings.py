"""Settings of the installation that people change on the screen, not in the environment."""

from __future__ import annotations

from typing import Any

from storage.database import read_session, write_session
from storage.models import Setting, utc_now


class StoredSettings:
    """Reads and writes named JSON objects; what they mean is known to whoever names them."""

    def get(self, key: str) -> dict[str, Any]:
        """Give a setting, {} when it was never changed."""
        with read_session() as session:
            row = session.get(Setting, key)
            return {} if row is None else row.value

    def put(self, key: str, value: dict[str, Any]) -> None:
        """Keep a setting."""
        with write_session() as session:
            session.merge(Setting(key=key, value=value, updated_at=utc_now()))
