"""Tells a child process when its parent is gone: the pipe on its standard input ends."""

from __future__ import annotations

import os

STANDARD_INPUT = 0


def wait_for_end_of_input() -> None:
    """Return when the parent closed our standard input, or died.

    Reads the descriptor itself: a thread that sits in ``sys.stdin`` makes the interpreter abort
    at its end.
    """
    while os.read(STANDARD_INPUT, 4096):
        continue
