"""What the exports on the Artifacts tab do: order one, follow it, show what was made."""

from __future__ import annotations

from typing import Any

from dash import ALL, Input, Output, State, callback, ctx
from dash.exceptions import PreventUpdate

from dash_app.pages.experiment_results import ids as page_ids
from dash_app.pages.experiment_results import use_ids as ids
from dash_app.pages.experiment_results.artifacts_tab import file_table
from dash_app.pages.experiment_results.exports_section import exports_content
from dash_app.shell import notify
from storage.entities import StorageError
from storage.stores.experiments import ExperimentStore
from tasks.export_orders import Export, export_states, order_export


@callback(
    Output(ids.EXPORTS, "children", allow_duplicate=True),
    Output(ids.EXPORTS_POLL, "disabled", allow_duplicate=True),
    Output(ids.EXPORTS_POLL, "max_intervals", allow_duplicate=True),
    Input({"type": "export-make", "what": ALL}, "n_clicks"),
    State(page_ids.RUN, "data"),
    prevent_initial_call=True,
)
def make(clicks: list[int | None], experiment_id: int) -> tuple[Any, bool, int]:
    """Order an export, once."""
    asked = ctx.triggered_id
    if not any(clicks) or not isinstance(asked, dict):
        raise PreventUpdate
    try:
        order_export(experiment_id, Export(str(asked["what"])))
    except (StorageError, ValueError) as error:
        notify("error", str(error))
        raise PreventUpdate from error
    entity = ExperimentStore().get(experiment_id)
    files = ExperimentStore().artifacts(experiment_id)
    return exports_content(entity, export_states(entity, files), files), False, -1


@callback(
    Output(ids.EXPORTS, "children"),
    Output(ids.EXPORTS_POLL, "max_intervals"),
    Output(ids.FILES, "children"),
    Input(ids.EXPORTS_POLL, "n_intervals"),
    State(page_ids.RUN, "data"),
    running=[(Output(ids.EXPORTS_POLL, "disabled"), True, False)],
    prevent_initial_call=True,
)
def follow(_ticks: int, experiment_id: int) -> tuple[Any, int, Any]:
    """Look whether exports are made."""
    entity = ExperimentStore().get(experiment_id)
    files = ExperimentStore().artifacts(experiment_id)
    states = export_states(entity, files)
    if any(state.busy for state in states):
        raise PreventUpdate
    return exports_content(entity, states, files), 0, file_table(entity, files)
