"""The column at the right: the experiment so far, in one glance."""

from __future__ import annotations

from typing import Any

from dash import html

from dash_app.components import format_bytes, format_count, icon
from dash_app.pages.experiment_new.assess import Assessment
from dash_app.pages.experiment_new.view_review import time_words
from integrations.core.config import DataConfig


def summary_view(assessment: Assessment) -> list[Any]:
    """Give the facts and whether anything stands in the way."""
    rows = [
        ("Model", assessment.family.title if assessment.family else "not chosen"),
        ("Data", assessment.entity.name if assessment.entity else "not chosen"),
        ("Preset", _preset(assessment)),
        *_division(assessment),
        *_cost(assessment),
    ]
    facts = [part for key, value in rows for part in (html.Dt(key), html.Dd(value))]
    return [html.H2("Summary"), html.Dl(facts, className="facts"), _verdict(assessment)]


def _preset(assessment: Assessment) -> str:
    if assessment.preset is None:
        return "as cloned" if assessment.draft.original else "own settings"
    changes = assessment.preset_changes
    noun = "setting" if changes == 1 else "settings"
    return assessment.preset.title + (f", {changes} {noun} changed" if changes else "")


def _division(assessment: Assessment) -> list[tuple[str, Any]]:
    config, split = assessment.config, assessment.split
    if config is None or split is None:
        return []
    leaky = html.Span([icon("exclamation-triangle"), "leaky"], className="chip chip-warning")
    counts = [split.train_windows, split.validation_windows, split.test_windows]
    return [
        ("Windows", _windows(assessment, config.data)),
        ("Split", [split.name, " ", leaky] if split.leaky else split.name),
        ("Train · val · test", " · ".join(format_count(n) for n in counts)),
    ]


def _windows(assessment: Assessment, config: DataConfig) -> str:
    samples = f"{format_count(config.window_samples)} samples"
    rate = assessment.entity.sampling_rate_hz if assessment.entity else None
    length = f" ({format_length(config.window_samples / rate)})" if rate else ""
    return f"{samples}{length}, {config.overlap * 100:.0f}\u00a0% overlap"


def format_length(seconds: float) -> str:
    """Write how long a window lasts: "171 ms", "2.5 s", "5 d"."""
    for limit, size, unit in ((1e-3, 1e-6, "µs"), (1.0, 1e-3, "ms"), (7200.0, 1.0, "s")):
        if seconds < limit:
            return f"{seconds / size:.3g} {unit}"
    hours = seconds / 3600
    return f"{hours:.3g} h" if hours < 48 else f"{hours / 24:.3g} d"


def _cost(assessment: Assessment) -> list[tuple[str, Any]]:
    cost = assessment.forecast
    if cost is None:
        return []
    repeats = assessment.draft.repeats
    return [
        *([("Repeats", f"{repeats} runs with other seeds")] if repeats > 1 else []),
        ("Time", time_words(cost, repeats)),
        ("Memory", format_bytes(cost.work.memory_bytes)),
        ("Checkpoints", format_bytes(cost.work.checkpoint_bytes)),
    ]


def _verdict(assessment: Assessment) -> html.Div:
    errors = len(assessment.errors)
    warnings = len(assessment.notices) - errors
    if errors:
        noun = "thing" if errors == 1 else "things"
        return _state("x-octagon", f"{errors} {noun} to mend", "bad")
    if warnings:
        noun = "warning" if warnings == 1 else "warnings"
        return _state("exclamation-triangle", f"Can start, {warnings} {noun}", "warn")
    return _state("check-circle", "Ready to start", "ok")


def _state(name: str, words: str, level: str) -> html.Div:
    return html.Div([icon(name), html.Span(words)], className=f"wizard-fact {level}")
