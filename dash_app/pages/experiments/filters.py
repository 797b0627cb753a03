"""The state of the history as its address and its inputs hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from dash_app.pages.experiments.fields import sortable
from storage.entities import Status
from storage.search.grammar import LONGEST as LONGEST_SEARCH
from storage.stores.experiments import MAX_PAGE, ExperimentQuery

LARGEST_ID = 2**63 - 1
MOST_SORTS = 4
NEWEST_FIRST = (("created_at", True),)


@dataclass(frozen=True)
class Filters:
    """What the inputs above the table say; ``search`` is in the search language."""

    search: str = ""
    statuses: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    dataset_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    @property
    def any(self) -> bool:
        """True when something is filtered away."""
        return self != Filters()


def filters_of(
    search: Any, statuses: Any, families: Any, dataset_ids: Any, tags: Any, days: Any = None
) -> Filters:
    """Read the inputs, or the address; what makes no sense is left out.

    Args:
        search: Text of the search language.
        statuses: Words of ``Status``.
        families: Names of families.
        dataset_ids: Numbers of data sets.
        tags: Tags, all of which a run must have.
        days: First and last day, both included, as "2026-11-21"; either may be missing.
    """
    known = {status.value for status in Status}
    first, last = _days(days)
    return Filters(
        search=_plain(search)[:LONGEST_SEARCH],
        statuses=tuple(word for word in _words(statuses) if word in known),
        families=tuple(_words(families)),
        dataset_ids=tuple(number for word in _words(dataset_ids) if (number := _id(word))),
        tags=tuple(_words(tags)),
        since=first,
        until=last,
    )


def filters_of_address(query: Mapping[str, Any]) -> Filters:
    """Read the address."""
    status, family, dataset, tag = (
        query.get(key) for key in ("status", "family", "dataset_id", "tag")
    )
    days = [query.get("since"), query.get("until")]
    return filters_of(query.get("q", query.get("search")), status, family, dataset, tag, days)


def sorts_of_address(query: Mapping[str, Any]) -> tuple[tuple[str, bool], ...]:
    """Give the columns to sort by and whether each descends; newest first when nothing fits."""
    columns, orders = _words(query.get("sort")), _words(query.get("order"))
    directions = [*orders, *(["desc"] * len(columns))]
    sorts = [
        (name, way != "asc") for name, way in zip(columns, directions, strict=False)
        if sortable(name)
    ]  # fmt: skip
    return tuple(sorts[:MOST_SORTS]) or NEWEST_FIRST


def query_of(filters: Filters, request: Mapping[str, Any]) -> ExperimentQuery:
    """Turn the inputs and the table's request for rows into a query."""
    start, end = int(request.get("startRow") or 0), int(request.get("endRow") or 0)
    sort = [
        (item["colId"], item.get("sort") != "asc")
        for item in request.get("sortModel") or []
        if sortable(item.get("colId"))
    ]
    return ExperimentQuery(
        where=filters.search,
        statuses=filters.statuses,
        families=filters.families,
        dataset_ids=filters.dataset_ids,
        tags=filters.tags,
        since=_midnight(filters.since),
        until=_end_of(filters.until),
        sort=tuple(sort[:MOST_SORTS]) or NEWEST_FIRST,
        limit=min(MAX_PAGE, max(1, end - start)),
        offset=max(0, start),
    )


def _days(value: Any) -> tuple[date | None, date | None]:
    given = list(value) if isinstance(value, list | tuple) else []
    first, last = (_day(item) for item in [*given, None, None][:2])
    return (last, first) if first and last and last < first else (first, last)


def _day(value: Any) -> date | None:
    try:
        found = date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
    return found if 1970 <= found.year < 9999 else None


def _midnight(day: date | None) -> datetime | None:
    """Give the beginning of a day where the bench stands."""
    return None if day is None else datetime.combine(day, time()).astimezone()


def _end_of(day: date | None) -> datetime | None:
    beginning = _midnight(day)
    return None if beginning is None else beginning + timedelta(days=1, microseconds=-1)


def _words(value: Any) -> Sequence[str]:
    given = value if isinstance(value, list | tuple) else [value]
    return [word for item in given[:50] if (word := _plain(item)[:150])]


def _plain(value: Any) -> str:
    text = str(value) if isinstance(value, str | int) else ""
    return "".join(letter for letter in text if letter.isprintable()).strip()


def _id(word: str) -> int | None:
    good = word.isascii() and word.isdecimal() and len(word) < 20
    return int(word) if good and 0 < int(word) <= LARGEST_ID else None
