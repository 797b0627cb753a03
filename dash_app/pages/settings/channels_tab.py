"""The tab of the ways notifications leave the bench: e-mail, Slack, Teams, webhooks."""

from __future__ import annotations

from dash import html

from dash_app.components import card
from dash_app.pages.settings import ids


def layout() -> html.Div:
    """Give the tab's frame; the channels come by callback."""
    return html.Div(card(html.Div(id=ids.CHANNELS), title="Channels"), className="stack")
