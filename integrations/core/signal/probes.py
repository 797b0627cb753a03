"""Which channels are a pair of shaft probes and which is the tacho, told by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence

TACHO = re.compile(r"(?i)tach|key.?phas|once.?per.?rev")


def probe_pair(channels: Sequence[str]) -> tuple[int, int] | None:
    """Give the positions of the X and Y channel ("X", "DE x", "probe_Y"), None without both."""
    found = [_lettered(channels, letter) for letter in "xy"]
    return (found[0], found[1]) if found[0] is not None and found[1] is not None else None


def tacho_channel(channels: Sequence[str]) -> int | None:
    """Give the position of the once-per-turn channel, None without one."""
    return next((i for i, name in enumerate(channels) if TACHO.search(name)), None)


def _lettered(channels: Sequence[str], letter: str) -> int | None:
    word = re.compile(rf"(?i)(?<![a-z]){letter}(?![a-z])")
    return next((i for i, name in enumerate(channels) if word.search(name)), None)
