"""Step 1: which data, and which family of models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import (
    card,
    empty_state,
    format_count,
    format_interval,
    format_percent,
    icon,
)
from dash_app.pages.experiment_new import ids
from dash_app.pages.experiment_new.choices import (
    DEFAULT_PRESET,
    best_run,
    family_problems,
    find_dataset,
    find_preset,
    info_of,
    preset_config,
    ready_datasets,
)
from dash_app.pages.experiment_new.draft import Draft
from dash_app.pages.experiment_new.view_review import time_words
from integrations.core.contract import Family
from integrations.core.data.dataset import DatasetInfo
from integrations.presets import Measured
from integrations.registry import families
from storage.entities import DatasetEntity
from tasks.queue import earlier_problems, forecast

PICTURES = Path(__file__).parents[2] / "assets" / "families"
SHOWN_CLASSES = 6


def model_view(draft: Draft) -> list[Any]:
    """Give the step's content; without any data set, the way to one."""
    ready = ready_datasets()
    if not ready:
        return [no_data()]
    entity = find_dataset(draft.dataset_id)
    return [
        card(_dataset_select(ready, entity), _dataset_facts(entity), title="Data"),
        card(_family_cards(draft, entity), title="Model"),
    ]


def no_data() -> html.Section:
    """Say where to get data."""
    actions = [dcc.Link("Choose or upload data", href="/datasets", className="wizard-link")]
    text = "An experiment learns from recordings. Take a bundled set or bring your own."
    return card(empty_state("database", "No data set is ready yet", text, actions=actions))


def _dataset_select(ready: list[DatasetEntity], entity: DatasetEntity | None) -> dmc.Select:
    options = [
        {"value": str(item.id), "label": f"{item.name} ({_counted(len(item.classes), 'class')})"}
        for item in ready
    ]
    return dmc.Select(
        id=ids.DATASET,
        data=options,
        value=str(entity.id) if entity else None,
        placeholder="Choose a data set",
        searchable=True,
        allowDeselect=False,
        nothingFoundMessage="No data set of that name",
        maxDropdownHeight=320,
        **{"aria-label": "Data set"},
    )


def _dataset_facts(entity: DatasetEntity | None) -> html.Div:
    if entity is None:
        return html.Div()
    rate = entity.sampling_rate_hz
    facts = [
        _counted(len(entity.classes), "class"),
        _counted(entity.n_recordings, "recording"),
        _counted(entity.n_groups, "group"),
        _counted(entity.n_channels, "channel"),
        f"{rate:g} Hz" if rate else "",
    ]
    more = len(entity.classes) - SHOWN_CLASSES
    names = ", ".join(entity.classes[:SHOWN_CLASSES]) + (f" and {more} more" if more > 0 else "")
    return html.Div(
        [
            html.Div(entity.summary) if entity.summary else None,
            html.Div(" · ".join(fact for fact in facts if fact)),
            html.Div(f"Classes: {names}", className="wizard-clamp"),
        ],
        className="wizard-facts",
    )


def _counted(count: int, noun: str) -> str:
    plural = {"class": "classes"}.get(noun, f"{noun}s")
    return f"{format_count(count)} {noun if count == 1 else plural}"


def _family_cards(draft: Draft, entity: DatasetEntity | None) -> dmc.RadioGroup:
    info = info_of(entity) if entity else None
    said = []
    for item in families().values():
        errors, warnings = family_problems(item, info) if info else ([], [])
        said.append((item, errors, warnings, [] if errors else _missing_runs(item, info)))
    # Families that cannot start on the data come last: their reasons push nothing apart there.
    said.sort(key=lambda found: 2 * bool(found[1]) + bool(found[3]))
    cards = [_family_card(*found, entity, info) for found in said]
    return dmc.RadioGroup(
        html.Div(cards, className="wizard-cards"),
        id=ids.FAMILY,
        value=draft.family,
        **{"aria-label": "Model family"},
    )


def _family_card(
    item: Family,
    errors: list[str],
    warnings: list[str],
    missing_runs: list[str],
    entity: DatasetEntity | None,
    info: DatasetInfo | None,
) -> dmc.RadioCard:
    lines = [_fact("x-octagon", text, "bad") for text in errors]
    if not errors:
        lines = [_fact("bullseye", _accuracy(item, entity)), _fact("clock", _time(item, info))]
    lines += [_fact("exclamation-triangle", text, "warn") for text in warnings + missing_runs]
    return dmc.RadioCard(
        html.Div(
            [
                html.Img(src=_picture(item.name), alt="", className="wizard-picture"),
                html.Div(
                    [dmc.RadioIndicator(), html.Span(item.title)], className="wizard-card-title"
                ),
                html.Div(item.summary, className="wizard-card-text"),
                *lines,
            ],
            className="wizard-card-body",
        ),
        value=item.name,
        disabled=bool(errors),
        className="wizard-card",
        **{"aria-label": f"{item.title}. {item.summary}"},
    )


def _missing_runs(item: Family, info: DatasetInfo | None) -> list[str]:
    """Say what a family that builds on finished runs misses on this data set."""
    if info is None:
        return []
    config = preset_config(item, find_preset(item.name, DEFAULT_PRESET, None), info)
    return [problem.message for problem in earlier_problems(item.name, config, info)]


def _picture(name: str) -> str:
    known = name if (PICTURES / f"{name}.svg").exists() else "any"
    return f"/assets/families/{known}.svg"


def _fact(icon_name: str, text: str, level: str = "") -> html.Div:
    return html.Div([icon(icon_name), html.Span(text)], className=f"wizard-fact {level}".strip())


def _accuracy(item: Family, entity: DatasetEntity | None) -> str:
    best = best_run(item.name, entity.id) if entity else None
    if best is not None and best.accuracy is not None:
        return f"Your best here {_with_interval(best.accuracy, best.metrics)}, {best.split_name}"
    preset = find_preset(item.name, DEFAULT_PRESET, None)
    return measured_words(preset.measured if preset else (), entity.name if entity else "")


def _with_interval(value: float, metrics: dict[str, Any]) -> str:
    low, high = metrics.get("accuracy_low"), metrics.get("accuracy_high")
    if isinstance(low, float) and isinstance(high, float):
        return format_interval(value, low, high)
    return format_percent(value)


def measured_words(measured: tuple[Measured, ...], dataset: str = "") -> str:
    """Say what a shipped preset reached, on the chosen data where they were measured."""
    if not measured:
        return "Accuracy not measured yet"
    best = next((item for item in measured if item.dataset == dataset), measured[0])
    reached = format_interval(best.accuracy, best.low, best.high)
    return f"{reached} on {best.dataset}, {best.split}"


def _time(item: Family, info: DatasetInfo | None) -> str:
    if info is None:
        return "Choose data to see the time"
    preset = find_preset(item.name, DEFAULT_PRESET, None)
    cost = forecast(item.name, preset_config(item, preset, info), info)
    words = preset.title if preset else "its defaults"
    return f"{time_words(cost)} with “{words}”"
