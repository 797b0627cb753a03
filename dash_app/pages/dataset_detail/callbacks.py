"""What happens on the data-set screen."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import ALL, Input, Output, State, callback, ctx, no_update

from dash_app import datasets, shell
from dash_app.components import banner, chart_card
from dash_app.pages.dataset_detail import ids
from dash_app.pages.dataset_detail.body import body, heading, is_busy, signature, working
from dash_app.pages.dataset_detail.charts import machine_charts, spectrum_chart, wave_chart
from dash_app.pages.dataset_detail.ready_view import window_table
from dash_app.pages.dataset_detail.review_values import to_options
from dash_app.pages.dataset_detail.review_view import import_label, result
from dash_app.pages.datasets.view import counted
from integrations.core.data.dataset import DatasetError
from integrations.core.data.readers.base import clean_text
from integrations.core.data.scan import FileFacts
from storage.entities import ConflictError, NotFoundError
from storage.stores.datasets import DatasetStore


@callback(
    Output(ids.BODY, "children"),
    Output(ids.SEEN, "data"),
    Output(ids.TICK, "disabled"),
    Input(ids.TICK, "n_intervals"),
    State(ids.ID, "data"),
    State(ids.SEEN, "data"),
)
def follow(_tick: int | None, dataset_id: int, before: Any) -> tuple[Any, ...]:
    """Follow a job at work; at rest nothing is asked for any more."""
    try:
        entity = DatasetStore().get(dataset_id)
    except NotFoundError:
        return no_update, no_update, True
    now = signature(entity)
    busy = is_busy(entity)
    if busy and now == before:
        return [heading(entity), working(entity)], no_update, False
    if now == before:
        return no_update, no_update, True
    return [heading(entity), *body(entity)], now, not busy


@callback(
    Output(ids.RESULT, "children"),
    Output(ids.IMPORT, "children"),
    Output(ids.IMPORT, "disabled"),
    Output({"type": ids.FORM, "field": ALL}, "error"),
    Output(ids.TICK, "disabled", allow_duplicate=True),
    Input({"type": ids.FORM, "field": ALL}, "value"),
    State(ids.ID, "data"),
    prevent_initial_call="initial_duplicate",
)
def understand_again(values: list[Any], dataset_id: int) -> tuple[Any, ...]:
    """Understand the upload with the form's values, keep them, and show what follows."""
    names = [item["id"]["field"] for item in ctx.inputs_list[0]]
    entity = DatasetStore().get(dataset_id)
    before = datasets.options_of(entity)
    given = dict(zip(names, values, strict=True))
    options, errors = to_options(given, before, datasets.plan_of(dataset_id, before))
    shown = [errors.get(name) or False for name in names]
    if options is None:
        return no_update, no_update, True, shown, no_update
    if options.name and options.name != entity.name:
        DatasetStore().rename(dataset_id, clean_text(options.name))
    datasets.keep_options(dataset_id, options)
    plan = datasets.plan_of(dataset_id, options)
    if plan is None:
        datasets.start_job(dataset_id, "inspect")
        return no_update, no_update, True, shown, False
    return result(plan), import_label(plan), not plan.ready, shown, no_update


@callback(
    Output(ids.PREVIEW, "children"),
    Input(ids.PREVIEW_FILE, "value"),
    Input({"type": ids.FORM, "field": ALL}, "value"),
    State(ids.ID, "data"),
)
def show_preview(path: str, _values: list[Any], dataset_id: int) -> Any:
    """Draw the first samples of one uploaded file and their spectrum."""
    options = datasets.options_of(DatasetStore().get(dataset_id))
    plan = datasets.plan_of(dataset_id, options)
    facts = {f.path: f for f in datasets.facts_of(dataset_id, options)}.get(path)
    if facts is None or plan is None:
        return no_update
    planned = next((r for r in plan.recordings if r.file == path), None)
    names = planned.columns if planned else []
    samples, name = _first_samples(facts, names)
    if samples.size < 8:
        return banner("info", "This file shows nothing that could be drawn.")
    rate = planned.sampling_rate_hz if planned else facts.sampling_rate_hz
    words = f"“{name}”, first {counted(samples.size, 'sample')}"
    return [
        chart_card(wave_chart(samples, rate, words, options.unit), height=240),
        chart_card(spectrum_chart(samples, rate, words, options.unit), height=240),
    ]


def _first_samples(facts: FileFacts, names: list[str]) -> tuple[Any, str]:
    drawn = [v for v in facts.variables if v.preview and v.kind == "number"]
    chosen = [v for v in drawn if v.name in names] or drawn
    if not chosen:
        return np.empty(0, np.float32), ""
    values = [value for value in chosen[0].preview if value is not None]
    return np.asarray(values, dtype=np.float32), chosen[0].name


@callback(
    Output(ids.TICK, "disabled", allow_duplicate=True),
    Output(ids.SEEN, "data", allow_duplicate=True),
    Input(ids.IMPORT, "n_clicks"),
    State(ids.ID, "data"),
    prevent_initial_call=True,
)
def start_import(clicks: int | None, dataset_id: int) -> tuple[Any, ...]:
    """Start the import; the screen then follows it."""
    if not clicks:
        return no_update, no_update
    try:
        datasets.start_job(dataset_id, "import")
    except ConflictError as error:
        shell.notify("warning", str(error))
    return False, None


