"""The drawer in which the columns of the history are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import icon
from dash_app.pages.experiments import ids
from dash_app.pages.experiments.columns import definition
from dash_app.pages.experiments.fields import FACTS, METRIC, PARAM, title

GROUPS = (
    ("Run", "facts"),
    ("Metrics at the chosen epoch", METRIC),
    ("Settings", PARAM),
)


def chooser() -> dmc.Drawer:
    """Give the drawer, empty until it is opened."""
    find = dmc.TextInput(
        id=ids.CHOOSER_FIND,
        placeholder="Find a column",
        leftSection=icon("search"),
        size="sm",
        **{"aria-label": "Find a column"},
    )
    buttons = [
        _button(ids.CHOOSE_STANDARD, "Standard", "The columns a new table has"),
        _button(ids.CHOOSE_ALL, "All", "Every column that matches what is looked for"),
        _button(ids.CHOOSE_NONE, "None", "Only the name"),
        _button(
            ids.CHOOSE_VARYING, "Hide constant", "Take away columns that are empty or all the same"
        ),
        _button(
            ids.CHOOSE_DIFFERENT,
            "Only differences",
            "Show exactly the settings that differ between the runs",
        ),
    ]
    return dmc.Drawer(
        [
            dcc.Store(id=ids.CHOOSER_KNOWN),
            find,
            html.Div(buttons, className="history-choose-buttons"),
            html.P(id=ids.CHOOSE_WORDS, role="status", className="muted small"),
            dmc.CheckboxGroup(html.Div(id=ids.CHOOSER_BODY), id=ids.CHOSEN, value=[]),
        ],
        id=ids.CHOOSER,
        title="Columns",
        position="right",
        size=380,
        keepMounted=True,
        overlayProps={"backgroundOpacity": 0.15},
    )


def known_columns_of(metrics: Sequence[str], params: Sequence[str]) -> list[str]:
    """Give the ids of all columns there are: facts, then metrics, then settings."""
    return [*FACTS, *(METRIC + key for key in metrics), *(PARAM + key for key in params)]


def definitions(columns: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Give what the table needs to draw each column."""
    return {column: definition(column) for column in columns}


def choices(columns: Sequence[str]) -> list[html.Div]:
    """List the columns as boxes to tick, by kind."""
    return [
        html.Div(
            [html.H3(words), *(_choice(column) for column in columns if _kind(column) == kind)],
            className="history-choices",
        )
        for words, kind in GROUPS
        if any(_kind(column) == kind for column in columns)
    ]


def _kind(column: str) -> str:
    return next((kind for kind in (METRIC, PARAM) if column.startswith(kind)), "facts")


def _choice(column: str) -> html.Div:
    key = column.partition(":")[2]
    return html.Div(
        dmc.Checkbox(
            value=column,
            label=title(column),
            description=key or None,
            disabled=column == "name",
            size="sm",
        ),
        className="history-choice-line",
        **{"data-words": f"{title(column)} {key}".lower(), "data-column": column},
    )


def _button(component_id: str, words: str, explained: str) -> dmc.Button:
    return dmc.Button(
        words,
        id=component_id,
        size="xs",
        variant="default",
        attributes={"root": {"title": explained}},
    )
