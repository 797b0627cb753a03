"""Environment variables of a test, and everything this process remembers of them."""

from __future__ import annotations

import pytest

from storage import artifacts, database, progress, shared_files
from storage.settings import settings

CACHES = (
    settings,
    database.engine,
    database._factory,
    progress.connection,
    artifacts.artifacts,
    shared_files.shared_files,
)


def forget() -> None:
    """Read the environment anew at the next use."""
    for cached in CACHES:
        cached.cache_clear()


def use(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process and its children have these variables."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    forget()
