"""What a search says: a small tree of frozen parts, and its text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

KEYWORDS = frozenset({"and", "or", "not", "in", "between"})
PLAIN = re.compile(r"(?:(?!\.\.)[^\s()\"'=!<>~:,])+")


@dataclass(frozen=True)
class Word:
    """A name or a value as it was written, and where; words are equal when their texts are."""

    text: str
    position: int = field(default=0, compare=False)
    length: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Range:
    """Both ends belong to it."""

    low: Word
    high: Word


@dataclass(frozen=True)
class Text:
    """A bare word: looked for in names, notes, tags, data sets and families."""

    word: Word


@dataclass(frozen=True)
class Compare:
    """``operator`` is one of = != < <= > >= ~ !~; the last two mean contains and does not."""

    name: Word
    operator: str
    value: Word


@dataclass(frozen=True)
class Within:
    """One of several values or ranges."""

    name: Word
    items: tuple[Word | Range, ...]
    negated: bool = False


@dataclass(frozen=True)
class Flag:
    """``is:kept`` or ``has:note``."""

    kind: str
    word: Word


@dataclass(frozen=True)
class Not:
    """The opposite of its part."""

    part: Expression


@dataclass(frozen=True)
class And:
    """All of its parts; without parts it holds everywhere."""

    parts: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class Or:
    """At least one of its parts."""

    parts: tuple[Expression, ...]


Expression = Text | Compare | Within | Flag | Not | And | Or


def write(expression: Expression) -> str:
    """Give the text of an expression; parsing it gives an equal expression."""
    match expression:
        case Text(word):
            return _word(word)
        case Compare(name, operator, value):
            return f"{_word(name)} {operator} {_word(value)}"
        case Within(name, items, negated):
            listed = ", ".join(_item(item) for item in items)
            return f"{_word(name)} {'not ' if negated else ''}in ({listed})"
        case Flag(kind, word):
            return f"{kind}:{_word(word)}"
        case Not(part):
            return f"not {_inside(part, And | Or)}"
        case And(parts):
            return " and ".join(_inside(part, And | Or) for part in parts)
        case Or(parts):
            return " or ".join(_inside(part, Or) for part in parts)


def _inside(part: Expression, bracketed: object) -> str:
    text = write(part)
    return f"({text})" if isinstance(part, bracketed) else text  # type: ignore[arg-type]


def _item(item: Word | Range) -> str:
    if isinstance(item, Range):
        return f"{_word(item.low)}..{_word(item.high)}"
    return _word(item)


def _word(word: Word) -> str:
    plain = PLAIN.fullmatch(word.text) and word.text.lower() not in KEYWORDS
    if plain and not word.text.startswith(".") and not word.text.endswith("."):
        return word.text
    escaped = word.text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
