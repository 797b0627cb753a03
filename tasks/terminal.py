"""Words to the person at the terminal."""

from __future__ import annotations

import contextlib
import sys


def say(text: str = "") -> None:
    """Write a line to standard output, at once; a reader that went away is no error."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def complain(text: str) -> None:
    """Write a line to standard error."""
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
