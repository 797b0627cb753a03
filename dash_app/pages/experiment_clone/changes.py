"""Changes that an address asks a clone to begin with; what is not a setting is left out."""

from __future__ import annotations

import re
from typing import Any

from dash_app.forms import FieldKind, all_fields
from dash_app.pages.experiment_new.choices import find_family
from dash_app.pages.experiment_new.draft import Draft
from tasks.queue import MOST_REPEATS

MOST_CHANGES = 20
MOST_CHARACTERS = 200
SEED_OF_A_REPEAT = re.compile(r" · seed \d+(?= \(copy\)$)")


def asked_changes(text: Any) -> dict[str, str]:
    """Read ``path=value;path=value`` from an address."""
    if not isinstance(text, str):
        return {}
    pairs = [part.partition("=") for part in text.split(";")[:MOST_CHANGES]]
    return {
        path: value[:MOST_CHARACTERS]
        for path, equals, value in pairs
        if equals and path.replace(".", "").isidentifier()
    }


def asked_repeats(text: Any) -> int:
    """Read how often to run from an address; 1 where it is no sensible number."""
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or len(text) > 3:
        return 1
    return min(MOST_REPEATS, max(1, int(text)))


def with_changes(draft: Draft, changes: dict[str, str], repeats: int = 1) -> Draft:
    """Put changes into a clone's values; the form marks and judges them like typed ones."""
    chosen = find_family(draft.family)
    known = all_fields(chosen.Config) if chosen else {}
    values = {
        path: _typed(known[path].kind, value) for path, value in changes.items() if path in known
    }
    name = SEED_OF_A_REPEAT.sub("", draft.name) if repeats > 1 else draft.name
    update = {"values": draft.values | values, "repeats": repeats, "name": name}
    return draft.model_copy(update=update)


def _typed(kind: FieldKind, value: str) -> Any:
    return value in ("true", "on", "1") if kind is FieldKind.SWITCH else value
