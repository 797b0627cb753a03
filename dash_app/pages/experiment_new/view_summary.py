"""The column at the right: the experiment so far, in one glance."""

from __future__ import annotations

from typing import Any

from dash import html

from dash_app.components import format_bytes, format_count, icon
from dash_app.pages.experiment_new.assess import Assessment
from dash_app.pages.experiment_new.view_review import time_words


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
        return f"from “{assessment.draft.parent_name}”" if assessment.draft.parent_name else "own"
    changes = assessment.preset_changes
    noun = "setting" if changes == 1 else "settings"
    return assessment.preset.title + (f", {changes} {noun} changed" if changes else "")


def _division(assessment: Assessment) -> list[tuple[str, Any]]:
    config, split = assessment.config, assessment.split
    if config is None or split is None:
        return []
    leaky = html.Span([icon("exclamation-triangle"), "leaky"], className="chip chip-warning")
    windows = (
        f"{format_count(config.data.window_samples)} samples, {config.data.overlap:.0%} overlap"
    )
    counts = [split.train_windows, split.validation_windows, split.test_windows]
    return [
        ("Windows", windows),
        ("Split", [split.name, " ", leaky] if split.leaky else split.name),
        ("Train · val · test", " · ".join(format_count(n) for n in counts)),
    ]


def _cost(assessment: Assessment) -> list[tuple[str, Any]]:
    cost = assessment.forecast
    if cost is None:
        return []
    return [
        ("Time", time_words(cost)),
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
