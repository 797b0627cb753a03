"""Windows hold enough revolutions to part order lines, where recordings are long enough."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.data.defaults import apply_suggestions, turns_window
from integrations.pinn.config import PinnConfig


def info(samples: int, rate: float | None = 12_000.0, **fields: Any) -> DatasetInfo:
    recordings = tuple(
        Recording(f"{i}", "ab"[i % 2], f"{i}", samples + i, rate, fields=fields) for i in range(6)
    )
    return DatasetInfo("set", "signal", ("x",), recordings)


def test_long_recordings_get_about_twenty_turns() -> None:
    assert turns_window(info(120_000, rpm=1750.0)) == 8192


def test_a_recording_gives_at_least_two_windows() -> None:
    assert turns_window(info(9_000, rpm=1750.0)) == 4096


@pytest.mark.parametrize(
    "of", [info(120_000), info(120_000, None, rpm=1750.0), info(120_000, rpm=36_000.0)]
)
def test_nothing_is_suggested_where_it_is_not_known_or_not_needed(of: DatasetInfo) -> None:
    assert turns_window(of) is None


def test_the_suggested_window_leaves_the_suggested_split_as_it_is() -> None:
    config = apply_suggestions(PinnConfig(), info(120_000, rpm=1750.0))
    assert config.data.window_samples == 8192
    assert config.data.split == "group"
