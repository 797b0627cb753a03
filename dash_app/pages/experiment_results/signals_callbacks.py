"""What the Signals tab does: find the window, draw what is asked, hand lines to the cursors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import (
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
from dash_app.pages.experiment_results import ids, signals_charts
from dash_app.pages.experiment_results.loading import data_of, result_of
from dash_app.pages.experiment_results.signals_tab import telling_value
from integrations.core.data.dataset import DatasetError
from integrations.core.evaluation.store import ResultError
from integrations.core.figures.look import Look, find_look, rows_of
from storage.entities import StorageError
from storage.stores.experiments import ExperimentStore

WHERE = (
    Input(ids.RECORDING, "value"),
    Input(ids.WINDOW, "value"),
    Input(ids.CHANNEL, "value"),
    Input(ids.UNIT, "value"),
)


@callback(
    Output(ids.TELLING, "value"),
    Output(ids.RECORDING, "value"),
    Output(ids.WINDOW, "value"),
    Output(ids.WINDOW, "max"),
    Output(ids.WINDOW, "description"),
    Input(ids.TELLING, "value"),
    Input(ids.RECORDING, "value"),
    Input(ids.WINDOW, "value"),
    State(ids.TELLING, "data"),
    State(ids.RUN, "data"),
    prevent_initial_call=True,
)
def choose(
    telling: str | None,
    recording: str,
    number: Any,
    listed: list[dict[str, str]],
    experiment_id: int,
) -> tuple[Any, ...]:
    """Go to a window of the list, or keep the list and the number in step with a recording."""
    result = result_of(ExperimentStore().get(experiment_id))
    if ctx.triggered_id == ids.TELLING and telling:
        recording, start = telling.split(":")
        rows = rows_of(result, int(recording))
        number = result.test.start[rows].tolist().index(int(start)) + 1
    else:
        rows = rows_of(result, int(recording))
        number = min(max(1, number), len(rows)) if isinstance(number, int) else 1
    here = telling_value(result, int(rows[number - 1]))
    shown = here if here in {item["value"] for item in listed} else None
    return shown, recording, number, len(rows), f"1 to {len(rows)}"


@callback(
    Output(ids.SAID, "children"),
    Output(ids.WAVE, "children"),
    Output(ids.LINES, "data"),
    *WHERE,
    State(ids.RUN, "data"),
)
def show_wave(
    recording: str, number: Any, channel: str, unit: str, experiment_id: int
) -> tuple[Any, Any, Any]:
    """Say what the model said and draw the window."""

    def draw(look: Look) -> tuple[Any, Any, Any]:
        content = signals_charts.wave(look, int(channel), unit)
        return signals_charts.said(look), content, signals_charts.cursor_lines(look, unit)

    return _drawn(experiment_id, recording, number, draw, lambda words: ("", words, no_update))


@callback(
    Output(ids.SPECTRUM, "children"),
    *WHERE,
    Input(ids.EXTENT, "value"),
    State(ids.RUN, "data"),
)
def show_spectrum(
    recording: str, number: Any, channel: str, unit: str, extent: str, experiment_id: int
) -> Any:
    """Draw the spectrum."""
    return _drawn(
        experiment_id,
        recording,
        number,
        lambda look: signals_charts.spectrum(look, int(channel), unit, extent),
    )


@callback(
    Output(ids.ENVELOPE, "children"),
    Output(ids.BAND_WORDS, "children"),
    *WHERE,
    Input(ids.EXTENT, "value"),
    Input(ids.BAND, "data"),
    Input(ids.PREWHITEN, "checked"),
    State(ids.RUN, "data"),
)
def show_envelope(
    recording: str,
    number: Any,
    channel: str,
    unit: str,
    extent: str,
    band: list[float] | None,
    prewhitened: bool,
    experiment_id: int,
) -> Any:
    """Draw the envelope spectrum of the chosen band."""
    limits = (band[0], band[1]) if band else None
    words = "all frequencies" if limits is None else f"{limits[0]:.4g} to {limits[1]:.4g} Hz"
    return _drawn(
        experiment_id,
        recording,
        number,
        lambda look: (
            signals_charts.envelope(look, int(channel), unit, extent, limits, prewhitened),
            words,
        ),
        lambda _: ("", words),
    )


@callback(
    Output(ids.WATERFALL, "children"),
    *WHERE,
    Input(ids.WATERFALL_BY, "value"),
    State(ids.RUN, "data"),
)
def show_waterfall(
    recording: str, number: Any, channel: str, unit: str, by: str, experiment_id: int
) -> Any:
    """Draw the waterfall."""
    return _drawn(
        experiment_id,
        recording,
        number,
        lambda look: signals_charts.waterfall(look, int(channel), unit, by),
    )


@callback(
    Output(ids.KURTOGRAM, "children"),
    Input(ids.RECORDING, "value"),
    Input(ids.CHANNEL, "value"),
    State(ids.RUN, "data"),
)
def show_kurtogram(recording: str, channel: str, experiment_id: int) -> Any:
    """Draw the kurtogram."""
    return _drawn(
        experiment_id,
        recording,
        1,
        lambda look: signals_charts.kurtogram_card(look, int(channel)),
    )


@callback(
    Output(ids.ORBIT, "children"),
    *WHERE,
    Input(ids.EXTENT, "value"),
    Input(ids.ORBIT_FILTER, "value"),
    State(ids.RUN, "data"),
)
def show_orbit(
    recording: str,
    number: Any,
    _channel: str,
    unit: str,
    extent: str,
    kept: str,
    experiment_id: int,
) -> Any:
    """Draw orbit and full spectrum."""
    return _drawn(
        experiment_id,
        recording,
        number,
        lambda look: signals_charts.orbit(look, unit, extent, kept == "1x"),
    )


def _drawn(
    experiment_id: int,
    recording: str,
    number: Any,
    draw: Callable[[Look], Any],
    failed: Callable[[Any], Any] = lambda _: "",
) -> Any:
    """Find the window and draw it, or say (once, above) why its samples cannot be shown."""
    try:
        entity = ExperimentStore().get(experiment_id)
        chosen = number if isinstance(number, int) else 1
        look = find_look(result_of(entity), data_of(entity), int(recording), chosen)
        if look is None:
            raise PreventUpdate
        return draw(look)
    except (ResultError, StorageError, DatasetError) as error:
        return failed(banner("warning", str(error)))


clientside_callback(
    ClientsideFunction("cursors", "show"),
    Output(ids.CURSOR_DRAWN, "data"),
    Input(ids.CURSOR_MODE, "value"),
    Input(ids.CURSOR_BASE, "value"),
    Input(ids.CURSOR_SPACING, "value"),
    Input(ids.CURSOR_COUNT, "value"),
    Input(ids.CURSOR_SNAP, "value"),
    Input(ids.LINES, "data"),
    Input(ids.SPECTRUM, "children"),
    Input(ids.ENVELOPE, "children"),
)
clientside_callback(
    ClientsideFunction("cursors", "band"),
    Output(ids.BAND, "data"),
    Input(graph_id("signal_kurtogram"), "clickData", allow_optional=True),
    Input(ids.BAND_CLEAR, "n_clicks"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("cursors", "put"),
    Output(ids.CURSOR_BASE, "value"),
    Output(ids.CURSOR_PUT, "value"),
    Input(ids.CURSOR_PUT, "value"),
    State(ids.LINES, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("cursors", "offer"),
    Output(ids.CURSOR_PUT, "data"),
    Input(ids.LINES, "data"),
)
