"""The monitor: how far a run is, how long it takes still, and whether it learns."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import (
    card,
    chart_card,
    icon,
    page_header,
    relative_time,
    status_chip,
)
from dash_app.pages._experiment import (
    experiment_not_found,
    family_title,
    find_experiment,
    siblings,
)
from dash_app.pages.experiment_monitor import curves, ids, sections
from dash_app.pages.experiment_monitor.log_card import log_card
from dash_app.pages.experiment_monitor.view import split_words, step_word
from storage.entities import ExperimentEntity

AGAIN = "failed cancelled stopped"
BUTTONS = (
    (ids.PAUSE, "Pause", "Pausing …", "pause", "default", "", "running"),
    (ids.RESUME, "Resume", "Resuming …", "play", "filled", "blue", "paused"),
    (ids.STOP, "Stop", "Stopping …", "stop", "default", "", "running paused"),
    (ids.CANCEL, "Cancel", "Cancelling …", "x-lg", "default", "", "pending running paused"),
    (ids.RETRY, "Retry", "Retrying …", "arrow-repeat", "filled", "blue", AGAIN),
)


def register() -> None:
    """Register the screen of one experiment's progress."""
    dash.register_page(
        "experiment_monitor",
        path_template="/experiment/<experiment_id>/monitor",
        title="Monitor · Signalbench",
        layout=layout,
    )


def layout(experiment_id: str | None = None, **_query: Any) -> html.Div:
    """Give the screen of an experiment, or say that there is none."""
    entity = find_experiment(experiment_id)
    return experiment_not_found() if entity is None else _screen(entity)


def _screen(entity: ExperimentEntity) -> html.Div:
    return html.Div(
        [
            dcc.Store(id=ids.RUN, data={"id": entity.id, "task_id": entity.task_id}),
            dcc.Store(id=ids.CURSOR),
            dcc.Store(id=ids.NUDGE),
            dcc.Interval(id=ids.POLL, interval=500),
            _header(entity),
            html.Div(_body(entity), id=ids.BODY, className="monitor-body"),
            *_modals(),
        ],
        className="page monitor",
    )


def _body(entity: ExperimentEntity) -> list[Any]:
    return [
        html.Div(id=ids.NOTICE, className="notice-slot"),
        html.Section(id=ids.ANSWER, className="card answer", **{"aria-label": "Progress"}),
        html.Div(sections.metrics_section(()), id=ids.METRICS, className="metrics grid-4"),
        _charts(entity),
        html.Div(
            [
                card(html.Div(id=ids.SYSTEM), title="Machine"),
                card(html.Div(id=ids.EVENTS), title="Last events"),
            ],
            className="grid-2 monitor-below",
        ),
        log_card(entity.id),
    ]


def _header(entity: ExperimentEntity) -> html.Header:
    facts = [
        html.Span([icon("cpu"), family_title(entity.family)]),
        html.Span([icon("database"), entity.dataset_name]),
        html.Span([icon("scissors"), entity.split_name or split_words(entity.config)]),
        html.Span([icon("clock"), "created ", relative_time(entity.created_at)]),
        *siblings(entity),
    ]
    return page_header(
        entity.name,
        subtitle=html.Span(facts, className="facts-line"),
        badges=[html.Span(status_chip(entity.status), id=ids.CHIP)],
        actions=[
            html.Div(
                [*_buttons(), _clone(entity.id)],
                id=ids.ACTIONS,
                className=f"run-actions is-{entity.status}",
            )
        ],
    )


def _clone(experiment_id: int) -> dcc.Link:
    return dcc.Link(
        "Clone",
        href=f"/experiment/clone/{experiment_id}",
        className="button button-quiet",
        title="A new experiment that begins with these settings",
    )


def _buttons() -> list[dmc.Button]:
    return [
        dmc.Button(
            [html.Span(label, className="when-idle"), html.Span(doing, className="when-ordered")],
            id=button_id,
            leftSection=icon(symbol),
            variant=variant,
            **({"color": colour} if colour else {}),
            className=" ".join(f"on-{state}" for state in states.split()),
        )
        for button_id, label, doing, symbol, variant, colour, states in BUTTONS
    ]


def _charts(entity: ExperimentEntity) -> html.Div:
    word = step_word(entity.config)
    switches = {
        ids.LOSS_KEY: [dmc.Switch(id=ids.LOG_SCALE, label="Log scale", size="xs")],
        ids.SCORE_KEY: [dmc.Switch(id=ids.SMOOTH, label="Smooth both", size="xs")],
    }
    if word == "fold":
        switches[ids.SCORE_KEY][0].style = {"display": "none"}
    drawn = [
        chart_card(
            curves.chart(panel, (), word),
            height=300,
            actions=switches[panel.key],
            figure=curves.figure(panel, (), word),
            description="Live curves. Newest and best values stand in the cards above.",
        )
        for panel in curves.panels(())
    ]
    return html.Div(drawn, id=ids.CHARTS, className="grid-2 linked-charts waiting")


def _modals() -> list[dmc.Modal]:
    return [
        sections.confirm_modal(
            ids.STOP_MODAL,
            "Stop this run?",
            "The best model so far is kept and evaluated on the test windows, so you get results. "
            "Checkpoints stay on disk.",
            (ids.STOP_DISMISS, "Go on training"),
            (ids.STOP_CONFIRM, "Stop and evaluate"),
        ),
        sections.confirm_modal(
            ids.CANCEL_MODAL,
            "Cancel this run?",
            "It ends without being evaluated. To keep and evaluate the best model so far, stop it "
            "instead.",
            (ids.CANCEL_DISMISS, "Leave it"),
            (ids.CANCEL_CONFIRM, "Cancel the run"),
        ),
    ]
