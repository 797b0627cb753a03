"""Bounded types of the REST interface: what a request may hold before anything looks at it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

LARGEST_ID = 2**63 - 1
MAX_JSON_NODES = 20_000
MAX_JSON_DEPTH = 30


class Problem(BaseModel):
    """An error (RFC 9457): ``detail`` is a sentence to act on."""

    type: str = "about:blank"
    status: int
    detail: str


def _plain(text: str) -> str:
    # PostgreSQL stores no NUL, and control characters have no business in names.
    if any(ord(character) < 32 and character not in "\n\r\t" for character in text):
        raise ValueError("must not contain control characters")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise ValueError("must be valid Unicode")
    return text


def _moment(value: datetime) -> datetime:
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    if not 1970 <= aware.year < 9999:
        raise ValueError("must lie between the years 1970 and 9998")
    return aware.astimezone(UTC)


def _json_object(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse what a database or JSON cannot hold: NUL, NaN, huge or deep documents."""
    waiting: list[tuple[Any, int]] = [(value, 0)]
    for count, (node, depth) in enumerate(waiting):
        if count > MAX_JSON_NODES or depth > MAX_JSON_DEPTH:
            raise ValueError("is too large or nested too deeply")
        if isinstance(node, dict):
            waiting += [(part, depth + 1) for pair in node.items() for part in pair]
        elif isinstance(node, list):
            waiting += [(part, depth + 1) for part in node]
        else:
            _leaf(node)
    return value


def _leaf(node: Any) -> None:
    if isinstance(node, str):
        _plain(node)
    elif isinstance(node, float) and not math.isfinite(node):
        raise ValueError("must not contain NaN or infinity")


Identifier = Annotated[int, Field(ge=1, le=LARGEST_ID)]
RowId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Text = Annotated[str, AfterValidator(_plain)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_plain)
]
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=50),
    AfterValidator(_plain),
]
Word = Annotated[Text, StringConstraints(max_length=64)]
Note = Annotated[Text, StringConstraints(max_length=10_000)]
Moment = Annotated[datetime, AfterValidator(_moment)]
JsonObject = Annotated[dict[str, Any], AfterValidator(_json_object)]

PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "There is no such thing."},
    409: {"model": Problem, "description": "The request does not fit the present state."},
    422: {"model": Problem, "description": "The request cannot be used; the detail says why."},
}
