"""What the Failures tab does: follow the analysis, filter the worst windows, open one of them."""

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
from dash.exceptions import PreventUpdate

from dash_app.components import banner, graph_id
from dash_app.pages.experiment_results import failures_ids as ids
from dash_app.pages.experiment_results.artifacts_tab import in_progress
from dash_app.pages.experiment_results.failures_common import common_section, labels_section
from dash_app.pages.experiment_results.failures_detail import detail, neighbour
from dash_app.pages.experiment_results.failures_list import PER_PAGE, listed_rows, worst_list
from dash_app.pages.experiment_results.failures_loading import Failures, failures_of
from dash_app.pages.experiment_results.failures_tab import (
    cell_words,
    signature,
    status,
    working_words,
)
from dash_app.pages.experiment_results.ids import RUN
from dash_app.pages.experiment_results.loading import data_of
from dash_app.shell import notify
from integrations.core.data.dataset import Dataset, DatasetError
from integrations.core.evaluation.store import ResultError
from integrations.core.failures.kinds import Cell
from integrations.core.figures.plotly_renderer import escaped
from storage import progress
from storage.entities import ExperimentEntity, JobStatus, StorageError
from storage.stores.experiments import ExperimentStore
from tasks.broadcast import task_id_of_job
from tasks.queue import order_analysis


def ordered_once(entity: ExperimentEntity) -> Failures:
    """Give the failures of a run; the first to look has them analysed.

    Raises:
        ResultError: The run left nothing.
        StorageError: The store of files is away.
    """
    found = failures_of(entity)
    if found.stored is None and found.job is None:
        order_analysis(entity.id)
        found = failures_of(entity)
    return found


@callback(
    Output(ids.STATUS, "children", allow_duplicate=True),
    Output(ids.POLL, "disabled", allow_duplicate=True),
    Output(ids.POLL, "max_intervals", allow_duplicate=True),
    Input(ids.START, "n_clicks"),
    State(RUN, "data"),
    prevent_initial_call=True,
)
def start(clicks: int | None, experiment_id: int) -> tuple[Any, bool, int]:
    """Have the failures analysed again."""
    if not clicks:
        raise PreventUpdate
    try:
        job = order_analysis(experiment_id)
    except StorageError as error:
        return banner("error", str(error)), True, 0
    return banner("info", working_words(job)), False, -1


@callback(
    Output(ids.EXPLAIN, "loading"),
    Output(ids.POLL, "disabled", allow_duplicate=True),
    Output(ids.POLL, "max_intervals", allow_duplicate=True),
    Input(ids.EXPLAIN, "n_clicks"),
    State(ids.ROW, "data"),
    State(RUN, "data"),
    prevent_initial_call=True,
)
def explain(clicks: int | None, row: int | None, experiment_id: int) -> tuple[bool, bool, int]:
    """Have the window explained that is looked at."""
    if not clicks or row is None:
        raise PreventUpdate
    try:
        order_analysis(experiment_id, row)
    except StorageError as error:
        notify("error", str(error))
        raise PreventUpdate from error
    return True, False, -1


@callback(
    Output(ids.STATUS, "children"),
    Output(ids.COMMON, "children"),
    Output(ids.LABELS, "children"),
    Output(ids.REASON, "disabled"),
    Output(ids.SEEN, "data"),
    Output(ids.POLL, "max_intervals"),
    Input(ids.POLL, "n_intervals"),
    State(ids.SEEN, "data"),
    State(RUN, "data"),
    running=[(Output(ids.POLL, "disabled"), True, False)],
    prevent_initial_call=True,
)
def follow(_ticks: int, before: list[Any], experiment_id: int) -> tuple[Any, ...]:
    """Look how far the analysis is; show what it found when it has ended."""
    found = failures_of(ExperimentStore().get(experiment_id))
    if in_progress(found.job):
        live = progress.read(task_id_of_job(found.job.id)).snapshot if found.job else {}
        words = working_words(found.job, float(live.get("progress", 0)), live.get("message", ""))
        shown = banner("info", words) if found.stored is None else no_update
        return (shown, *[no_update] * 4, -1)
    if found.job is not None and found.job.status is JobStatus.FAILED:
        notify("error", found.job.error)
    now = signature(found)
    if now == before:
        return (status(found), *[no_update] * 4, 0)
    common, labels = common_section(found), labels_section(found)
    return status(found), common, labels, found.stored is None, now, 0


