"""Finds the model families: every sub-package with a family.py, and third-party entry points."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from integrations.core.contract import Family

ENTRY_POINT_GROUP = "signalbench.families"


class UnknownFamilyError(LookupError):
    """No family has that name."""


@cache
def families() -> dict[str, Family]:
    """Give all families by name, in the order their folders sort."""
    here = Path(__file__).parent
    found = [
        importlib.import_module(f"integrations.{module.name}.family").FAMILY
        for module in pkgutil.iter_modules([str(here)])
        if module.ispkg and (here / module.name / "family.py").exists()
    ]
    found += [point.load() for point in entry_points(group=ENTRY_POINT_GROUP)]
    return {family.name: family for family in found}


def family(name: str) -> Family:
    """Give one family.

    Raises:
        UnknownFamilyError: With the names that exist.
    """
    try:
        return families()[name]
    except KeyError:
        known = ", ".join(families())
        raise UnknownFamilyError(f"There is no model family “{name}”. Known: {known}.") from None
