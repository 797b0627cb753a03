"""The results: the verdict in a sentence on top, the evidence below."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import (
    icon,
    leaky_badge,
    page_header,
    relative_time,
    status_chip,
    term,
)
from dash_app.pages._experiment import (
    experiment_not_found,
    family_title,
    find_experiment,
    siblings,
)
from dash_app.pages.experiment_results import ids
from dash_app.pages.experiment_results.overview import unfinished
from dash_app.pages.experiment_results.register_dialog import register_button, register_dialog
from storage.entities import ExperimentEntity
from tasks.study_results import spread_of

TABS = (
    ("overview", "Overview", ids.OVERVIEW),
    ("metrics", "Metrics", ids.METRICS),
    ("failures", "Failures", ids.FAILURES),
    ("visualisations", "Visualisations", ids.VISUAL),
    ("signals", "Signals", ids.SIGNALS),
    ("use", "Use", ids.USE),
    ("artifacts", "Artifacts", ids.ARTIFACTS),
)
ASKED = ("record", "start", "true", "predicted", "row")
"""What an address may ask to be shown: a window of the Signals tab, or of the Failures tab."""


def register() -> None:
    """Register the screen of one experiment's results."""
    dash.register_page(
        "experiment_results",
        path_template="/experiment/<experiment_id>/results",
        title="Results · Signalbench",
        layout=layout,
    )


def layout(experiment_id: str | None = None, tab: str = "overview", **query: Any) -> html.Div:
    """Give the screen of an experiment, opened at a tab, or say that there is none."""
    entity = find_experiment(experiment_id)
    if entity is None:
        return experiment_not_found()
    known = {name for name, _, _ in TABS}
    asked = {name: query[name] for name in ASKED if isinstance(query.get(name), str)}
    return _screen(entity, tab if tab in known else "overview", asked)


def has_results(entity: ExperimentEntity) -> bool:
    """Tell whether a run was evaluated."""
    return entity.status.ended and entity.accuracy is not None


def _screen(entity: ExperimentEntity, tab: str, asked: dict[str, str]) -> html.Div:
    body = _body(entity, tab, asked) if has_results(entity) else [unfinished(entity)]
    return html.Div([_header(entity), *body], className="page results")


def _header(entity: ExperimentEntity) -> html.Header:
    facts = [
        html.Span([icon("cpu"), family_title(entity.family)]),
        html.Span([icon("database"), entity.dataset_name]),
        *([html.Span([icon("scissors"), entity.split_name])] if entity.split_name else []),
        *([html.Span([icon("clock"), "finished ", relative_time(entity.finished_at)])]
          if entity.finished_at else []),
        *siblings(entity),
    ]  # fmt: skip
    actions = [
        dcc.Link(
            "Monitor", href=f"/experiment/{entity.id}/monitor", className="button button-quiet"
        ),
        dcc.Link("Clone", href=f"/experiment/clone/{entity.id}", className="button button-quiet"),
        *([register_button(), _export()] if has_results(entity) else []),
    ]
    return page_header(
        entity.name,
        subtitle=html.Span(facts, className="facts-line"),
        badges=[status_chip(entity.status), *_badges(entity)],
        actions=actions,
    )


def _export() -> dmc.Button:
    return dmc.Button(
        "Export",
        id=ids.EXPORT,
        variant="default",
        leftSection=icon("box-arrow-up"),
        attributes={"root": {"title": "Settings, curves, results and data in one zip file"}},
    )


def _badges(entity: ExperimentEntity) -> list[Any]:
    spread = spread_of(entity)
    best = spread is not None and spread.n > 1 and spread.best_id == entity.id
    chosen = html.Span(
        term(f"best of {spread.n}" if spread else "", "The best of repeats holds luck as well."),
        className="chip chip-warning",
    )
    return [*([leaky_badge()] if entity.leaky else []), *([chosen] if best else [])]


def _body(entity: ExperimentEntity, tab: str, asked: dict[str, str]) -> list[Any]:
    panels = [
        dmc.TabsPanel(html.Div(_skeleton(), id=panel_id), value=name) for name, _, panel_id in TABS
    ]
    names = dmc.TabsList([dmc.TabsTab(label, value=name) for name, label, _ in TABS])
    return [
        dcc.Store(id=ids.RUN, data=entity.id),
        register_dialog(),
        dcc.Store(id=ids.LOADED, data=[]),
        dcc.Store(id=ids.ASKED, data=asked),
        html.Section(
            html.Div(className="skeleton-line"),
            id=ids.VERDICT,
            className="card verdict",
            **{"aria-label": "Verdict"},
        ),
        dmc.Tabs([names, *panels], id=ids.TABS, value=tab, className="results-tabs"),
    ]


def _skeleton() -> html.Div:
    return html.Div(
        [html.Div(className="card skeleton-block") for _ in range(4)], className="grid-4"
    )
