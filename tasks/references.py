"""The numbers of other experiments in a run's settings: members of ensembles, starting weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def numbers_in(config: Mapping[str, Any], paths: Iterable[str]) -> frozenset[int]:
    """Give the experiments that settings name.

    Args:
        config: Nested settings.
        paths: Dotted paths of the settings that hold a number or a list of them.
    """
    return frozenset(number for path in paths for number in _numbers(_at(config, path)))


def renumbered(
    config: Mapping[str, Any], paths: Iterable[str], numbers: Mapping[int, int]
) -> dict[str, Any]:
    """Give settings with other numbers; experiments that are not known are left out.

    Args:
        config: Nested settings; not changed.
        paths: As in ``numbers_in``.
        numbers: New number by old number.
    """
    changed = dict(config)
    for path in paths:
        first, _, rest = path.partition(".")
        if first not in changed:
            continue
        value = changed[first]
        if rest:
            inner = value if isinstance(value, Mapping) else {}
            changed[first] = renumbered(inner, [rest], numbers)
        elif isinstance(value, list):
            changed[first] = [numbers[n] for n in _numbers(value) if n in numbers]
        else:
            changed[first] = next((numbers[n] for n in _numbers(value) if n in numbers), 0)
    return changed


def _at(config: object, path: str) -> object:
    for name in path.split("."):
        config = config.get(name) if isinstance(config, Mapping) else None
    return config


def _numbers(value: object) -> Iterator[int]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, int) and not isinstance(item, bool) and item > 0:
            yield item
