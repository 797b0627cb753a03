"""What happens on the simulation screen."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, ctx
from dash import no_update as same

from dash_app import shell
from dash_app.components import banner
from dash_app.forms import all_fields, check, path_of, to_values
from dash_app.pages.dataset_simulate import ids
from dash_app.pages.dataset_simulate.view import estimate, is_hidden, preview
from integrations.core.data.dataset import DatasetError
from integrations.core.data.readers.base import clean_text
from integrations.core.simulator.config import SimulatorConfig
from integrations.core.simulator.presets import PRESETS
from integrations.core.simulator.simulate import problem_of
from tasks.queue import QueueError, order_simulation

LONGEST_NAME = 200
SPECS = all_fields(SimulatorConfig)


@callback(
    Output(ids.ALL_FIELDS, "value"),
    Output(ids.ALL_SWITCHES, "checked"),
    Input(ids.PRESET, "value"),
    State(ids.ALL_FIELDS, "id"),
    State(ids.ALL_SWITCHES, "id"),
    prevent_initial_call=True,
)
def use_preset(key: str | None, fields: list[Any], switches: list[Any]) -> tuple[Any, ...]:
    """Fill the form with a preset."""
    found = next((preset for preset in PRESETS if preset.key == key), None)
    if found is None:
        return [same] * len(fields), [same] * len(switches)
    values = to_values(found.apply())
    return [values[path_of(i)] for i in fields], [values[path_of(i)] for i in switches]


@callback(
    Output(ids.CONFIG, "data"),
    Output(ids.ESTIMATE, "children"),
    Output(ids.START, "disabled"),
    Output(ids.REFUSAL, "children"),
    Output(ids.ALL_FIELDS, "error"),
    Output(ids.ALL_WRAPS, "hidden"),
    Output(ids.ALL_SLIDERS, "value"),
    Input(ids.ALL_FIELDS, "value"),
    Input(ids.ALL_SWITCHES, "checked"),
    State(ids.ALL_FIELDS, "id"),
    State(ids.ALL_SWITCHES, "id"),
    State(ids.ALL_WRAPS, "id"),
    State(ids.ALL_SLIDERS, "id"),
)
def look_at_form(
    fields: list[Any],
    checks: list[Any],
    field_ids: list[Any],
    switch_ids: list[Any],
    wrap_ids: list[Any],
    slider_ids: list[Any],
) -> tuple[Any, ...]:
    """Check the form and say what it makes."""
    named = zip((*field_ids, *switch_ids), (*fields, *checks), strict=True)
    values = {path_of(i): value for i, value in named}
    checked = check(SimulatorConfig, values)
    config, errors = checked.config, checked.errors
    refusal = problem_of(config) if config else errors.get("", "")
    possible = config is not None and not refusal
    return (
        config.model_dump(mode="json") if config and possible else same,
        estimate(config) if config and possible else same,
        not possible,
        banner("warning", refusal) if refusal else None,
        [errors.get(path_of(i)) or False for i in field_ids],
        [is_hidden(SPECS[path_of(i)], values) for i in wrap_ids],
        [_position(values[path_of(i)]) for i in slider_ids],
    )


def _position(value: Any) -> Any:
    return value if isinstance(value, int | float) else same


clientside_callback(
    ClientsideFunction("wizard", "slide"),
    Output(ids.ALL_FIELDS, "value", allow_duplicate=True),
    Input(ids.ALL_SLIDERS, "value"),
    State(ids.ALL_FIELDS, "value"),
    prevent_initial_call=True,
)


@callback(
    Output(ids.CLASS, "data"),
    Output(ids.CLASS, "value"),
    Input(ids.CONFIG, "data"),
    State(ids.CLASS, "value"),
)
def offer_classes(kept: dict[str, Any], chosen: str) -> tuple[Any, ...]:
    """Offer the classes of the configuration for the preview."""
    classes = list(SimulatorConfig.model_validate(kept).classes)
    return classes, chosen if chosen in classes else classes[0]


@callback(
    Output(ids.PREVIEW, "children"),
    Input(ids.CONFIG, "data"),
    Input(ids.CLASS, "value"),
    Input(ids.ANOTHER, "n_clicks"),
)
def show_preview(kept: dict[str, Any], label: str, number: int | None) -> Any:
    """Draw one signal of a class as it will be in the data set."""
    config = SimulatorConfig.model_validate(kept)
    if label not in config.classes:
        return same
    try:
        return preview(config, label, number or 0)
    except DatasetError as error:
        return banner("warning", str(error))


@callback(
    Output(shell.LOCATION, "href", allow_duplicate=True),
    Output(ids.REFUSAL, "children", allow_duplicate=True),
    Input(ids.START, "n_clicks"),
    State(ids.CONFIG, "data"),
    State(ids.NAME, "value"),
    running=[(Output(ids.START, "loading"), True, False)],
    prevent_initial_call=True,
)
def start(clicks: int | None, kept: dict[str, Any], name: str | None) -> tuple[Any, ...]:
    """Start the simulation and go to the data set that it fills."""
    if not clicks or ctx.triggered_id != ids.START:
        return same, same
    config = SimulatorConfig.model_validate(kept)
    try:
        job = order_simulation(config, clean_text(name or "")[:LONGEST_NAME])
    except QueueError as error:
        return same, banner("error", str(error))
    return f"/datasets/{int(job.dataset_id or 0)}", None
