"""What the comparison does: judge, draw, keep the address, add and take out runs."""

from __future__ import annotations

from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    no_update,
)

from dash_app.components import banner, graph_id
from dash_app.pages.compare import ids
from dash_app.pages.compare.marks import run_names
from dash_app.pages.compare.page import offers
from dash_app.pages.compare.state import delta_of
from dash_app.pages.compare.view_couple import couple_body, slices_card
from dash_app.pages.compare.view_course import curves_figure, parallel_card, settings_card
from dash_app.pages.compare.view_groups import datasets_card, repeats_card
from dash_app.pages.compare.view_verdict import metrics_card, pairs_card, verdict_body
from integrations.core.evaluation.store import ResultError
from storage.stores.experiments import ExperimentStore
from tasks.comparison import Couple, compare_runs, couple, read_runs

clientside_callback(
    ClientsideFunction("compare", "follow"),
    Output(ids.ADDRESS, "data"),
    Input(ids.DELTA, "value"),
    Input(ids.FIRST, "value", allow_optional=True),
    Input(ids.SECOND, "value", allow_optional=True),
    Input(ids.METRIC, "value"),
    Input(ids.OVER, "value"),
    Input(ids.SMOOTH, "value"),
    Input(ids.ALL_SETTINGS, "checked"),
    Input(ids.FIELD, "value", allow_optional=True),
    State(ids.RUNS, "data"),
)
clientside_callback(
    ClientsideFunction("compare", "add"),
    Output(ids.ADD, "value"),
    Input(ids.ADD, "value"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("compare", "remove"),
    Output(ids.ADD, "value", allow_duplicate=True),
    Input({"type": "compare-remove", "run": ALL}, "n_clicks"),
    prevent_initial_call=True,
)


@callback(
    Output(ids.VERDICT, "children"),
    Output(ids.METRICS, "children"),
    Output(ids.PAIRS, "children"),
    Output(ids.JUDGED, "data"),
    Input(ids.RUNS, "data"),
    Input(ids.DELTA, "value"),
)
def show_verdict(runs: list[int], points: float | str | None) -> tuple[Any, ...]:
    """Judge the runs, with the figures and pairs that the verdict rests on.

    What stands further down waits for it, so that drawing it never delays the verdict.
    """
    delta = delta_of(points / 100 if isinstance(points, int | float) else None)
    comparison = compare_runs(runs, delta)
    judged = no_update if ctx.triggered_id == ids.DELTA else runs
    return verdict_body(comparison), metrics_card(comparison), pairs_card(comparison), judged


@callback(
    Output(ids.RUNS, "data", allow_duplicate=True),
    Output(ids.PENDING, "data"),
    Output(ids.TICK, "max_intervals"),
    Input(ids.TICK, "n_intervals"),
    State(ids.RUNS, "data"),
    State(ids.PENDING, "data"),
    prevent_initial_call=True,
)
def follow_runs(_ticks: int, runs: list[int], pending: list[int]) -> tuple[Any, Any, Any]:
    """Look at everything again when a run has ended."""
    left = [run.id for run in ExperimentStore().several(pending) if not run.status.ended]
    if left == pending:
        return no_update, no_update, no_update
    return runs, left, -1 if left else 0


@callback(
    Output(graph_id(ids.CURVES), "figure"),
    Input(ids.RUNS, "data"),
    Input(ids.METRIC, "value"),
    Input(ids.OVER, "value"),
    Input(ids.SMOOTH, "value"),
    Input(ids.TICK, "n_intervals"),
    running=[(Output(ids.TICK, "disabled"), True, False)],
)
def show_curves(
    runs: list[int], metric: str, over: str, smoothing: float, _ticks: int | None
) -> dict[str, Any]:
    """Draw a metric of all runs."""
    return curves_figure(ExperimentStore().several(runs), metric, over, smoothing or 0.0)


@callback(
    Output(ids.SETTINGS, "children"),
    Input(ids.RUNS, "data"),
    Input(ids.ALL_SETTINGS, "checked"),
)
def show_settings(runs: list[int], everything: bool) -> Any:
    """List the settings, or only those that differ."""
    return settings_card(ExperimentStore().several(runs), bool(everything))


@callback(
    Output(ids.COUPLE, "children"),
    Input(ids.JUDGED, "data"),
    Input(ids.FIRST, "value"),
    Input(ids.SECOND, "value"),
    State("compare-asked-field", "children"),
    prevent_initial_call=True,
)
def show_couple(runs: list[int] | None, first: str, second: str, field: str | None) -> Any:
    """Set two runs against each other, window by window."""
    if not runs:
        return no_update
    if first == second:
        return banner("info", "Choose two different runs.")
    try:
        pair = _couple(runs, first, second)
    except ResultError as error:
        return banner("info", str(error))
    a, b = ExperimentStore().several([int(first), int(second)])
    return couple_body(pair, a, b, field or "")


@callback(
    Output(ids.SLICES, "children"),
    Input(ids.FIELD, "value"),
    State(ids.FIRST, "value"),
    State(ids.SECOND, "value"),
    State(ids.RUNS, "data"),
)
def show_slices(field: str | None, first: str, second: str, runs: list[int]) -> Any:
    """Draw the differences over a field's values."""
    if not field or first == second:
        return no_update
    pair = _couple(runs, first, second)
    names = run_names(ExperimentStore().several([int(first), int(second)]))
    return slices_card(pair, names, field)


@callback(
    Output(ids.PARALLEL, "children"),
    Output(ids.REPEATS, "children"),
    Output(ids.DATASETS, "children"),
    Input(ids.JUDGED, "data"),
    prevent_initial_call=True,
)
def show_more(runs: list[int]) -> tuple[Any, Any, Any]:
    """Draw what needs several runs: parallel axes, repeats, data sets."""
    comparison = read_runs(runs)
    entities = [run.entity for run in comparison.runs]
    return parallel_card(entities), repeats_card(comparison.runs), datasets_card(entities)


@callback(
    Output(ids.ADD, "data"),
    Input(ids.ADD, "searchValue"),
    State(ids.RUNS, "data", allow_optional=True),
    prevent_initial_call=True,
)
def search_runs(text: str | None, runs: list[int] | None) -> Any:
    """Find runs that can be added."""
    if text and text.endswith(" %"):
        return no_update  # the label of the chosen one
    return offers(text or "", ExperimentStore().several(runs or []))


def _couple(runs: list[int], first: str, second: str) -> Couple:
    return couple(read_runs(runs), int(first), int(second))
