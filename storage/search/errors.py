"""What is wrong with a search, and where."""

from __future__ import annotations

from collections.abc import Sequence

from storage.entities import StorageError


class SearchError(StorageError):
    """A search cannot be understood; the text is a sentence for the user.

    Attributes:
        position: Index of the first character that is wrong, 0-based; the length at the end.
        length: How many characters are wrong; 0 where something is missing.
        suggestions: Words that may have been meant, best first.
    """

    def __init__(
        self, message: str, position: int = 0, length: int = 0, suggestions: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.position = position
        self.length = length
        self.suggestions = tuple(suggestions)
