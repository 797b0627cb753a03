"""Draws one model of the register."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import (
    banner,
    card,
    icon,
    leaky_badge,
    page_header,
    relative_time,
)
from dash_app.pages._experiment import family_title
from dash_app.pages.model_detail import ids
from dash_app.pages.models.view import (
    WORDS,
    figure,
    labelled_cell,
    stage_chip,
    tag_list,
)
from storage.stores.model_versions import ChangeEntity, ModelEntity, Stage, VersionEntity

MOVES = {
    Stage.PRODUCTION: ("check-circle", "Promote to production"),
    Stage.STAGING: ("hourglass-split", "Put in staging"),
    Stage.ARCHIVED: ("archive", "Archive"),
}
VERSIONS_HELP = (
    "Each version is the result of one experiment. Figures are those of its test part, with 95 % "
    "intervals; two versions can be compared only where they were tested on the same recordings."
)
LINEAGE_HELP = "What each version was made from, and what was made from it."


def model_view(
    model: ModelEntity, changes: Sequence[ChangeEntity], children: dict[int, list[int]]
) -> list[Any]:
    """Draw everything about a model.

    Args:
        model: The model.
        changes: What happened to its stages, newest first.
        children: Runs that were made from a version's run, by the number of that run.
    """
    parts: list[Any] = [_header(model)]
    if model.production is None and model.versions:
        parts.append(banner("info", "No version is in production. Promote one when it is used."))
    if model.note:
        parts.append(card(html.P(model.note, className="models-note"), title="Note"))
    parts.append(card(_versions(model), title="Versions", help=VERSIONS_HELP))
    lineage = card(_lineage(model, children), title="Lineage", help=LINEAGE_HELP)
    parts.append(html.Div([lineage, card(_history(changes), title="History")], className="grid-2"))
    return parts


def move_words(model: ModelEntity, version: int | None, stage: Stage) -> tuple[str, list[Any], str]:
    """Ask before a version moves: title, what happens, the button's words."""
    present = model.production
    if version is None:
        return ("Roll back?", [html.P(_rolled_back(present))], "Roll back")
    said: list[Any] = []
    if stage is Stage.PRODUCTION and present is not None:
        said.append(html.P(f"Version {present.version} is in production now and gets archived."))
    chosen = next((v for v in model.versions if v.version == version), None)
    if chosen is not None and chosen.leaky:
        said.append(banner("warning", "Its split was leaky: the figures flatter it."))
    if stage is Stage.ARCHIVED and chosen is not None and chosen.stage is Stage.PRODUCTION:
        said.append(html.P("No version will be in production after this."))
    if not said:
        said.append(html.P("Nothing else changes."))
    return f"{MOVES[stage][1]}: version {version}?", said, MOVES[stage][1]


def _rolled_back(present: VersionEntity | None) -> str:
    gone = f"Version {present.version} is archived; the" if present else "The"
    return f"{gone} version that was in production before it goes back there."


def _header(model: ModelEntity) -> html.Header:
    roll_back = html.Button(
        [icon("arrow-counterclockwise"), "Roll back"],
        className="button button-quiet model-action",
        **{"data-how": "rollback"},
    )
    edit = dmc.Button("Describe", id=ids.EDIT_OPEN, variant="default", leftSection=icon("pencil"))
    facts = [part for part in (model.task.capitalize(), model.category) if part]
    was_there = len([v for v in model.versions if v.stage is Stage.ARCHIVED]) > 0
    return page_header(
        model.name,
        subtitle=html.Span([" · ".join(facts), " ", tag_list(model.tags)]),
        actions=[*([roll_back] if was_there else []), edit],
    )


def _versions(model: ModelEntity) -> html.Div:
    names = ("Version", "Stage", "Accuracy", "Macro F1", "Run", "Registered", "")
    head = html.Thead(html.Tr([html.Th(name) for name in names]))
    rows = [_row(version, model.production) for version in model.versions]
    table = html.Table([head, html.Tbody(rows)], className="plain models-table")
    return html.Div(table, className="scroll-x")


