"""Figures as the evidence of a finding writes them."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.core.evaluation.evaluation import Interval


def percent(value: float) -> str:
    """Write a share: 0.968 → "96.8 %"."""
    return f"{value * 100:.1f} %"


def with_interval(figure: Interval) -> str:
    """Write a share with its interval: "96.8 % (95.1–98.0)"."""
    low, high = max(0.0, figure.low), min(1.0, figure.high)
    return f"{percent(figure.value)} ({low * 100:.1f}–{high * 100:.1f})"


def in_points(figure: Interval) -> str:
    """Write a difference of shares: "0.6 points (−0.4 to 1.6)"."""
    return f"{_signed(figure.value)} points ({_signed(figure.low)} to {_signed(figure.high)})"


def named(names: Sequence[str], most: int = 3) -> str:
    """Write names in quotes: "“a”, “b”, “c” and 4 more"."""
    shown = ", ".join(f"“{name}”" for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def count(number: int, noun: str) -> str:
    """Write a number of things: "1 group", "3 groups"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _signed(value: float) -> str:
    text = f"{abs(value) * 100:.1f}"
    return f"−{text}" if value < 0 and float(text) else text
