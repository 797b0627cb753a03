"""The frame around every screen: rail, top bar, banner line, notifications, theme."""

from __future__ import annotations

import logging
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html, set_props

from dash_app.components import icon

log = logging.getLogger("signalbench.web")

NOTIFICATIONS = "shell-notifications"
LOCATION = "shell-location"
RAIL = (
    ("Home", "house", "/"),
    ("Data", "database", "/datasets"),
    ("New experiment", "plus-circle", "/experiment/new"),
    ("Experiments", "table", "/experiments"),
)
THEME = {
    "primaryColor": "blue",
    "fontFamily": "Inter, system-ui, sans-serif",
    "defaultRadius": "sm",
    "cursorType": "pointer",
    "components": {
        "Tooltip": {"defaultProps": {"openDelay": 200}},
    },
}


def shell_layout() -> dmc.MantineProvider:
    """Give the frame; the page container inside it follows the address."""
    return dmc.MantineProvider(
        [
            dcc.Location(id=LOCATION, refresh="callback-nav"),
            dmc.NotificationContainer(id=NOTIFICATIONS, position="bottom-right"),
            html.A("Skip to content", href="#content", className="skip-link"),
            dmc.AppShell(
                [
                    dmc.AppShellHeader(_top_bar()),
                    dmc.AppShellNavbar(_rail()),
                    dmc.AppShellMain(
                        [
                            html.Div(id="shell-banner"),
                            html.Main(dash.page_container, id="content", tabIndex=-1),
                        ]
                    ),
                ],
                id="shell",
                header={"height": 52},
                navbar={"width": 208, "breakpoint": "sm", "collapsed": {"mobile": True}},
                padding=0,
            ),
        ],
        id="shell-theme",
        defaultColorScheme="auto",
        theme=THEME,
    )


def notify(level: str, message: str, *, title: str = "") -> None:
    """Show a toast from inside a callback; level is info, success, warning or error."""
    colours = {"info": "blue", "success": "teal", "warning": "orange", "error": "red"}
    set_props(
        NOTIFICATIONS,
        {
            "sendNotifications": [
                {
                    "action": "show",
                    "title": title or None,
                    "message": message,
                    "color": colours[level],
                    "autoClose": False if level == "error" else 6000,
                }
            ]
        },
    )


def show_callback_error(error: Exception) -> Any:
    """Turn an exception in any callback into a toast and a log record, never a traceback."""
    log.error("callback failed", exc_info=error)
    notify("error", "Something went wrong here. Nothing was changed; please try again.")
    return dash.no_update


def _top_bar() -> html.Div:
    return html.Div(
        [
            dmc.Burger(id="shell-burger", hiddenFrom="sm", size="sm", **{"aria-label": "Menu"}),
            dcc.Link([icon("soundwave"), "Signalbench"], href="/", className="brand"),
            html.Div(id="shell-jobs"),
            html.Div(className="grow"),
            dmc.ColorSchemeToggle(
                lightIcon=icon("sun"),
                darkIcon=icon("moon-stars"),
                variant="subtle",
                color="gray",
                **{"aria-label": "Switch between light and dark"},
            ),
        ],
        className="top-bar",
    )


def _rail() -> html.Nav:
    links = [
        dmc.NavLink(label=label, href=href, leftSection=icon(name), active="exact", id=f"rail{href}")
        for label, name, href in RAIL
    ]
    return html.Nav(links, className="rail", **{"aria-label": "Main"})
