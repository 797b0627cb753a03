"""The home screen: what runs now, recent runs, best per data set, system health."""

from __future__ import annotations

from typing import Any

import dash
from dash import dcc, html

from dash_app.components import page_header
from dash_app.pages.home import ids
from dash_app.pages.home.sections import skeleton

EVERY_MS = 2_000


def register() -> None:
    """Register the screen at "/"."""
    dash.register_page("home", path="/", title="Signalbench", layout=layout)


def layout(**_query: Any) -> html.Div:
    """Give the screen; unknown query parameters are ignored."""
    start = dcc.Link("New experiment", href="/experiment/new", className="button button-filled")
    return html.Div(
        [
            page_header("Home", actions=[start]),
            dcc.Interval(id=ids.TICK, interval=EVERY_MS),
            dcc.Store(id=ids.SEEN),
            html.Div(id=ids.NOW),
            html.Div(skeleton(), id=ids.BODY),
        ],
        className="page stack home",
    )
