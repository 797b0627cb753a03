"""What the sub-commands of ``app.py`` share: a bench to work in, and settings as KEY=VALUE."""

from __future__ import annotations

from typing import Any

import yaml

from storage.settings import settings
from tasks import preflight
from tasks.bench_lock import holder
from tasks.health import alive_workers
from tasks.serve import Bench


class CommandError(Exception):
    """The command cannot be carried out; the text says why and what to do."""


def own_bench_if_needed() -> Bench | None:
    """Give a bench to start, unless one already works on this database.

    Raises:
        CommandError: Nothing may work here.
        PreflightError: The data folder, the database or Redis cannot be used.
    """
    preflight.check_data_folder()
    found = holder()
    if found is not None and found.url:
        preflight.bring_database_up_to_date()
        return None
    if found is None and not settings().embedded_redis:
        preflight.check_given_redis()
        preflight.bring_database_up_to_date()
        if alive_workers():
            return None
    if not settings().workers:
        raise CommandError(
            "SIGNALBENCH_WORKERS=0 allows no work here. Unset it, or start a worker elsewhere."
        )
    return Bench(web=False)


def nested(pairs: list[str]) -> dict[str, Any]:
    """Turn KEY=VALUE pairs with dotted keys into a nested config.

    Raises:
        CommandError: A pair cannot be read.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise CommandError(f"--set {pair} lacks a value. Write --set training.epochs=20.")
        place = found
        *sections, leaf = key.strip().split(".")
        for section in sections:
            place = place.setdefault(section, {})
        place[leaf] = _value(pair, text)
    return found


def _value(pair: str, text: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CommandError(f"The value of --set {pair} cannot be read.") from error
    # YAML 1.1 takes 1e-3 for text, because it wants a point in a number.
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value
