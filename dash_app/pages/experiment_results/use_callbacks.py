"""What the Use tab does: follow a prediction, show it, open one recording."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, no_update
from dash.exceptions import PreventUpdate

from dash_app.components import banner
from dash_app.pages.experiment_results import ids as page_ids
from dash_app.pages.experiment_results import use_ids as ids
from dash_app.pages.experiment_results.use_tab import earlier_choice, use_tab
from dash_app.pages.experiment_results.use_view import detail_view, outcome_view, state_view
from storage.entities import ExperimentEntity, JobStatus, StorageError
from storage.progress import read
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore
from tasks.prediction_orders import PREDICT, prediction_job, prediction_outcome

SHOWN = 20

clientside_callback(
    ClientsideFunction("use", "options"),
    Output(ids.OPTIONS, "data"),
    Input(ids.RATE, "value"),
    Input(ids.RPM, "value"),
    Input(ids.RESAMPLE, "checked"),
    Input(ids.IN_ORDER, "checked"),
    Input(ids.INTERPOLATE, "checked"),
)


def use_content(entity: ExperimentEntity) -> Any:
    """Give the content of the tab."""
    files = ExperimentStore().artifacts(entity.id)
    return use_tab(entity, files, JobStore().of_experiment(PREDICT, entity.id, SHOWN))


@callback(
    Output(ids.RESULT, "children"),
    Output(ids.POLL, "max_intervals"),
    Output(ids.EARLIER_PLACE, "children"),
    Input(ids.JOB, "data"),
    Input(ids.POLL, "n_intervals"),
    State(page_ids.RUN, "data"),
    running=[(Output(ids.POLL, "disabled"), True, False)],
)
def follow(job_id: int | None, _ticks: int | None, experiment_id: int) -> tuple[Any, ...]:
    """Show how far the prediction is, then what came out."""
    if not job_id:
        return None, 0, no_update
    try:
        job = prediction_job(job_id)
        if job.status is JobStatus.DONE:
            shown: Any = outcome_view(job, prediction_outcome(job))
            return shown, 0, _earlier(experiment_id, job_id)
    except StorageError as error:
        return banner("info", str(error)), 0, _earlier(experiment_id, job_id)
    if job.status is JobStatus.FAILED:
        return state_view(job, {}), 0, _earlier(experiment_id, job_id)
    live = read(f"job-{job.id}").snapshot if job.status is JobStatus.RUNNING else {}
    return state_view(job, live), -1, no_update


def _earlier(experiment_id: int, job_id: int) -> Any:
    return earlier_choice(JobStore().of_experiment(PREDICT, experiment_id, SHOWN), job_id)


@callback(
    Output(ids.JOB, "data"),
    Input(ids.EARLIER, "value"),
    State(ids.JOB, "data"),
    prevent_initial_call=True,
)
def choose_earlier(chosen: str | None, shown: int | None) -> Any:
    """Show an earlier prediction."""
    if not chosen or not chosen.isdecimal() or int(chosen) == shown:
        raise PreventUpdate
    return int(chosen)


@callback(
    Output(ids.DETAIL, "children"),
    Input(ids.GRID, "selectedRows"),
    State(ids.JOB, "data"),
    prevent_initial_call=True,
)
def open_recording(rows: list[dict[str, Any]] | None, job_id: int | None) -> Any:
    """Show the windows of the chosen recording."""
    if not rows or not job_id:
        raise PreventUpdate
    try:
        outcome = prediction_outcome(prediction_job(job_id))
    except StorageError as error:
        return banner("info", str(error))
    return detail_view(outcome, int(rows[0]["id"]))
