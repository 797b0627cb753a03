"""Keeps what single windows' decisions rest on, for windows explained after a run; no pickle."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from integrations.core.files import write_atomically

EXPLANATIONS = "failure_explanations.npz"


def save_explanations(folder: Path, found: dict[str, Any]) -> Path:
    """Write explanations, see ``explain_rows``, into a folder."""
    path = folder / EXPLANATIONS
    write_atomically(path, lambda file: np.savez_compressed(file, allow_pickle=False, **found))
    return path


def load_explanations(path: Path) -> dict[str, Any]:
    """Read explanations back; {} where the file is missing or damaged: they can be made again."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            return {name: content[name] for name in content.files}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}
