"""What the screens of one experiment share: finding it, and saying that it is not there."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html

from dash_app.components import empty_state, format_duration, format_duration_range, icon
from integrations.registry import UnknownFamilyError, family
from storage.entities import ExperimentEntity, NotFoundError
from storage.stores.experiments import ExperimentStore
from storage.stores.studies import StudyStore

LARGEST_ID = 2**31 - 1


def find_experiment(text: str | None) -> ExperimentEntity | None:
    """Give the experiment named in an address, or None when there is none."""
    if not text or not text.isascii() or not text.isdecimal() or int(text) > LARGEST_ID:
        return None
    try:
        return ExperimentStore().get(int(text))
    except NotFoundError:
        return None


def experiment_not_found() -> html.Div:
    """Give the page for an address that leads to no experiment."""
    return html.Div(
        empty_state(
            "search",
            "There is no such experiment",
            "It may have been deleted, or the address was cut off when it was copied.",
            actions=[
                dcc.Link("All experiments", href="/experiments", className="button button-quiet"),
                dcc.Link("New experiment", href="/experiment/new", className="button button-quiet"),
            ],
        ),
        className="page not-found",
    )


def family_title(name: str) -> str:
    """Give a family's title, also when the family is no longer installed."""
    try:
        return family(name).title
    except UnknownFamilyError:
        return f"{name} (not installed here)"


def siblings(entity: ExperimentEntity) -> list[html.Span]:
    """Link the study a run belongs to, and its runs next to it; [] where it stands alone."""
    if entity.study_id is None:
        return []
    members = StudyStore().members(entity.study_id)
    if entity.id not in members:
        return []
    place = members.index(entity.id)
    words = f"run {place + 1} of {len(members)} of a study"
    near = [
        dcc.Link(label, href=f"/experiment/{members[other]}/monitor", className="sibling")
        for label, other in (("previous", place - 1), ("next", place + 1))
        if 0 <= other < len(members)
    ]
    study = dcc.Link(words, href=f"/study/{entity.study_id}")
    return [html.Span([icon("collection"), study, *near])]


def on_one_split(runs: Sequence[ExperimentEntity], most: int = 10) -> list[int]:
    """Give the ids of the largest set of runs with results on one data set and split."""
    sets: dict[tuple[str, str], list[int]] = {}
    for run in runs:
        if run.accuracy is not None:
            sets.setdefault((run.dataset_fingerprint, run.split_digest), []).append(run.id)
    return max(sets.values(), key=len, default=[])[:most]


def compare_address(ids: Sequence[int]) -> str:
    """Give the address of the comparison of some runs."""
    return f"/compare?ids={','.join(map(str, ids))}"


def forecast_words(run: ExperimentEntity) -> str:
    """Say what was forecast when a run was created: "12 s (8.0–20 s)"; "" when nothing was."""
    kept = run.forecast
    if not kept:
        return ""
    around = format_duration_range(kept["low"], kept["high"])
    return f"{format_duration(kept['mid'])} ({around})"


def against_forecast(run: ExperimentEntity) -> str:
    """Hold what a run took against its forecast, in words; "" without a forecast or an end."""
    kept = run.forecast
    if not kept or not run.seconds or not run.status.ended:
        return ""
    took = f"Forecast {forecast_words(run)}, took {format_duration(run.seconds)}"
    if run.seconds > kept["high"]:
        return f"{took}: longer than expected"
    return f"{took}: quicker than expected" if run.seconds < kept["low"] else took
