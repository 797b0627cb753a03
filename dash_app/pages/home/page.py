"""The home screen: what runs now, recent runs, best per data set, system health."""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from dash_app.components import page_header


def register() -> None:
    """Register the screen at "/"."""
    dash.register_page("home", path="/", title="Signalbench", layout=layout)


def layout(**_query: Any) -> html.Div:
    """Give the screen; unknown query parameters are ignored."""
    return html.Div([page_header("Home")], className="page")
