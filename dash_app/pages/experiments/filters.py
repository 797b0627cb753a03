"""The state of the history as its address and its inputs hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.entities import Status
from storage.stores.experiments import MAX_PAGE, ExperimentQuery

LONGEST_SEARCH = 200
LARGEST_ID = 2**63 - 1
# What the table can be sorted by; all of it lies in one narrow index.
SORTS = ("name", "status", "family", "dataset_name", "accuracy", "macro_f1", "seconds")
COLUMN_OF = {"created_at": "created_at", **{name: name for name in SORTS}}


@dataclass(frozen=True)
class Filters:
    """What the inputs above the table say."""

    search: str = ""
    statuses: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    dataset_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """True when something is filtered away."""
        return self != Filters()


def filters_of(search: Any, statuses: Any, families: Any, dataset_ids: Any, tags: Any) -> Filters:
    """Read the inputs, or the address; what makes no sense is left out."""
    known = {status.value for status in Status}
    return Filters(
        search=_plain(search)[:LONGEST_SEARCH],
        statuses=tuple(word for word in _words(statuses) if word in known),
        families=tuple(_words(families)),
        dataset_ids=tuple(number for word in _words(dataset_ids) if (number := _id(word))),
        tags=tuple(_words(tags)),
    )


def filters_of_address(query: Mapping[str, Any]) -> Filters:
    """Read the address; the names are those of GET /api/experiments."""
    return filters_of(
        *(query.get(key) for key in ("search", "status", "family", "dataset_id", "tag"))
    )


def sort_of_address(query: Mapping[str, Any]) -> tuple[str, bool]:
    """Give the column to sort by and whether it descends; newest first when nothing fits."""
    column = query.get("sort")
    if not isinstance(column, str) or column not in COLUMN_OF:
        return "created_at", True
    return column, query.get("order") != "asc"


def query_of(filters: Filters, request: Mapping[str, Any]) -> ExperimentQuery:
    """Turn the inputs and the table's request for rows into a query."""
    start, end = int(request.get("startRow") or 0), int(request.get("endRow") or 0)
    sort = [
        (COLUMN_OF[item["colId"]], item.get("sort") != "asc")
        for item in request.get("sortModel") or []
        if item.get("colId") in COLUMN_OF
    ]
    return ExperimentQuery(
        search=filters.search,
        statuses=filters.statuses,
        families=filters.families,
        dataset_ids=filters.dataset_ids,
        tags=filters.tags,
        sort=tuple(sort) or (("created_at", True),),
        limit=min(MAX_PAGE, max(1, end - start)),
        offset=max(0, start),
    )


def _words(value: Any) -> Sequence[str]:
    given = value if isinstance(value, list | tuple) else [value]
    return [word for item in given[:50] if (word := _plain(item)[:100])]


def _plain(value: Any) -> str:
    text = str(value) if isinstance(value, str | int) else ""
    return "".join(letter for letter in text if letter.isprintable()).strip()


def _id(word: str) -> int | None:
    good = word.isascii() and word.isdecimal() and len(word) < 20
    return int(word) if good and 0 < int(word) <= LARGEST_ID else None
