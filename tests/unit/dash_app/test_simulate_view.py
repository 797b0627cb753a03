"""The simulation screen: what it begins with, hides, estimates and draws."""

from __future__ import annotations

import pytest
from dash import html

from dash_app.forms import all_fields, to_values
from dash_app.pages.dataset_simulate.page import _begin
from dash_app.pages.dataset_simulate.view import estimate, is_hidden, making_seconds, preview
from integrations.core.simulator.config import SimulatorConfig
from integrations.core.simulator.presets import PRESETS
from tasks.queue import order_simulation

SPECS = all_fields(SimulatorConfig)


def words(component: object) -> str:
    if isinstance(component, str):
        return component
    children = getattr(component, "children", None) or []
    parts = children if isinstance(children, list | tuple) else [children]
    return " ".join(words(part) for part in parts)


def test_oil_is_asked_for_only_where_there_is_a_film() -> None:
    values = to_values(SimulatorConfig())
    assert not is_hidden(SPECS["operation.oil_grades"], values)
    rolling = {**values, "content.kind": "rolling"}
    assert is_hidden(SPECS["operation.oil_grades"], rolling)
    assert not is_hidden(SPECS["operation.lowest_speed_hz"], rolling)


def test_the_estimate_names_signals_machines_and_room() -> None:
    said = words(estimate(SimulatorConfig()))
    assert "430 in 11 classes" in said
    assert "26" in said
    assert "93.7 MB" in said


def test_the_time_grows_with_the_number_of_signals() -> None:
    more = SimulatorConfig.model_validate({"content": {"signals_per_class": 10_000}})
    assert making_seconds(more) > 10 * making_seconds(SimulatorConfig())


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_every_class_of_every_preset_can_be_looked_at(preset: object) -> None:
    config = preset.apply()  # type: ignore[attr-defined]
    for label in config.classes:
        drawn = preview(config, label, 10_000)
        assert isinstance(drawn, html.Div)
        assert f"Wave of {label}, X" in words(drawn)


@pytest.mark.usefixtures("sqlite")
def test_the_form_begins_like_another_simulated_set() -> None:
    config = SimulatorConfig.model_validate({"seed": 3, "content": {"signals_per_class": 5}})
    job = order_simulation(config)
    assert _begin(str(job.dataset_id), "") == (config, None)
    assert _begin("999", "rolling") == (PRESETS[1].apply(), "rolling")
    assert _begin("", "nonsense")[1] == "journal"
