"""Step 2: a preset, how the data are divided, and on demand every setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.components import card, format_bytes, icon
from dash_app.forms import (
    FieldKind,
    FieldSpec,
    SectionSpec,
    all_fields,
    as_client_spec,
    field_input,
    sections_of,
)
from dash_app.forms.validation import is_shown
from dash_app.pages.experiment_new import ids
from dash_app.pages.experiment_new.choices import (
    PresetChoice,
    find_dataset,
    find_family,
    info_of,
    preset_config,
    presets_of,
)
from dash_app.pages.experiment_new.division import split_digest
from dash_app.pages.experiment_new.draft import Draft
from dash_app.pages.experiment_new.pickers import Options, run_options
from dash_app.pages.experiment_new.view_model import measured_words
from dash_app.pages.experiment_new.view_review import time_words
from integrations.core.contract import Family
from integrations.core.data.dataset import DatasetInfo
from tasks.queue import forecast

WINDOW_FIELDS = ("data.window_samples", "data.overlap")
SPLIT_FIELDS = ("data.split", "data.split_field", "data.test_values")
SPLIT_WORDS = {
    "group": "By group",
    "published": "As published with the data",
    "field": "By a metadata field",
    "random_windows": "Random windows (leaks)",
}


def configure_view(draft: Draft) -> tuple[list[Any], list[dict[str, Any]]]:
    """Give the step's content and what the browser needs to check its fields."""
    family, entity = find_family(draft.family), find_dataset(draft.dataset_id)
    info = info_of(entity) if entity else None
    if family is None or entity is None or info is None:
        words = html.P("Choose data and a model first.", className="muted")
        return [card(words, html.Div(id=ids.SPLIT_PREVIEW, hidden=True))], []
    specs = _specs(family, info)
    options = run_options(family, info, split_digest(draft, entity), draft.values)
    own = [path for path in options if specs[path].kind is FieldKind.EXPERIMENTS]
    view = [
        card(_preset_cards(draft, family, info), title="Preset"),
        *_members(draft, [specs[path] for path in own], options),
        card(*_division(draft, specs, info), title="Windows and split"),
        _expert_switch(draft),
        html.Div(
            [
                _section(draft, section, specs, options, own)
                for section in sections_of(family.Config)
            ],
            id=ids.EXPERT_FORM,
            className="stack",
            hidden=not draft.expert,
        ),
    ]
    client = [as_client_spec(spec, draft.original.get(path)) for path, spec in specs.items()]
    for spec in client:
        if spec["path"] == "data.test_values":
            spec["choices"] = {name: list(found) for name, found in info.field_values().items()}
            spec["chosen_by"] = "data.split_field"
    return view, client


def _specs(family: Family, info: DatasetInfo) -> dict[str, FieldSpec]:
    specs = all_fields(family.Config)
    possible = {"group", "random_windows"}
    if {r.published_split for r in info.recordings} == {"train", "test"}:
        possible.add("published")
    if info.field_values():
        possible.add("field")
    options = tuple(
        (raw, SPLIT_WORDS.get(raw, words)) for raw, words in specs["data.split"].options
    )
    chosen = replace(specs["data.split"], options=tuple(o for o in options if o[0] in possible))
    return {**specs, "data.split": chosen}


def _preset_cards(draft: Draft, family: Family, info: DatasetInfo) -> dmc.RadioGroup:
    choices = presets_of(family.name, draft.dataset_id)
    return dmc.RadioGroup(
        html.Div(
            [_preset_card(p, family, info) for p in choices], className="wizard-cards presets"
        ),
        id=ids.PRESET,
        value=draft.preset,
        **{"aria-label": "Preset"},
    )


def _preset_card(preset: PresetChoice, family: Family, info: DatasetInfo) -> dmc.RadioCard:
    cost = forecast(family.name, preset_config(family, preset, info), info)
    lines = [f"{time_words(cost)} · {format_bytes(cost.work.memory_bytes)}"]
    lines += [measured_words(preset.measured, info.name)] if preset.measured else []
    return dmc.RadioCard(
        html.Div(
            [
                html.Div(
                    [dmc.RadioIndicator(), html.Span(preset.title)], className="wizard-card-title"
                ),
                html.Div(preset.summary, className="wizard-card-text"),
                *(html.Div(line, className="wizard-card-cost") for line in lines),
            ],
            className="wizard-card-body",
        ),
        value=preset.key,
        className="wizard-card",
        **{"aria-label": f"{preset.title}. {preset.summary} {lines[0]}"},
    )


def _division(draft: Draft, specs: dict[str, FieldSpec], info: DatasetInfo) -> list[Any]:
    fields = [_field(draft, specs[path], info) for path in (*WINDOW_FIELDS, *SPLIT_FIELDS)]
    return [
        html.Div(fields, className="wizard-fields"),
        html.Div(id=ids.SPLIT_PREVIEW, className="wizard-split", **{"aria-live": "polite"}),
    ]


def _field(
    draft: Draft,
    spec: FieldSpec,
    info: DatasetInfo | None = None,
    options: Sequence[dict[str, str]] = (),
) -> html.Div:
    values = info.field_values() if info else {}
    choices: list[str] | None = None
    if spec.path == "data.split_field":
        choices = list(values)
    elif spec.path == "data.test_values":
        choices = list(values.get(str(draft.values.get("data.split_field")), ()))
    return field_input(
        ids.FORM,
        spec,
        draft.values.get(spec.path),
        hidden=not is_shown(spec, draft.values),
        choices=choices,
        options=options,
    )


def _expert_switch(draft: Draft) -> html.Div:
    return html.Div(
        dmc.Switch(
            id=ids.EXPERT,
            checked=draft.expert,
            label=html.Span([icon("sliders"), " Set every parameter"]),
            description="For experts: the preset's values, open to change.",
        ),
        className="wizard-expert",
    )


def _members(draft: Draft, specs: list[FieldSpec], options: dict[str, Options]) -> list[Any]:
    """Draw the choice of the runs that are joined, where the family joins runs."""
    if not specs:
        return []
    words = (
        "Finished runs on the data, windows and split below. What they predict is joined; nothing "
        "is trained anew."
    )
    fields = [
        field_input(ids.FORM, spec, draft.values.get(spec.path), options=options.get(spec.path, ()))
        for spec in specs
    ]
    return [card(html.P(words, className="wizard-section-help"), *fields, title="Members")]


def _section(
    draft: Draft,
    section: SectionSpec,
    specs: dict[str, FieldSpec],
    options: dict[str, Options],
    elsewhere: list[str],
) -> Any:
    above = (*WINDOW_FIELDS, *SPLIT_FIELDS, *elsewhere)
    shown = [f for f in section.fields if f.path not in above]
    if not shown:
        return None
    fields = [_field(draft, specs[spec.path], options=options.get(spec.path, ())) for spec in shown]
    help_text = [html.P(section.help, className="wizard-section-help")] if section.help else []
    return card(*help_text, html.Div(fields, className="wizard-fields"), title=section.title)
