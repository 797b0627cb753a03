"""From text to expression; hostile lengths and nestings are refused before anything is built."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from storage.search.errors import SearchError
from storage.search.expression import (
    And,
    Compare,
    Expression,
    Flag,
    Not,
    Or,
    Range,
    Text,
    Within,
    Word,
)

LONGEST = 2000
DEEPEST = 25
MOST_CONDITIONS = 50
MOST_ITEMS = 200
FLAGS = ("is", "has")
GRAMMAR = r"""
    ?start: either |
    ?either: both (OR both)*
    ?both: negatable (AND? negatable)*
    ?negatable: NOT negatable -> negation
        | "(" either ")"
        | name OPERATOR value -> comparison
        | name ":" value -> marked
        | name IN items -> within
        | name NOT_IN items -> without
        | name BETWEEN value AND value -> between
        | name NOT_BETWEEN value AND value -> not_between
        | word -> text
    items: item | "(" item ("," item)* ")"
    ?item: value | value ".." value -> range
    name: word
    value: word
    word: WORD | STRING

    OPERATOR: "==" | "!=" | "<=" | ">=" | "!~" | "=" | "<" | ">" | "~"
    NOT_IN.3: /not\s+in(?![^\s()"'=!<>~:,])/i
    NOT_BETWEEN.3: /not\s+between(?![^\s()"'=!<>~:,])/i
    AND.2: /and(?![^\s()"'=!<>~:,])/i
    OR.2: /or(?![^\s()"'=!<>~:,])/i
    NOT.2: /not(?![^\s()"'=!<>~:,])/i
    IN.2: /in(?![^\s()"'=!<>~:,])/i
    BETWEEN.2: /between(?![^\s()"'=!<>~:,])/i
    WORD: /(?:(?!\.\.)[^\s()"'=!<>~:,]|(?<=T\d\d):(?=\d\d)|(?<=T\d\d:\d\d):(?=\d\d))+/
    STRING: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/
    %ignore /\s+/
"""
QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL)


def parse(text: str) -> Expression:
    """Give what a search says; an empty one holds everywhere.

    Raises:
        SearchError: It cannot be understood; the error says where and what.
    """
    _check_size(text)
    try:
        expression = _build(text)
    except UnexpectedInput as error:
        raise _sentence(text, error) from error
    except VisitError as error:
        if isinstance(error.orig_exc, SearchError):
            raise error.orig_exc from error
        raise
    if _conditions(expression) > MOST_CONDITIONS:
        raise SearchError(f"The search has more than {MOST_CONDITIONS} conditions. Use fewer.")
    return expression


def _build(text: str) -> Expression:
    tree: Any = _parser().parse(text)
    built: Expression = _Builder().transform(tree)
    return built


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


class _Builder(Transformer[Token, Any]):
    """Makes the parts of the expression out of the parse tree, from the leaves up."""

    def start(self, _parts: list[Any]) -> And:
        return And()

    def either(self, parts: list[Any]) -> Or:
        return Or(tuple(part for part in parts if not isinstance(part, Token)))

    def both(self, parts: list[Any]) -> And:
        return And(tuple(part for part in parts if not isinstance(part, Token)))

    def negation(self, parts: list[Any]) -> Not:
        return Not(parts[1])

    def comparison(self, parts: list[Any]) -> Compare | Flag:
        name, operator, value = parts
        return Compare(name, {"==": "="}.get(str(operator), str(operator)), value)

    def marked(self, parts: list[Any]) -> Compare | Flag:
        name, value = parts
        kind = name.text.lower()
        return Flag(kind, value) if kind in FLAGS else Compare(name, "=", value)

    def within(self, parts: list[Any]) -> Within:
        return Within(parts[0], parts[2])

    def without(self, parts: list[Any]) -> Within:
        return Within(parts[0], parts[2], negated=True)

    def between(self, parts: list[Any]) -> Within:
        return Within(parts[0], (Range(parts[2], parts[4]),))

    def not_between(self, parts: list[Any]) -> Within:
        return Within(parts[0], (Range(parts[2], parts[4]),), negated=True)

    def text(self, parts: list[Any]) -> Text:
        return Text(parts[0])

    def items(self, parts: list[Any]) -> tuple[Word | Range, ...]:
        if len(parts) > MOST_ITEMS:
            raise SearchError(f"A list holds at most {MOST_ITEMS} values. Use a range: 3..900.")
        return tuple(parts)

    def range(self, parts: list[Any]) -> Range:
        return Range(*parts)

    def name(self, parts: list[Any]) -> Word:
        return self.word(parts)

    def value(self, parts: list[Any]) -> Word:
        return self.word(parts)

    def word(self, parts: list[Any]) -> Word:
        token = parts[0]
        if isinstance(token, Word):
            return token
        written = str(token)
        if token.type == "STRING":
            written = re.sub(r"\\(.)", r"\1", written[1:-1], flags=re.DOTALL)
        return Word(written, token.start_pos or 0, len(token))


def _check_size(text: str) -> None:
    if len(text) > LONGEST:
        raise SearchError(f"The search is longer than {LONGEST} characters. Use fewer conditions.")
    for position, letter in enumerate(text):
        if (ord(letter) < 32 and letter not in "\t\r\n") or 0xD800 <= ord(letter) <= 0xDFFF:
            raise SearchError("The search holds a character that cannot be read.", position, 1)
    _check_nesting(text)


def _check_nesting(text: str) -> None:
    bare = QUOTED.sub("", text)
    nested = deepest = 0
    for bracket in re.findall(r"[()]", bare):
        nested += 1 if bracket == "(" else -1
        deepest = max(deepest, nested)
    if deepest > DEEPEST:
        raise SearchError(f"More than {DEEPEST} brackets lie within one another. Use fewer.")
    if len(re.findall(r"\bnot\b", bare, flags=re.IGNORECASE)) > MOST_CONDITIONS:
        raise SearchError(f"The search says “not” more than {MOST_CONDITIONS} times. Use fewer.")


def _conditions(expression: Expression) -> int:
    match expression:
        case Not(part):
            return _conditions(part)
        case And(parts) | Or(parts):
            return sum(map(_conditions, parts))
        case _:
            return 1


def _sentence(text: str, error: UnexpectedInput) -> SearchError:
    if isinstance(error, UnexpectedCharacters):
        position = error.pos_in_stream or 0
        if text[position] in "\"'":
            return SearchError("A quotation mark is opened and never closed.", position, 1)
        return SearchError(f"“{text[position]}” does not belong here.", position, 1)
    if not isinstance(error, UnexpectedToken) or error.token.type == "$END":
        return SearchError(_missing(text, _expected(error)), len(text.rstrip()), 0)
    token = error.token
    position = token.start_pos or 0
    if token.type == "RPAR" and "RPAR" not in _expected(error) and text[:position].count("(") == 0:
        return SearchError("A bracket is closed that was never opened.", position, 1)
    if "WORD" in _expected(error) and "NOT" not in _expected(error):
        return SearchError(f"Before “{token}” a value is missing.", position, len(token))
    return SearchError(f"“{token}” does not belong here.", position, len(token))


def _expected(error: UnexpectedInput) -> set[str]:
    return set(getattr(error, "accepts", None) or getattr(error, "expected", None) or ())


def _missing(text: str, expected: set[str]) -> str:
    last = text.split()[-1] if text.split() else ""
    if "NOT" in expected:
        return f"After “{last}” a condition is missing, e.g. accuracy > 0.9."
    if "WORD" in expected:
        return f"After “{last}” a value is missing."
    if "RPAR" in expected:
        return "A bracket is opened and never closed."
    return f"After “{last}” something is missing."
