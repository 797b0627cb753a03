"""Settings by the names and units that the form gives them."""

from __future__ import annotations

from collections.abc import Iterable

from dash_app.forms.fields import FieldSpec, all_fields
from dash_app.forms.words import in_words
from integrations.registry import UnknownFamilyError, family


def specs_of(families: Iterable[str]) -> dict[str, FieldSpec]:
    """Give the settings of several families by dotted path; uninstalled families are left out."""
    found: dict[str, FieldSpec] = {}
    for name in dict.fromkeys(families):
        try:
            found = {**all_fields(family(name).Config), **found}
        except UnknownFamilyError:
            continue
    return found


def setting_title(path: str, specs: dict[str, FieldSpec]) -> str:
    """Name a setting: "Training · Learning rate", with its unit."""
    section, _, name = path.rpartition(".")
    spec = specs.get(path)
    title = spec.title if spec else in_words(name)
    unit = f" ({spec.unit})" if spec and spec.unit else ""
    where = f"{in_words(section.rpartition('.')[2])} · " if section else ""
    return f"{where}{title}{unit}"


def short_title(path: str, specs: dict[str, FieldSpec]) -> str:
    """Name a setting without its section."""
    return setting_title(path, specs).rpartition(" · ")[2]