@callback(
    Output(ids.WAVES, "children"),
    Input(ids.RECORDING, "value"),
    Input(ids.CHANNEL, "value"),
    State(ids.ID, "data"),
)
def show_recording(recording: str, channel: str, dataset_id: int) -> Any:
    """Draw one channel of one recording and its spectrum."""
    try:
        data = datasets.open_dataset(DatasetStore().get(dataset_id))
        index, row = int(recording), int(channel)
        signal = data.signal(index)
        samples = signal[row]
    except (DatasetError, NotFoundError) as error:
        return banner("error", str(error))
    except (ValueError, IndexError):
        return no_update
    found = data.info.recordings[index]
    name = f"{found.name} ({found.label})"
    rate, unit = found.sampling_rate_hz, data.info.unit
    return [
        chart_card(wave_chart(samples, rate, name, unit), height=300),
        chart_card(spectrum_chart(samples, rate, name, unit), height=300),
        *(chart_card(c, height=300) for c in machine_charts(signal, row, data.info, found)),
    ]


@callback(
    Output(ids.WINDOW_TABLE, "children"),
    Input(ids.WINDOW, "value"),
    Input(ids.OVERLAP, "value"),
    State(ids.ID, "data"),
)
def show_windows(window: Any, overlap: Any, dataset_id: int) -> Any:
    """Count the windows of the chosen length and overlap."""
    info = datasets.info_of(DatasetStore().get(dataset_id))
    if info is None or not isinstance(window, int | float) or not isinstance(overlap, int | float):
        return banner("warning", "Enter a length in samples and an overlap from 0 to 95 %.")
    if not 4 <= window <= 1_048_576 or not 0 <= overlap <= 95:
        return banner("warning", "Enter a length from 4 samples on, and an overlap from 0 to 95 %.")
    return window_table(info, int(window), overlap / 100)


@callback(
    Output(ids.WINDOW_SAVE, "children"),
    Input(ids.WINDOW_SAVE, "n_clicks"),
    State(ids.WINDOW, "value"),
    State(ids.OVERLAP, "value"),
    State(ids.ID, "data"),
    prevent_initial_call=True,
)
def save_windows(clicks: int | None, window: Any, overlap: Any, dataset_id: int) -> Any:
    """Keep the windowing as the one new experiments begin with."""
    fits = isinstance(window, int | float) and isinstance(overlap, int | float)
    if not clicks or not fits or not 4 <= window <= 1_048_576 or not 0 <= overlap <= 95:
        return no_update
    DatasetStore().set_view(dataset_id, int(window), overlap / 100)
    shell.notify("success", "New experiments on these data begin with this windowing.")
    return no_update


@callback(
    Output(ids.DELETE_MODAL, "opened"),
    Output(ids.DELETE_WORDS, "children"),
    Output(ids.DELETE_YES, "disabled"),
    Input(ids.DELETE, "n_clicks"),
    Input(ids.DELETE_NO, "n_clicks"),
    State(ids.ID, "data"),
    prevent_initial_call=True,
)
def ask_delete(clicks: int | None, _no: int | None, dataset_id: int) -> tuple[Any, ...]:
    """Ask before deleting, or say why it cannot be."""
    if ctx.triggered_id == ids.DELETE_NO or not clicks:
        return False, no_update, no_update
    entity = DatasetStore().get(dataset_id)
    used = DatasetStore().n_experiments(dataset_id)
    if used:
        words = f"{counted(used, 'experiment')} made with “{entity.name}” would lose their data. "
        return True, words + "Delete the experiments first.", True
    return True, f"“{entity.name}” and its files are deleted for good.", False


@callback(
    Output(shell.LOCATION, "href", allow_duplicate=True),
    Input(ids.DELETE_YES, "n_clicks"),
    State(ids.ID, "data"),
    prevent_initial_call=True,
)
def delete(clicks: int | None, dataset_id: int) -> Any:
    """Delete the data set and go back to the list."""
    if not clicks:
        return no_update
    try:
        datasets.delete_dataset(dataset_id)
    except ConflictError as error:
        shell.notify("error", str(error))
        return no_update
    return "/datasets"


@callback(
    Output(ids.RENAME_MODAL, "opened"),
    Output(ids.TICK, "disabled", allow_duplicate=True),
    Output(ids.RENAME_NAME, "error"),
    Input(ids.RENAME, "n_clicks"),
    Input(ids.RENAME_YES, "n_clicks"),
    State(ids.RENAME_NAME, "value"),
    State(ids.ID, "data"),
    prevent_initial_call=True,
)
def rename(_open: int | None, yes: int | None, name: str, dataset_id: int) -> tuple[Any, ...]:
    """Open the dialogue, or give the new name."""
    if ctx.triggered_id == ids.RENAME:
        return bool(_open), no_update, False
    wanted = clean_text(name or "")
    if not yes or not wanted:
        return no_update, no_update, "Enter a name."
    DatasetStore().rename(dataset_id, wanted)
    return False, False, False
