"""Peers of the bench in environments of their own, so that nothing of theirs is installed here."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class NoPeerError(RuntimeError):
    """A peer cannot be installed here; the row that needs it is skipped and says so."""


def peer_python(*packages: str) -> Path:
    """Give the Python of an environment with these packages, made at the first use.

    Raises:
        NoPeerError: They cannot be installed (no index, no room).
    """
    mark = hashlib.sha256(" ".join(sorted(packages)).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / "signalbench-peers" / mark
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return python
    uv = Path(sys.executable).parent / "uv"
    for command in (
        [str(uv), "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
        [str(uv), "pip", "install", "--quiet", "--python", str(python), *packages],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoPeerError(f"{' '.join(packages)}: {done.stderr.strip().splitlines()[-1:]}")
    (folder / "ready").touch()
    return python


def run_peer(python: Path, script: str, arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Run a script of ``peer_scripts`` there and read the JSON of its last line.

    Raises:
        NoPeerError: It failed.
    """
    path = Path(__file__).parent / "peer_scripts" / script
    done = subprocess.run(
        [str(python), str(path), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NoPeerError(f"{script}: {done.stderr.strip()[-500:]}")
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))
