"""Repeats of one configuration folded into one row: their mean with its interval, the best of n."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dash_app.components import format_percent, format_score
from dash_app.pages.experiments.groups import best_words
from storage.entities import ExperimentEntity
from storage.stores.experiment_groups import GroupRow, Spread
from storage.stores.experiments import MAX_PAGE, ExperimentQuery, ExperimentStore


def folded(
    query: ExperimentQuery, runs: Sequence[ExperimentEntity], rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Let the rows that stand for repeats say what all of them gave.

    Args:
        query: What the runs were found by.
        runs: The runs of the rows.
        rows: As drawn for single runs, in the same order.
    """
    studies = sorted({run.study_id for run in runs if run.study_id is not None})
    if not studies:
        return rows
    inside = f"study in ({', '.join(map(str, studies))})"
    where = " and ".join(f"({text})" for text in (query.where, inside) if text)
    whole = replace(query, where=where, folded=False, limit=MAX_PAGE, offset=0)
    store = ExperimentStore()
    members: dict[int | None, list[ExperimentEntity]] = defaultdict(list)
    for run in store.page(whole).items:
        members[run.study_id].append(run)
    spreads = {group.key: group for group in store.groups(whole, "study").items}
    return [
        _repeated(row, spreads[str(run.study_id)], members[run.study_id])
        if run.study_id is not None and len(members[run.study_id]) > 1
        else row
        for run, row in zip(runs, rows, strict=True)
    ]


def _repeated(
    row: dict[str, Any], group: GroupRow, members: Sequence[ExperimentEntity]
) -> dict[str, Any]:
    return {
        **row,
        "repeats": len(members),
        "name": group.label or row["name"],
        "href": f"/study/{members[0].study_id}",
        "members": [
            {"id": run.id, "scored": run.accuracy is not None, "ended": run.status.ended}
            for run in members
        ],
        "accuracy": _mean_words(group.accuracy),
        "macro_f1": format_percent(group.macro_f1.mean),
        "best": best_words(group.accuracy),
        "range": _explained(group.accuracy),
        "can": [],
        "note": "",
        "kept": all(run.kept for run in members),
    }


def _mean_words(spread: Spread) -> str:
    return format_score(spread.mean, spread.low, spread.high)


def _explained(spread: Spread) -> str:
    if spread.sd is None:
        return "One of the repeats has a result." if spread.n else "No repeat has a result yet."
    return (
        f"Mean over {spread.n} repeats with its 95 % interval; they lie between "
        f"{format_percent(spread.minimum)} and {format_percent(spread.maximum)}. "
        "The best of several is too good to be expected again."
    )
