"""Rows of groups: what members have in common, their mean and spread, and the members unfolded."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from dash_app.components import format_percent
from dash_app.pages.experiments.fields import LONGEST_KEY, PARAM, title
from integrations.registry import families
from storage.database import engine
from storage.entities import ExperimentEntity
from storage.stores.experiment_groups import GroupRow, Spread
from storage.stores.experiments import MAX_PAGE, ExperimentQuery, ExperimentStore

BY = {
    "dataset": "Data set",
    "family": "Family",
    "tag": "Tag",
    "study": "Study",
    "preset": "Preset",
    "status": "Status",
}
NONE = {"tag": "without a tag", "study": "in no study", "preset": "without a preset"}
SORTS = {"name": "label", "accuracy": "accuracy", "macro_f1": "macro_f1", "created_at": "newest"}
"""What groups are ordered by, by the column that the table is ordered by."""

KEPT_SECONDS = 5.0
MOST_KEPT = 32
_recent: dict[Hashable, tuple[float, list[GroupRow]]] = {}


@dataclass(frozen=True)
class Slot:
    """A stretch of the grouped table: the row of a group, or some of its unfolded members."""

    group: GroupRow
    first: int = 0
    count: int = 0

    @property
    def is_heading(self) -> bool:
        """True for the row of the group itself."""
        return self.count == 0


def group_choices(params: Sequence[str]) -> list[dict[str, Any]]:
    """Give what one can group by: facts and every setting."""
    facts = [{"value": by, "label": words} for by, words in BY.items()]
    settings = [{"value": PARAM + key, "label": title(PARAM + key)} for key in params]
    kinds = [("Run", facts), ("Setting", settings)]
    return [{"group": words, "items": items} for words, items in kinds if items]


def group_of_address(query: Mapping[str, Any]) -> str:
    """Give what the address groups by; "" for nothing."""
    return checked(query.get("group"))


def checked(by: Any) -> str:
    """Give what to group by when it makes sense, else ""."""
    if not isinstance(by, str) or len(by) > LONGEST_KEY or not by.isprintable():
        return ""
    return by if by in BY or by.startswith(PARAM) else ""


def words_of(by: str) -> str:
    """Say what is grouped by, within a sentence."""
    words = BY.get(by) or title(by)
    return words[:1].lower() + words[1:]


def all_groups(query: ExperimentQuery, by: str, fresh: Hashable = None) -> list[GroupRow]:
    """Give the groups of what a query finds, at most MAX_PAGE of them, as the table is ordered.

    Whoever scrolls a grouped table asks for the same groups again and again, so they are kept for
    some seconds.

    Args:
        query: What is grouped; its page is not looked at.
        by: What to group by.
        fresh: Changes when the groups must be looked at anew.

    Raises:
        SearchError: The search cannot be understood.
    """
    whole = replace(query, limit=MAX_PAGE, offset=0)
    key = (str(engine().url), whole, by, fresh)
    kept = _recent.get(key)
    if kept is None or kept[0] < monotonic() - KEPT_SECONDS:
        if len(_recent) >= MOST_KEPT:
            _recent.clear()
        column, descending = query.sort[0]
        sort = SORTS.get(column, "macro_f1")
        found = list(ExperimentStore().groups(whole, by, sort, descending).items)
        kept = _recent[key] = (monotonic(), found)
    return kept[1]


def members(query: ExperimentQuery, slot: Slot) -> list[ExperimentEntity]:
    """Give the unfolded members of a stretch of the table."""
    inside = " and ".join(f"({text})" for text in (query.where, slot.group.where) if text)
    wanted = replace(query, where=inside, limit=slot.count, offset=slot.first)
    return list(ExperimentStore().page(wanted).items)


def slots(groups: Sequence[GroupRow], opened: Sequence[str], start: int, end: int) -> list[Slot]:
    """Find what stands in the rows from ``start`` up to ``end`` when some groups are unfolded."""
    found, at, unfolded = [], 0, set(opened)
    for group in groups:
        if start <= at < end:
            found.append(Slot(group))
        at += 1
        if group.key in unfolded:
            first, last = max(start, at), min(end, at + group.n)
            if first < last:
                found.append(Slot(group, first - at, last - first))
            at += group.n
    return found


def total_rows(groups: Sequence[GroupRow], opened: Sequence[str]) -> int:
    """Count the rows of a grouped table."""
    unfolded = set(opened)
    return len(groups) + sum(group.n for group in groups if group.key in unfolded)


def heading_row(group: GroupRow, by: str, unfolded: bool) -> dict[str, Any]:
    """Give the row of a group: mean ± standard deviation, and the best labelled as such."""
    return {
        "kind": "group",
        "key": f"group:{group.key}",
        "group": group.key,
        "open": unfolded,
        "name": _label(group, by),
        "n": group.n,
        "accuracy": spread_words(group.accuracy),
        "macro_f1": spread_words(group.macro_f1),
        "best": best_words(group.accuracy),
        "range": range_words(group.accuracy),
        "tags": [],
        "curve": [],
    }


def _label(group: GroupRow, by: str) -> str:
    if by == "family" and group.key in families():
        return families()[group.key].title
    return group.label or NONE.get(by, "not set")


def spread_words(spread: Spread) -> str:
    """Write mean and standard deviation in percent: "93.1 ± 2.0 %"."""
    if spread.mean is None or spread.sd is None:
        return format_percent(spread.mean)
    return f"{spread.mean * 100:.1f} ± {spread.sd * 100:.1f} %"


def best_words(spread: Spread) -> str:
    """Say how good the best is and of how many it is the best."""
    if spread.maximum is None or spread.n < 2:
        return ""
    return f"best of {spread.n}: {format_percent(spread.maximum)}"


def range_words(spread: Spread) -> str:
    """Explain mean and spread."""
    if spread.sd is None:
        return "One run has a result." if spread.n else "No run has a result yet."
    between = f"{format_percent(spread.minimum)} to {format_percent(spread.maximum)}"
    return (
        f"Mean ± standard deviation over {spread.n} runs, from {between}. The best of several "
        "is too good to be expected again."
    )
