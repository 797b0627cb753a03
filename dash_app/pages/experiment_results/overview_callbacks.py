"""What the Overview tab does: fill in what needs other runs, put findings aside, order a curve."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback, ctx, no_update
from dash.exceptions import PreventUpdate

from dash_app.components import banner
from dash_app.pages.experiment_results import overview_ids as ids
from dash_app.pages.experiment_results.curve_card import curve_section
from dash_app.pages.experiment_results.findings_card import findings_list
from dash_app.pages.experiment_results.overview import rival_table
from dash_app.shell import notify
from integrations.core.evaluation.store import ResultError
from storage.entities import ExperimentEntity, StorageError
from storage.stores.dismissals import DismissalStore
from storage.stores.experiments import ExperimentStore
from tasks.comparison import compare_runs
from tasks.queue import QueueError, order_learning_curve
from tasks.recommendations import recommendations_of
from tasks.studies import curve_problem
from tasks.study_results import learning_curve_about


@callback(Output(ids.FINDINGS, "children"), Input(ids.ASKED, "data"))
def fill_findings(experiment_id: int) -> Any:
    """Show what follows from the numbers."""
    return _findings(experiment_id)


@callback(
    Output(ids.FINDINGS, "children", allow_duplicate=True),
    Input(ids.DISMISSALS, "n_clicks"),
    Input(ids.BRING_BACK, "n_clicks"),
    State(ids.ASKED, "data"),
    prevent_initial_call=True,
)
def put_aside(_clicks: list[int | None], _back: int | None, experiment_id: int) -> Any:
    """Put a finding aside, or bring all back."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        raise PreventUpdate
    if ctx.triggered_id == ids.BRING_BACK:
        DismissalStore().bring_back(experiment_id)
    else:
        DismissalStore().put_aside(experiment_id, str(ctx.triggered_id["code"]))
    return _findings(experiment_id)


@callback(Output(ids.RIVAL, "children"), Input(ids.ASKED, "data"))
def fill_rival(experiment_id: int) -> Any:
    """Show the verdict against the best other run on the same split."""
    store = ExperimentStore()
    entity = store.get(experiment_id)
    rival = store.best_rival(entity)
    if rival is None:
        return rival_table(entity, None, None)
    return rival_table(entity, rival, compare_runs([entity.id, rival.id]).judgement)


@callback(
    Output(ids.CURVE, "children"),
    Output(ids.CURVE_POLL, "disabled"),
    Input(ids.ASKED, "data"),
    Input(ids.CURVE_POLL, "n_intervals"),
)
def fill_curve(experiment_id: int, _ticks: int | None) -> tuple[Any, bool]:
    """Show the learning curve as far as it is measured; look again while it is not whole."""
    return _curve(ExperimentStore().get(experiment_id))


@callback(
    Output(ids.CURVE, "children", allow_duplicate=True),
    Output(ids.CURVE_POLL, "disabled", allow_duplicate=True),
    Input(ids.CURVE_MAKE, "n_clicks"),
    State(ids.CURVE_SEEDS, "value"),
    State(ids.ASKED, "data"),
    prevent_initial_call=True,
)
def measure_curve(clicks: int | None, seeds: Any, experiment_id: int) -> tuple[Any, Any]:
    """Order the runs of the curve, once."""
    if not clicks:
        raise PreventUpdate
    try:
        made = order_learning_curve(experiment_id, int(seeds) if isinstance(seeds, int) else 1)
    except (StorageError, QueueError) as error:
        notify("warning", str(error))
        return no_update, no_update
    notify("success", f"{len(made.made)} runs wait; they start when nothing else does.")
    return _curve(ExperimentStore().get(experiment_id))


def _findings(experiment_id: int) -> Any:
    entity = ExperimentStore().get(experiment_id)
    aside = DismissalStore().of(experiment_id)
    try:
        everything = recommendations_of(entity, dismissed=True)
    except (ResultError, StorageError) as error:
        return banner("warning", str(error))
    shown = [finding for finding in everything if finding.code not in aside]
    return findings_list(experiment_id, shown, len(everything) - len(shown))


def _curve(entity: ExperimentEntity) -> tuple[Any, bool]:
    curve = learning_curve_about(entity.id)
    problem = "" if curve is not None else curve_problem(entity)
    waits = curve is not None and curve.finished < curve.expected
    return curve_section(entity, curve, problem), not waits
