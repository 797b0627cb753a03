"""Settings of several runs side by side, and which of them differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOT_THERE = object()


@dataclass(frozen=True)
class SettingRow:
    """One setting (dotted path) over several runs; None where a run's family has no such setting.

    Attributes:
        differs: Not all runs have the same value.
        shared: Every run has this setting; else it comes with the family of some.
    """

    setting: str
    values: tuple[Any, ...]
    differs: bool
    shared: bool


def setting_rows(configs: Sequence[Mapping[str, Any]]) -> tuple[SettingRow, ...]:
    """Give every setting of any run, in the order of the configurations."""
    flat = [dict(leaves(config)) for config in configs]
    settings = dict.fromkeys(key for config in flat for key in config)
    return tuple(_row(key, flat) for key in settings)


def leaves(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give every leaf of a nested configuration with its dotted path."""
    for key, value in config.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _row(setting: str, flat: Sequence[Mapping[str, Any]]) -> SettingRow:
    met = [config.get(setting, NOT_THERE) for config in flat]
    values = tuple(None if value is NOT_THERE else value for value in met)
    shared = all(value is not NOT_THERE for value in met)
    return SettingRow(setting, values, any(value != met[0] for value in met), shared)
