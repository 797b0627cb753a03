"""What the Metrics tab does: calibrate, explore a threshold, cross fields, try robustness."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback
from dash.exceptions import PreventUpdate

from dash_app.components import banner
from dash_app.components.chart import graph_id
from dash_app.pages.experiment_results import ids
from dash_app.pages.experiment_results.loading import evaluation_of, result_of, validation_of
from dash_app.pages.experiment_results.metrics_calibration import temperature_card
from dash_app.pages.experiment_results.metrics_conditions import cross_card
from dash_app.pages.experiment_results.metrics_detail import detail_of
from dash_app.pages.experiment_results.metrics_robustness import in_progress, robustness_section
from dash_app.pages.experiment_results.metrics_tab import more_metrics
from dash_app.pages.experiment_results.metrics_threshold import GRAPH, points_for_browser
from dash_app.shell import notify
from integrations.core.evaluation.operating import operating_points
from integrations.core.evaluation.resampling import resampling, resampling_of, unit_for_class
from integrations.core.evaluation.store import ResultError
from storage.entities import StorageError
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore
from tasks.calibrations import calibrate_run, stored_calibration
from tasks.queue import job_progress, order_robustness
from tasks.robustness import KIND, stored_robustness

EXPLORER_DRAWS = 500


@callback(
    Output(ids.METRICS_MORE, "children"), Input(ids.METRICS_MORE, "id"), State(ids.RUN, "data")
)
def show_more(_id: str, experiment_id: int) -> Any:
    """Draw the lower half of the tab once its upper half stands."""
    try:
        entity = ExperimentStore().get(experiment_id)
        return more_metrics(evaluation_of(entity), detail_of(entity))
    except (ResultError, StorageError) as error:
        return banner("warning", str(error))


@callback(
    Output(ids.CALIBRATION, "children"),
    Input(ids.CALIBRATE, "n_clicks"),
    State(ids.RUN, "data"),
    prevent_initial_call=True,
)
def calibrate(clicks: int | None, experiment_id: int) -> Any:
    """Learn the temperature on the validation part and keep it."""
    if not clicks:
        raise PreventUpdate
    try:
        return temperature_card(calibrate_run(experiment_id))
    except (ResultError, StorageError) as error:
        return temperature_card(stored_calibration(experiment_id), str(error))


@callback(
    Output(ids.OPERATING_POINTS, "data"),
    Output(ids.PREVALENCE, "value"),
    Input(ids.OPERATING_CLASS, "value"),
    State(ids.RUN, "data"),
)
def load_class(class_name: str, experiment_id: int) -> tuple[dict[str, Any], float]:
    """Send the operating points of a class to the browser."""
    try:
        entity = ExperimentStore().get(experiment_id)
        result, validation = result_of(entity), validation_of(entity)
    except (ResultError, StorageError) as error:
        return {"trouble": str(error)}, 0.0
    if class_name not in result.info.classes:
        raise PreventUpdate
    k = result.info.classes.index(class_name)
    coarse = resampling(result.test, result.info, draws=EXPLORER_DRAWS)
    draws = resampling_of(result.test, unit_for_class(result.test, k, coarse), coarse)
    found = operating_points(result.test, validation, class_name, k, draws)
    share = round(100 * found.prevalence, 2) if found else 0.0
    return points_for_browser(found, class_name), share


clientside_callback(
    ClientsideFunction("metrics", "explore"),
    Output(graph_id(GRAPH), "figure"),
    Output(ids.OPERATING_WORDS, "children"),
    Output(ids.OPERATING_TABLE, "children"),
    Output(ids.THRESHOLD, "value"),
    Input(ids.OPERATING_POINTS, "data"),
    Input(ids.COST_MISS, "value"),
    Input(ids.COST_ALARM, "value"),
    Input(ids.PREVALENCE, "value"),
    Input(ids.THRESHOLD, "value"),
    Input(ids.CHEAPEST, "n_clicks"),
    State(graph_id(GRAPH), "figure"),
)


@callback(
    Output(ids.CROSS, "children"),
    Input(ids.CROSS_FIRST, "value"),
    Input(ids.CROSS_SECOND, "value"),
    State(ids.RUN, "data"),
)
def cross(first: str, second: str, experiment_id: int) -> Any:
    """Cross two fields of the test recordings."""
    try:
        result = result_of(ExperimentStore().get(experiment_id))
    except (ResultError, StorageError) as error:
        return banner("warning", str(error))
    return cross_card(result.test, result.info, first, second)


@callback(
    Output(ids.ROBUSTNESS, "children", allow_duplicate=True),
    Output(ids.ROBUSTNESS_POLL, "disabled", allow_duplicate=True),
    Input(ids.ROBUSTNESS_START, "n_clicks"),
    State(ids.RUN, "data"),
    prevent_initial_call=True,
)
def start_robustness(clicks: int | None, experiment_id: int) -> tuple[Any, bool]:
    """Order the job, once."""
    if not clicks:
        raise PreventUpdate
    try:
        job = order_robustness(experiment_id)
        return robustness_section(stored_robustness(experiment_id), job), False
    except (ResultError, StorageError) as error:
        return banner("error", str(error)), True


@callback(
    Output(ids.ROBUSTNESS, "children"),
    Output(ids.ROBUSTNESS_POLL, "max_intervals"),
    Input(ids.ROBUSTNESS_POLL, "n_intervals"),
    State(ids.RUN, "data"),
    running=[(Output(ids.ROBUSTNESS_POLL, "disabled"), True, False)],
    prevent_initial_call=True,
)
def follow_robustness(_ticks: int, experiment_id: int) -> tuple[Any, int]:
    """Look how far the job is."""
    job = JobStore().latest(KIND, experiment_id=experiment_id)
    try:
        found = stored_robustness(experiment_id)
    except (ResultError, StorageError) as error:
        return banner("error", str(error)), 0
    if in_progress(job):
        return robustness_section(found, job, job_progress(job)), -1
    if job is not None and not job.error:
        notify("success", "Robustness is measured.")
    return robustness_section(found, job), 0
