"""What to change in a run that had too little memory, said with its own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SMALL_BATCH = 8
"""Below that the windows themselves weigh more than a batch of them."""
HOW_ON = "Clone the run to change that; Retry helps only when other programs took the memory."


def memory_sentence(
    config: Mapping[str, Any], used_bytes: int, total_bytes: int, whose: str = "the machine"
) -> str:
    """Say what was used and what to try.

    Args:
        config: The run's configuration.
        used_bytes: The most that it took; 0 when that was not measured.
        total_bytes: What there is.
        whose: Whose memory it is.
    """
    used = f": it took {used_bytes / 1e9:.1f} GB of" if used_bytes else " on"
    total = f"the {total_bytes / 1e9:.1f} GB of {whose}"
    return f"Memory ran out{used} {total}. {what_to_try(config)} {HOW_ON}"


def what_to_try(config: Mapping[str, Any]) -> str:
    """Give one change that halves the need, as a sentence with the present and the new value."""
    batch = _number(config, "training", "batch_size")
    if batch > SMALL_BATCH:
        return f"Try a batch of {batch // 2:.0f} instead of {batch:.0f}."
    overlap = _number(config, "data", "overlap")
    if overlap > 0:
        less = max(0.0, 1 - 2 * (1 - overlap))
        return f"Try a window overlap of {less:.2g} instead of {overlap:.2g}: half the windows."
    samples = _number(config, "data", "window_samples")
    if samples:
        return f"Try windows of {samples // 2:.0f} samples instead of {samples:.0f}."
    return "Try a smaller data set."


def _number(config: Mapping[str, Any], section: str, name: str) -> float:
    found = config.get(section, {})
    value = found.get(name, 0) if isinstance(found, Mapping) else 0
    return float(value) if isinstance(value, int | float) else 0.0
