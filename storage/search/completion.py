"""What may come next at a place in a search: names, operators, values, connecting words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.entities import Status
from storage.models import (
    Dataset,
    Experiment,
    ExperimentHeldOut,
    ExperimentParam,
    ExperimentTag,
)
from storage.search.errors import SearchError
from storage.search.expression import KEYWORDS, PLAIN, Word
from storage.search.fields import COLUMNS, Named, Names, distinct_keys
from storage.search.flags import HAS, IS
from storage.search.grammar import LONGEST

MOST = 12
MOST_VALUES = 200
TOKEN = re.compile(
    r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|==|!=|<=|>=|!~|\.\.|[=<>~:(),]"
    r"|(?:(?!\.\.)[^\s()\"'=!<>~:,])+|\S"
)
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "~", "!~", "==", ":")
SAYS = {"number": "a number", "duration": "e.g. 5m", "time": "e.g. -7d", "truth": "yes or no"}
TIMES = ("today", "yesterday", "-7d", "-30d")
DURATIONS = ("1m", "10m", "1h", "1d")
NO_MATCH = 3
CONNECTORS = ("and", "or")


@dataclass(frozen=True)
class Completion:
    """One thing that may come.

    Attributes:
        text: What to put in place of the piece of text between start and end.
        kind: "name", "operator", "value" or "connector".
        says: A few words about it; may be empty.
    """

    text: str
    kind: str
    says: str = ""


@dataclass(frozen=True)
class Completions:
    """What may come in place of the characters from ``start`` up to ``end``."""

    start: int
    end: int
    items: tuple[Completion, ...]


def complete(session: Session, text: str, position: int | None = None) -> Completions:
    """Give what may come at a place in a search, best first.

    Args:
        session: To look up settings, metrics and values that runs have.
        text: The search so far.
        position: Where the cursor stands; the end by default.
    """
    text = text[:LONGEST]
    end = len(text) if position is None else max(0, min(position, len(text)))
    tokens = [(found.group(), found.start()) for found in TOKEN.finditer(text[:end])]
    begun = bool(tokens) and tokens[-1][1] + len(tokens[-1][0]) == end and _is_word(tokens[-1][0])
    start = tokens[-1][1] if begun else end
    typed = tokens[-1][0] if begun else ""
    before = [token for token, _ in (tokens[:-1] if begun else tokens)]
    items = _Completer(Names(session), session).items(before, typed.strip("\"'"))
    return Completions(start, end, tuple(items[:MOST]))


class _Completer:
    def __init__(self, names: Names, session: Session) -> None:
        self._names, self._session = names, session

    def items(self, before: Sequence[str], typed: str) -> list[Completion]:
        """Tell by the words before the cursor what kind of word comes."""
        last = before[-1].lower() if before else ""
        listed = _list_of(before)
        if listed is not None:
            return self._values(listed, typed)
        if last in OPERATORS and len(before) > 1:
            return self._values(before[-2], typed)
        if last in ("in", "between") and len(before) > 1:
            return self._values(_name_before(before[:-1]), typed)
        if _is_condition_end(before):
            return [*_connectors(typed), *(self._begin(typed) if typed else [])]
        if _is_word(last) and last not in KEYWORDS and not typed:
            return [*self._operators(before[-1]), *_connectors(typed)]
        return self._begin(typed)

    def _begin(self, typed: str) -> list[Completion]:
        columns = [Completion(name, "name", column.says) for name, column in COLUMNS.items()]
        marks = [
            Completion("is:", "name", "kept, running, leaky …"),
            Completion("has:", "name", "note, tag, result …"),
            Completion("not", "connector", "the opposite"),
        ]
        metrics = [
            Completion(_quoted(key), "name", "metric at the chosen epoch")
            for key in self._names.metrics
            if key not in COLUMNS
        ]
        fields = [Completion(_quoted(f), "name", "held-out values") for f in self._names.held_out]
        params = [Completion(_quoted(path), "name", "setting") for path in self._names.params]
        return _matching([*columns, *marks, *metrics, *fields, *params], typed)

    def _operators(self, name: str) -> list[Completion]:
        named = self._found(name)
        if named is None:
            return []
        kind = COLUMNS[named.key].kind if named.sort == "column" else "stored"
        ordered = ("<", "<=", ">", ">=", "=", "!=", "in", "between")
        fitting = {
            "number": ordered, "duration": ordered, "time": ordered, "truth": ("=",),
            "stored": ("=", "!=", "<", "<=", ">", ">=", "in", "~"),
        }.get(kind, ("=", "!=", "~", "in"))  # fmt: skip
        return [Completion(each, "operator") for each in fitting]

    def _values(self, name: str, typed: str) -> list[Completion]:
        if name.lower() in ("is", "has"):
            words = IS if name.lower() == "is" else HAS
            return _matching([Completion(word, "value") for word in words], typed)
        named = self._found(name)
        known = [] if named is None else self._known_values(named)
        return _matching([Completion(_quoted(value), "value") for value in known], typed)

    def _known_values(self, named: Named) -> list[str]:
        session = self._session
        if named.sort == "param":
            values = select(ExperimentParam.text).where(ExperimentParam.key == named.key)
            return _least(session, values)
        if named.sort == "held_out":
            held = select(ExperimentHeldOut.text).where(ExperimentHeldOut.field == named.key)
            return _least(session, held)
        match COLUMNS[named.key].kind if named.sort == "column" else "":
            case "dataset":
                return _least(session, select(Dataset.name).where(Dataset.deleted_at.is_(None)))
            case "tag":
                return distinct_keys(session, ExperimentTag.tag)[:MOST_VALUES]
            case "time":
                return list(TIMES)
            case "duration":
                return list(DURATIONS)
            case "truth":
                return ["yes", "no"]
            case "choice" | "key":
                return _choices(session, named.key)
        return []

    def _found(self, name: str) -> Named | None:
        try:
            return self._names.find(Word(name.strip("\"'")))
        except SearchError:
            return None


def _choices(session: Session, key: str) -> list[str]:
    if key == "status":
        return [status.value for status in Status]
    column = Experiment.family if key == "family" else Experiment.preset
    return [value for value in _least(session, select(column)) if value]


def _least(session: Session, values: object) -> list[str]:
    statement = values.distinct().limit(MOST_VALUES)  # type: ignore[attr-defined]
    return sorted(session.scalars(statement))


def _list_of(before: Sequence[str]) -> str | None:
    """Give the name whose list of values the cursor is in; None when it is in none."""
    for place in range(len(before) - 1, 0, -1):
        if before[place] == ")":
            return None
        if before[place] == "(":
            inside = before[place - 1].lower() == "in"
            return _name_before(before[:place]) if inside else None
    return None


def _name_before(before: Sequence[str]) -> str:
    words = [word for word in before if word.lower() not in ("in", "not", "between")]
    return words[-1] if words else ""


def _is_condition_end(before: Sequence[str]) -> bool:
    if not before:
        return False
    ended_value = len(before) > 1 and before[-2].lower() in (*OPERATORS, "in", "..")
    return before[-1] == ")" or ended_value


def _is_word(token: str) -> bool:
    return bool(PLAIN.fullmatch(token)) or token[:1] in ("'", '"')


def _connectors(typed: str) -> list[Completion]:
    return _matching([Completion(word, "connector") for word in CONNECTORS], typed)


def _matching(found: Sequence[Completion], typed: str) -> list[Completion]:
    """Keep what contains the typed letters; what begins with them, or a part of it, comes first."""
    # A metric may be written with a dot, val.macro_f1, and is stored as val_macro_f1.
    wanted = typed.lower().replace(".", "_")
    ranked = [
        (_rank(each.text.lower().strip('"').replace(".", "_"), wanted), each) for each in found
    ]
    return [each for rank, each in sorted(ranked, key=itemgetter(0)) if rank < NO_MATCH]


def _rank(text: str, wanted: str) -> int:
    if text.startswith(wanted):
        return 0
    if f"_{wanted}" in text:
        return 1
    return 2 if wanted in text else NO_MATCH


def _quoted(value: str) -> str:
    plain = PLAIN.fullmatch(value) and value.lower() not in KEYWORDS
    return value if plain else '"{}"'.format(value.replace("\\", "\\\\").replace('"', '\\"'))
