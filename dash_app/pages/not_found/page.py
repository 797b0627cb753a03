"""The page for an address that leads nowhere."""

from __future__ import annotations

from typing import Any

import dash
from dash import dcc, html

from dash_app.components import empty_state


def register() -> None:
    """Register the page under the name by which Dash looks for it."""
    dash.register_page("not_found_404", path="/not-found", title="Not found", layout=layout)


def layout(**_query: Any) -> html.Div:
    """Give the page."""
    links = [dcc.Link("Home", href="/"), dcc.Link("All experiments", href="/experiments")]
    return html.Div(
        empty_state(
            "signpost-split",
            "There is no such page",
            "The address may have been cut off when it was copied. Press / to search.",
            actions=[html.Div(links, className="row")],
        ),
        className="page",
    )