@callback(
    Output(ids.CELL, "data"),
    Input(graph_id(ids.MATRIX), "clickData", allow_optional=True),
    Input({"type": "failures-pair", "true": ALL, "predicted": ALL}, "n_clicks"),
    Input({"type": ids.CLEAR, "at": ALL}, "n_clicks"),
    State(RUN, "data"),
    prevent_initial_call=True,
)
def choose_cell(clicked: Any, _pairs: Any, _clear: Any, experiment_id: int) -> list[int] | None:
    """Choose a cell by the matrix or by a button, or all mistakes again."""
    by = ctx.triggered_id
    if not any(item["value"] for item in ctx.triggered):
        raise PreventUpdate
    if by is not None and by.get("type") == ids.CLEAR:
        return None
    if by is not None and by.get("type") == "failures-pair":
        return [by["true"], by["predicted"]]
    found = failures_of(ExperimentStore().get(experiment_id))
    named = {escaped(name): i for i, name in enumerate(found.result.info.classes)}
    point = clicked["points"][0]
    return [named[point["y"]], named[point["x"]]]


@callback(
    Output(ids.LIST, "children"),
    Output(ids.CELLS, "children"),
    Output(ids.MORE, "disabled"),
    Output(ids.ROW, "data", allow_duplicate=True),
    Input(ids.CELL, "data"),
    Input(ids.REASON, "value"),
    Input(ids.MORE, "n_clicks"),
    Input(ids.SEEN, "data"),
    Input(ids.ROW, "data"),
    State(RUN, "data"),
    prevent_initial_call="initial_duplicate",
)
def list_windows(
    chosen: list[int] | None,
    reason: str,
    more: int | None,
    _seen: Any,
    row: int | None,
    experiment_id: int,
) -> tuple[Any, ...]:
    """List the windows that fit; another filter opens its worst one."""
    found = failures_of(ExperimentStore().get(experiment_id))
    cell = Cell(*chosen) if chosen else None
    rows = listed_rows(found, cell, reason or "")
    filtered = ctx.triggered_id in (ids.CELL, ids.REASON)
    opened = (rows[0] if rows else None) if filtered else row
    pages = 1 + (more or 0)
    shown = worst_list(found, cell, reason or "", pages, opened)
    # Told only when it is another: the table itself listens to it.
    told = opened if filtered and opened != row else no_update
    return shown, cell_words(found.result, cell), len(rows) <= PER_PAGE * pages, told


@callback(
    Output(ids.ROW, "data"),
    Input({"type": "failures-open", "row": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def open_window(_clicks: Any) -> int:
    """Open the window whose name was chosen."""
    if ctx.triggered_id is None or not any(item["value"] for item in ctx.triggered):
        raise PreventUpdate
    return int(ctx.triggered_id["row"])


@callback(
    Output(ids.DETAIL, "children"),
    Input(ids.ROW, "data"),
    Input(ids.CHANNEL, "value"),
    Input(ids.SEEN, "data"),
    State(RUN, "data"),
)
def show_window(row: int | None, channel: str, _seen: Any, experiment_id: int) -> Any:
    """Draw the window that was opened."""
    if row is None:
        return ""
    try:
        entity = ExperimentStore().get(experiment_id)
        found = failures_of(entity)
        data, trouble = _samples(entity)
        return detail(found, data, row, int(channel), trouble)
    except (ResultError, StorageError, DatasetError) as error:
        return banner("warning", str(error))


@callback(
    Output(ids.NEIGHBOUR, "children"),
    Input({"type": "failures-near", "recording": ALL, "start": ALL}, "n_clicks"),
    State(ids.CHANNEL, "value"),
    State(RUN, "data"),
    prevent_initial_call=True,
)
def show_neighbour(_clicks: Any, channel: str, experiment_id: int) -> Any:
    """Draw a training window beside the mistaken one."""
    by = ctx.triggered_id
    if by is None or not any(item["value"] for item in ctx.triggered):
        raise PreventUpdate
    try:
        entity = ExperimentStore().get(experiment_id)
        found, data = failures_of(entity), data_of(entity)
        return neighbour(found, data, int(by["recording"]), int(by["start"]), int(channel))
    except (ResultError, StorageError, DatasetError) as error:
        return banner("warning", str(error))


clientside_callback(
    ClientsideFunction("failures", "reveal"),
    Output(ids.REVEALED, "data"),
    Input({"type": "failures-open", "row": ALL}, "n_clicks"),
    prevent_initial_call=True,
)


def _samples(entity: ExperimentEntity) -> tuple[Dataset | None, str]:
    try:
        return data_of(entity), ""
    except ResultError as error:
        return None, str(error)
