"""What the table asks for: plain rows, rows of groups, and what stands around them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dash import dcc, html

from dash_app.components import empty_state, format_count
from dash_app.pages.experiments import groups, repeats
from dash_app.pages.experiments.fields import known
from dash_app.pages.experiments.filters import Filters
from dash_app.pages.experiments.rows import Beside, table_rows
from storage.entities import ExperimentEntity, NotFoundError
from storage.stores.experiments import ExperimentQuery, ExperimentStore
from storage.stores.studies import StudyStore


@dataclass(frozen=True)
class Answer:
    """Rows of the table from the one that was asked for on.

    Attributes:
        rows: Plain values for the cells.
        length: How many rows the table has.
        runs: How many experiments these are.
    """

    rows: list[dict[str, Any]]
    length: int
    runs: int


def answer(query: ExperimentQuery, columns: Sequence[str]) -> Answer:
    """Give a page of experiments.

    Raises:
        SearchError: The search cannot be understood.
    """
    page = ExperimentStore().page(query)
    rows = table_rows(page.items, beside(page.items, columns))
    if query.folded:
        rows = repeats.folded(query, page.items, rows)
    return Answer(rows, page.total, page.total)


def grouped_answer(
    query: ExperimentQuery,
    by: str,
    opened: Sequence[str],
    columns: Sequence[str],
    fresh: Hashable = None,
) -> Answer:
    """Give a page of groups with the members of unfolded ones between them.

    Args:
        query: What is grouped, and which rows are asked for.
        by: What to group by.
        opened: Keys of the groups that are unfolded.
        columns: What is shown.
        fresh: Changes when the groups must be looked at anew.

    Raises:
        SearchError: The search cannot be understood.
    """
    query = replace(query, folded=False)
    found = groups.all_groups(query, by, fresh)
    rows: list[dict[str, Any]] = []
    for slot in groups.slots(found, opened, query.offset, query.offset + query.limit):
        if slot.is_heading:
            rows.append(groups.heading_row(slot.group, by, slot.group.key in opened))
        else:
            members = groups.members(query, slot)
            rows += table_rows(members, beside(members, columns), slot.group.key)
    total = ExperimentStore().page(replace(query, limit=1, offset=0, folded=False)).total
    return Answer(rows, groups.total_rows(found, opened), total)


def beside(runs: Sequence[ExperimentEntity], columns: Sequence[str]) -> Beside:
    """Read what the rows show besides the runs themselves."""
    store, numbers = ExperimentStore(), [run.id for run in runs]
    chosen = [column for column in columns if ":" in column and known(column)]
    return Beside(
        curves=store.curves(numbers) if "curve" in columns else {},
        values=store.values_of(numbers, chosen) if chosen else {},
        studies=_study_names(runs) if "study" in columns else {},
        columns=chosen,
    )


def _study_names(runs: Sequence[ExperimentEntity]) -> dict[int, str]:
    names = {}
    for number in {run.study_id for run in runs if run.study_id is not None}:
        try:
            names[number] = StudyStore().get(number).name
        except NotFoundError:
            continue
    return names


def compared_runs(query: ExperimentQuery, selected: Sequence[int], most: int) -> list[int]:
    """Give the runs whose columns are compared: the selected ones, or the first of the table."""
    if len(selected) > 1:
        return list(selected[:most])
    return [run.id for run in ExperimentStore().page(replace(query, limit=most, offset=0)).items]


def count_words(answered: Answer, filters: Filters, by: str = "", folded: bool = False) -> str:
    """Say how many rows there are under the filters."""
    noun = "experiment" if answered.runs == 1 else "experiments"
    if folded and not by:
        noun = "row of experiments" if answered.runs == 1 else "rows of experiments"
    words = f"{format_count(answered.runs)} {noun}" + (" match" if filters.any else "")
    return f"{words}, by {groups.words_of(by)}: mean ± sd" if by else words


def emptiness(total: int, filters: Filters) -> Any:
    """Fill the place of a table without rows with what to do about it."""
    if total:
        return None
    if filters.any:
        return empty_state(
            "funnel", "No experiment matches", "Use fewer filters, or clear them all."
        )
    first = dcc.Link("Make the first one", href="/experiment/new", className="button button-filled")
    return html.Div(
        empty_state(
            "table",
            "No experiments yet",
            "Every run stands here with its settings and results.",
            actions=[first],
        ),
        className="card",
    )