def _row(version: VersionEntity, production: VersionEntity | None) -> html.Tr:
    run = [
        dcc.Link(version.experiment_name, href=f"/experiment/{version.experiment_id}/results"),
        html.Div(
            f"{family_title(version.family)} · {version.dataset_name} · {version.split_name}",
            className="muted small",
        ),
        *([html.P(version.note, className="small models-note")] if version.note else []),
        tag_list(version.tags),
    ]
    name = [html.Strong(f"v{version.version}"), *([" ", leaky_badge()] if version.leaky else [])]
    return html.Tr(
        [
            html.Td(name, className="nowrap"),
            labelled_cell("Stage", stage_chip(version.stage)),
            labelled_cell("Accuracy", figure(version)),
            labelled_cell("Macro F1", figure(version, "macro_f1")),
            html.Td(run, className="models-run"),
            labelled_cell("Registered", relative_time(version.created_at)),
            html.Td(_actions(version, production)),
        ]
    )


def _actions(version: VersionEntity, production: VersionEntity | None) -> html.Div:
    buttons = [
        html.Button(
            icon(symbol),
            title=words,
            className="model-action model-button",
            **{
                "aria-label": f"{words}: version {version.version}",
                "data-how": stage.value,
                "data-version": str(version.version),
            },
        )
        for stage, (symbol, words) in MOVES.items()
        if stage is not version.stage
    ]
    return html.Div([*_links(version, production), *buttons], className="model-actions")


def _links(version: VersionEntity, production: VersionEntity | None) -> list[Any]:
    use = dcc.Link(
        [icon("play-circle"), html.Span("Use", className="visually-hidden")],
        href=f"/experiment/{version.experiment_id}/results?tab=use",
        title="Use on new recordings",
        className="model-button",
    )
    if production is None or production.version == version.version:
        return [use]
    compare = dcc.Link(
        [icon("columns-gap"), html.Span("Compare", className="visually-hidden")],
        href=f"/compare?ids={production.experiment_id},{version.experiment_id}",
        title=f"Compare with version {production.version}, which is in production",
        className="model-button",
    )
    return [use, compare]


def _lineage(model: ModelEntity, children: dict[int, list[int]]) -> html.Ul:
    return html.Ul(
        [_chain(version, model, children) for version in model.versions], className="lineage"
    )


def _chain(version: VersionEntity, model: ModelEntity, children: dict[int, list[int]]) -> html.Li:
    later = [v.version for v in model.versions if v.parent == version.version]
    runs = children.get(version.experiment_id, [])
    steps: list[Any] = [
        dcc.Link(
            [icon("database"), f"{version.dataset_name} v{version.dataset_version}"],
            href=f"/datasets/{version.dataset_id}",
            title=f"SHA-256 {version.dataset_fingerprint}",
        ),
        dcc.Link(
            [icon("cpu"), f"run #{version.experiment_id}"],
            href=f"/experiment/{version.experiment_id}/results",
        ),
        html.Span([icon("box"), f"v{version.version}"], className="lineage-here"),
    ]
    if later:
        steps.append(html.Span(", ".join(f"v{number}" for number in sorted(later))))
    if runs:
        links = [
            part
            for number in runs
            for part in (dcc.Link(f"#{number}", href=f"/experiment/{number}/results"), " ")
        ]
        steps.append(html.Span([icon("diagram-3"), "runs ", *links]))
    after = f" (after v{version.parent})" if version.parent else ""
    arrows: list[Any] = [steps[0]]
    for step in steps[1:]:
        arrows += [icon("arrow-right-short"), step]
    return html.Li([*arrows, html.Span(after, className="muted small")])


def _history(changes: Sequence[ChangeEntity]) -> Any:
    if not changes:
        return html.P("No version was moved yet.", className="muted")
    return html.Ul(
        [
            html.Li(
                [
                    html.Strong(f"v{change.version}"),
                    f" {WORDS[change.before]} → {WORDS[change.after]} ",
                    html.Span(relative_time(change.created_at), className="muted small"),
                    *([html.Div(change.note, className="small models-note")]
                      if change.note else []),
                ]
            )
            for change in changes
        ],
        className="models-history",
    )  # fmt: skip
