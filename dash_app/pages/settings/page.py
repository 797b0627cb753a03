"""The settings: a tab for each concern, named in the address."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import html

from dash_app.components import icon, page_header
from dash_app.pages.settings.tabs import TABS, Tab


def register() -> None:
    """Register the screen at "/settings"."""
    dash.register_page("settings", path="/settings", title="Settings · Signalbench", layout=layout)


def layout(tab: str = "", **_query: Any) -> html.Div:
    """Give the screen, opened at a tab; unknown names open the first."""
    shown = next((item for item in TABS if item.name == tab), TABS[0])
    links = [_link(item, current=item is shown) for item in TABS]
    return html.Div(
        [
            page_header("Settings"),
            html.Nav(links, className="settings-tabs", **{"aria-label": "Settings"}),
            shown.layout(),
        ],
        className="page settings",
    )


def _link(tab: Tab, *, current: bool) -> dmc.Anchor:
    here = {"aria-current": "page"} if current else {}
    return dmc.Anchor(
        [icon(tab.symbol), tab.label],
        href=f"/settings?tab={tab.name}",
        underline="never",
        className=f"settings-tab{' settings-tab-current' if current else ''}",
        **here,
    )
