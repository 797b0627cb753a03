"""Draws the register."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dash_app.components import card, empty_state, format_score, icon, relative_time
from storage.stores.model_versions import ModelEntity, Stage, VersionEntity

ICONS = {
    Stage.NONE: "circle",
    Stage.STAGING: "hourglass-split",
    Stage.PRODUCTION: "check-circle",
    Stage.ARCHIVED: "archive",
}
WORDS = {
    Stage.NONE: "No stage",
    Stage.STAGING: "Staging",
    Stage.PRODUCTION: "Production",
    Stage.ARCHIVED: "Archived",
}


def found_models(models: Sequence[ModelEntity], search: str, stage: str) -> list[ModelEntity]:
    """Give the models that hold all words of a search and have a version on a stage."""
    words = search.lower().split()
    return [
        model
        for model in models
        if all(word in _text(model) for word in words)
        and (not stage or any(version.stage == stage for version in model.versions))
    ]


def models_view(models: Sequence[ModelEntity], *, any_at_all: bool) -> Any:
    """List models, or say why there are none."""
    if not any_at_all:
        return empty_state(
            "box",
            "No model is registered yet",
            "Open the results of a finished run and press Register: it gets a name, a version and "
            "a place here.",
            actions=[dcc.Link("Experiments", href="/experiments", className="button button-quiet")],
        )
    if not models:
        return html.P("No model fits the search.", className="muted")
    names = ("Model", "In production", "Newest", "Versions", "Changed")
    head = html.Thead(html.Tr([html.Th(name) for name in names]))
    table = html.Table([head, html.Tbody([_row(model) for model in models])],
                       className="plain models-table")  # fmt: skip
    return card(table)


def stage_chip(stage: Stage) -> html.Span:
    """Show a stage by icon, colour and word."""
    return html.Span([icon(ICONS[stage]), WORDS[stage]], className=f"chip stage-{stage.value}")


def figure(version: VersionEntity, name: str = "accuracy") -> str:
    """Write a headline figure of a version with its interval."""
    metrics = version.metrics
    return format_score(metrics.get(name), metrics.get(f"{name}_low"), metrics.get(f"{name}_high"))


def tag_list(tags: Sequence[str]) -> html.Span:
    """Show tags."""
    return html.Span([html.Span(tag, className="tag") for tag in tags], className="tags")


def _row(model: ModelEntity) -> html.Tr:
    below = [part for part in (model.category, model.task.capitalize()) if part]
    changed = model.newest.created_at if model.newest else model.created_at
    return html.Tr(
        [
            html.Td(
                [
                    dcc.Link(model.name, href=f"/models/{model.id}", className="models-name"),
                    html.Div([" · ".join(below), " ", tag_list(model.tags)],
                             className="muted small"),
                ]
            ),
            labelled_cell("In production", _version(model.production)),
            labelled_cell("Newest", _version(model.newest)),
            labelled_cell("Versions", str(len(model.versions))),
            labelled_cell("Changed", relative_time(changed)),
        ]
    )  # fmt: skip


def _version(version: VersionEntity | None) -> Any:
    if version is None:
        return html.Span("none", className="muted")
    return html.Span([html.Strong(f"v{version.version}"), " ", figure(version)])


def labelled_cell(label: str, value: Any) -> html.Td:
    """Give a cell that names its column where the table has no room for a head."""
    return html.Td(value, className="nowrap", **{"data-label": label})


def _text(model: ModelEntity) -> str:
    data = {version.dataset_name for version in model.versions}
    return " ".join([model.name, model.category, model.note, *model.tags, *sorted(data)]).lower()
