"""The search language of the run list: text to expression to SQL, and completions on the way."""

from storage.search.completion import Completion, Completions, complete
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
    write,
)
from storage.search.grammar import parse

__all__ = [
    "And",
    "Compare",
    "Completion",
    "Completions",
    "Expression",
    "Flag",
    "Not",
    "Or",
    "Range",
    "SearchError",
    "Text",
    "Within",
    "Word",
    "complete",
    "parse",
    "write",
]
