"""The simulation screen: a preset, every setting, what it will cost, and a look at each class."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html
from pydantic import ValidationError

from dash_app.components import card, icon, page_header
from dash_app.forms import FieldSpec, SectionSpec, field_input, sections_of, to_values
from dash_app.pages.dataset_simulate import ids
from dash_app.pages.dataset_simulate.view import CHOICES, is_hidden
from integrations.core.simulator.config import SimulatorConfig
from integrations.core.simulator.presets import PRESETS, SimulatorPreset
from storage.entities import NotFoundError
from storage.stores.datasets import DatasetStore


def register() -> None:
    """Register the screen at "/datasets/simulate"."""
    dash.register_page(
        "dataset_simulate",
        path="/datasets/simulate",
        # Before "/datasets/<id>", which would take the word for a number.
        order=0,
        title="Simulate · Signalbench",
        layout=layout,
    )


def layout(like: Any = "", preset: Any = "", **_query: Any) -> html.Div:
    """Give the screen.

    Args:
        like: A simulated data set whose settings the form begins with.
        preset: A preset to begin with.
    """
    config, chosen = _begin(str(like), str(preset))
    values = to_values(config)
    return html.Div(
        [
            page_header(
                "Simulate a bearing",
                subtitle="Signals from one oil-film and rotor model, every cause known. "
                "The same settings give the same samples on any machine.",
            ),
            html.Div(
                [
                    html.Div(
                        [
                            card(_presets(chosen), title="Preset"),
                            _preview(config),
                            *(
                                _section(section, values)
                                for section in sections_of(SimulatorConfig)
                            ),
                        ],
                        className="wizard-main stack",
                    ),
                    _aside(),
                ],
                className="wizard-body",
            ),
            dcc.Store(id=ids.CONFIG, data=config.model_dump(mode="json")),
        ],
        className="page wizard simulate",
    )


def _begin(like: str, preset: str) -> tuple[SimulatorConfig, str | None]:
    """Choose what the form begins with: another set's settings, a preset, the defaults."""
    if like.isdecimal() and len(like) < 18:
        try:
            kept = DatasetStore().get(int(like)).inspection.get("simulator", {})
            return SimulatorConfig.model_validate(kept), None
        except (NotFoundError, ValidationError):
            pass
    found = next((p for p in PRESETS if p.key == preset), PRESETS[0])
    return found.apply(), found.key


def _presets(chosen: str | None) -> dmc.RadioGroup:
    return dmc.RadioGroup(
        html.Div([_preset(preset) for preset in PRESETS], className="wizard-cards presets"),
        id=ids.PRESET,
        value=chosen,
        **{"aria-label": "Preset"},
    )


def _preset(preset: SimulatorPreset) -> dmc.RadioCard:
    head = html.Div([dmc.RadioIndicator(), html.Span(preset.title)], className="wizard-card-title")
    return dmc.RadioCard(
        html.Div(
            [head, html.Div(preset.summary, className="wizard-card-text")],
            className="wizard-card-body",
        ),
        value=preset.key,
        className="wizard-card",
        **{"aria-label": f"{preset.title}. {preset.summary}"},
    )


def _section(section: SectionSpec, values: dict[str, Any]) -> html.Section:
    fields = [_field(spec, values) for spec in section.fields]
    about = [html.P(section.help, className="wizard-section-help")] if section.path else []
    title = section.title if section.path else "Repetition"
    return card(*about, html.Div(fields, className="wizard-fields"), title=title)


def _field(spec: FieldSpec, values: dict[str, Any]) -> html.Div:
    return field_input(
        ids.FORM,
        spec,
        values[spec.path],
        hidden=is_hidden(spec, values),
        choices=CHOICES.get(spec.path),
    )


def _aside() -> html.Aside:
    return html.Aside(
        card(
            html.Div(id=ids.ESTIMATE, **{"aria-live": "polite"}),
            dmc.TextInput(id=ids.NAME, label="Name", placeholder="Made up from the settings"),
            html.Div(id=ids.REFUSAL),
            dmc.Button(
                "Simulate", id=ids.START, leftSection=icon("play"), size="md", fullWidth=True
            ),
            title="What will be made",
            className="stack",
        ),
        className="wizard-aside",
        **{"aria-label": "What will be made"},
    )


def _preview(config: SimulatorConfig) -> html.Section:
    tools = html.Div(
        [
            dmc.Select(
                id=ids.CLASS,
                label="A look at one signal of",
                data=list(config.classes),
                value=config.classes[0],
                allowDeselect=False,
            ),
            dmc.Button(
                "Another one", id=ids.ANOTHER, variant="default", leftSection=icon("arrow-repeat")
            ),
        ],
        className="simulate-tools",
    )
    waiting = html.Div([dmc.Skeleton(height=300) for _ in range(3)], className="grid-3")
    return html.Section(
        [tools, html.Div(waiting, id=ids.PREVIEW)],
        className="simulate-preview",
        **{"aria-label": "Preview"},
    )
