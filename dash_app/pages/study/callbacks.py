"""What the screen of a study does: follow its runs until all have ended."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback, no_update

from dash_app.components import banner
from dash_app.pages.study import ids
from dash_app.pages.study.view import curve_view, repeats_view
from storage.entities import LEARNING_CURVE, NotFoundError, StudyEntity
from storage.stores.experiments import ExperimentStore
from storage.stores.studies import StudyStore
from tasks.study_results import Spread, learning_curve_of, spreads

FOR_EVER = -1


@callback(
    Output(ids.BODY, "children"),
    Output(ids.SEEN, "data"),
    Output(ids.POLL, "max_intervals"),
    Input(ids.STUDY, "data"),
    Input(ids.POLL, "n_intervals"),
    State(ids.SEEN, "data"),
    running=[(Output(ids.POLL, "disabled"), True, False)],
)
def follow(study_id: int, _ticks: int | None, seen: Any) -> tuple[Any, Any, int]:
    """Draw the study again when one of its runs has moved."""
    try:
        study = StudyStore().get(study_id)
    except NotFoundError as error:
        return banner("error", str(error)), seen, 0
    runs = ExperimentStore().several(StudyStore().members(study.id))
    now = [[run.id, run.status.value, round(run.progress, 2)] for run in runs]
    more = FOR_EVER if any(not run.status.ended for run in runs) else 0
    if now == seen:
        return no_update, no_update, more
    return _body(study, runs), now, more


def _body(study: StudyEntity, runs: list[Any]) -> list[Any]:
    if study.kind == LEARNING_CURVE:
        return curve_view(learning_curve_of(study), runs)
    spread = spreads([study.id]).get(study.id) or Spread(study.id, study.name, 0, None, None)
    return repeats_view(spread, runs, bool(study.settings.get("vary_split")))
