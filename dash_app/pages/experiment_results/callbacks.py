"""What the results screen does: fill a tab when it is first opened, and have the report made."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback, no_update
from dash.exceptions import PreventUpdate

from dash_app.components import banner
from dash_app.pages.experiment_results import (
    exports_callbacks,  # noqa: F401 - registers the exports on the Artifacts tab
    ids,
    metrics_callbacks,  # noqa: F401 - registers what the Metrics tab does
    overview_callbacks,  # noqa: F401 - registers what the Overview tab does
    register_callbacks,  # noqa: F401 - registers what the register dialog does
    signals_callbacks,  # noqa: F401 - registers what the Signals tab does
)
from dash_app.pages.experiment_results.artifacts_tab import (
    artifacts_tab,
    in_progress,
    report_section,
)
from dash_app.pages.experiment_results.failures_callbacks import ordered_once
from dash_app.pages.experiment_results.failures_tab import failures_tab
from dash_app.pages.experiment_results.loading import data_of, evaluation_of, result_of
from dash_app.pages.experiment_results.metrics_detail import measures_or_trouble
from dash_app.pages.experiment_results.metrics_tab import (
    cell_section,
    confusion_card,
    metrics_tab,
)
from dash_app.pages.experiment_results.overview import overview_tab, verdict_section
from dash_app.pages.experiment_results.signals_tab import signals_tab
from dash_app.pages.experiment_results.use_callbacks import use_content
from dash_app.pages.experiment_results.verdict import verdict
from dash_app.pages.experiment_results.visual_tab import visual_tab
from dash_app.shell import LOCATION, notify
from integrations.core.checks import Facts
from integrations.core.evaluation.store import ResultError
from integrations.core.figures.plotly_renderer import escaped
from storage.entities import ExperimentEntity, Status, StorageError
from storage.stores.experiments import ExperimentStore
from storage.stores.jobs import JobStore
from tasks.queue import enqueue_job
from tasks.study_results import spread_of
from tasks.transfers import order_export

TABS = ("overview", "metrics", "failures", "visualisations", "signals", "use", "artifacts")


@callback(Output(ids.VERDICT, "children"), Input(ids.RUN, "data"))
def show_verdict(experiment_id: int) -> Any:
    """Show the sentence on top."""
    try:
        evaluation = evaluation_of(ExperimentStore().get(experiment_id))
    except (ResultError, StorageError) as error:
        return banner("error", str(error))
    return verdict_section(verdict(evaluation), evaluation)


@callback(
    Output(ids.OVERVIEW, "children"),
    Output(ids.METRICS, "children"),
    Output(ids.FAILURES, "children"),
    Output(ids.VISUAL, "children"),
    Output(ids.SIGNALS, "children"),
    Output(ids.USE, "children"),
    Output(ids.ARTIFACTS, "children"),
    Output(ids.LOADED, "data"),
    Input(ids.TABS, "value"),
    State(ids.RUN, "data"),
    State(ids.LOADED, "data"),
    State(ids.ASKED, "data"),
)
def show_tab(
    tab: str, experiment_id: int, loaded: list[str], asked: dict[str, str]
) -> tuple[Any, ...]:
    """Fill a tab when it is opened for the first time."""
    if tab in loaded or tab not in TABS:
        raise PreventUpdate
    try:
        content: Any = _content(tab, ExperimentStore().get(experiment_id), asked)
    except (ResultError, StorageError) as error:
        content = banner("error", str(error))
    panels = [content if name == tab else no_update for name in TABS]
    return (*panels, [*loaded, tab])


@callback(
    Output(ids.CONFUSION, "children"),
    Input(ids.CONFUSION_MODE, "value"),
    State(ids.RUN, "data"),
    prevent_initial_call=True,
)
def switch_confusion(mode: str, experiment_id: int) -> Any:
    """Draw the matrix as shares or as counts."""
    return confusion_card(evaluation_of(ExperimentStore().get(experiment_id)), mode)


@callback(
    Output(ids.CELL, "children"),
    Input({"type": "chart-graph", "key": "confusion"}, "clickData", allow_optional=True),
    Input({"type": "chart-graph", "key": "confusion_counts"}, "clickData", allow_optional=True),
    State(ids.RUN, "data"),
    prevent_initial_call=True,
)
def show_cell(shares: Any, counts: Any, experiment_id: int) -> Any:
    """List the recordings of a clicked cell."""
    clicked = shares or counts
    if not clicked:
        raise PreventUpdate
    point = clicked["points"][0]
    try:
        result = result_of(ExperimentStore().get(experiment_id))
    except (ResultError, StorageError) as error:
        return banner("warning", str(error))
    named = {escaped(name): name for name in result.info.classes}
    return cell_section(experiment_id, result, named[point["y"]], named[point["x"]])


@callback(
    Output(ids.REPORT, "children", allow_duplicate=True),
    Output(ids.REPORT_POLL, "disabled", allow_duplicate=True),
    Input(ids.REPORT_MAKE, "n_clicks"),
    State(ids.RUN, "data"),
    prevent_initial_call=True,
)
def make_report(clicks: int | None, experiment_id: int) -> tuple[Any, bool]:
    """Order the report, once."""
    if not clicks:
        raise PreventUpdate
    entity = ExperimentStore().get(experiment_id)
    jobs = JobStore()
    job = jobs.latest("report", experiment_id=experiment_id)
    if not in_progress(job):
        job = jobs.create("report", {"experiment_id": experiment_id}, experiment_id=experiment_id)
        enqueue_job(job.id)
    files = ExperimentStore().artifacts(experiment_id)
    return report_section(entity, files, job), False


@callback(
    Output(ids.REPORT, "children"),
    Output(ids.REPORT_POLL, "max_intervals"),
    Input(ids.REPORT_POLL, "n_intervals"),
    State(ids.RUN, "data"),
    running=[(Output(ids.REPORT_POLL, "disabled"), True, False)],
    prevent_initial_call=True,
)
def follow_report(_ticks: int, experiment_id: int) -> tuple[Any, int]:
    """Look whether the report is made."""
    entity = ExperimentStore().get(experiment_id)
    job = JobStore().latest("report", experiment_id=experiment_id)
    files = ExperimentStore().artifacts(experiment_id)
    if in_progress(job):
        return report_section(entity, files, job), -1
    if job is not None and not job.error:
        notify("success", "The report is ready.")
    return report_section(entity, files, job), 0


def _content(tab: str, entity: ExperimentEntity, asked: dict[str, str]) -> Any:
    if tab == "artifacts":
        job = JobStore().latest("report", experiment_id=entity.id)
        return artifacts_tab(entity, ExperimentStore().artifacts(entity.id), job)
    if tab == "use":
        return use_content(entity)
    if tab == "signals":
        data_of(entity)  # raises where the samples are gone: then one sentence says all
        return signals_tab(result_of(entity), asked)
    if tab == "failures":
        return failures_tab(ordered_once(entity), evaluation_of(entity), asked)
    facts = _facts(entity)
    if tab == "overview":
        return overview_tab(entity, facts, spread_of(entity))
    if tab == "metrics":
        return metrics_tab(facts.evaluation, *measures_or_trouble(entity))
    return _visual(entity, facts)


def _visual(entity: ExperimentEntity, facts: Facts) -> Any:
    try:
        return visual_tab(facts, result_of(entity), "")
    except ResultError as error:
        return visual_tab(facts, None, str(error))


def _facts(entity: ExperimentEntity) -> Facts:
    rows = ExperimentStore().epochs(entity.id)
    return Facts(
        evaluation=evaluation_of(entity),
        history=[{key: _number(value) for key, value in row.values.items()} for row in rows],
        config=entity.config,
        stopped=entity.status is Status.STOPPED,
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


@callback(
    Output(LOCATION, "href", allow_duplicate=True),
    Input(ids.EXPORT, "n_clicks"),
    State(ids.RUN, "data"),
    prevent_initial_call=True,
)
def export(clicks: int | None, experiment_id: int) -> Any:
    """Have the experiment put into an archive, and go where it will stand."""
    if not clicks:
        return no_update
    try:
        order_export([experiment_id], with_data=True)
    except StorageError as error:
        notify("error", str(error))
        return no_update
    return "/settings?tab=storage"
