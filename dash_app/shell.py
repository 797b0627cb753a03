"""The frame around every screen: rail, top bar, banner line, search, notifications, theme."""

from __future__ import annotations

import logging
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html, set_props

from dash_app.components import empty_state, icon

log = logging.getLogger("signalbench.web")

NOTIFICATIONS = "shell-notifications"
LOCATION = "shell-location"
BANNER = "shell-banner"
BELL = "shell-bell"
BELL_ALL = "shell-bell-all"
BELL_BROWSER = "shell-bell-browser"
BELL_COUNT = "shell-bell-count"
BELL_LIST = "shell-bell-list"
BELL_OLDER = "shell-bell-older"
BELL_PANEL = "shell-bell-panel"
BELL_SETTINGS = "shell-bell-settings"
BURGER = "shell-burger"
CRUMBS = "shell-crumbs"
FRAME = "shell"
HEALTH_TICK = "shell-health-tick"
JOBS = "shell-jobs"
JOBS_SEEN = "shell-jobs-seen"
JOBS_TICK = "shell-jobs-tick"
RAIL_FOLD = "shell-rail-fold"
RAIL_STATE = "shell-rail-state"
SEARCH = "shell-search"
SEARCH_OPEN = "shell-search-open"
SEARCH_RESULTS = "shell-search-results"
SEARCH_TEXT = "shell-search-text"

JOBS_EVERY_MS = 5_000
HEALTH_EVERY_MS = 15_000

# Name that Dash gives to the place where it puts pages.
PAGES_CONTENT = "_pages_content"

RAIL = (
    ("Home", "house", "/"),
    ("Data", "database", "/datasets"),
    ("New experiment", "plus-circle", "/experiment/new"),
    ("Experiments", "table", "/experiments"),
    ("Compare", "columns-gap", "/compare"),
    ("Models", "box", "/models"),
    ("Queue", "list-ol", "/queue"),
)
RAIL_BOTTOM = (("Settings", "gear", "/settings"),)
THEME = {
    "primaryColor": "blue",
    # Our accent, so that white on it (dark on it in the dark theme) can be read (WCAG AA).
    "primaryShade": {"light": 8, "dark": 4},
    "autoContrast": True,
    "colors": {
        "blue": [
            "#e8f2fc",
            "#cfe3f7",
            "#a3c8ee",
            "#7db8f2",
            "#4c9be8",
            "#2f86da",
            "#1b76cd",
            "#0f6cc6",
            "#0b66c3",
            "#0a5aad",
        ]
    },
    "fontFamily": "Inter, system-ui, sans-serif",
    "defaultRadius": "sm",
    "cursorType": "pointer",
    "components": {
        "Tooltip": {"defaultProps": {"openDelay": 200}},
        "CloseButton": {"defaultProps": {"aria-label": "Close"}},
        "ModalCloseButton": {"defaultProps": {"aria-label": "Close"}},
    },
}


def rail_id(href: str) -> str:
    """Give the id of the rail's link to a page."""
    return f"rail{href}"


def shell_layout() -> dmc.MantineProvider:
    """Give the frame; the page container inside it follows the address."""
    return dmc.MantineProvider(
        [
            dcc.Location(id=LOCATION, refresh="callback-nav"),
            dcc.Store(id=RAIL_STATE, storage_type="local", data=False),
            dcc.Store(id=JOBS_SEEN),
            dcc.Interval(id=JOBS_TICK, interval=JOBS_EVERY_MS),
            dcc.Interval(id=HEALTH_TICK, interval=HEALTH_EVERY_MS),
            dmc.NotificationContainer(id=NOTIFICATIONS, position="bottom-right"),
            html.A("Skip to content", href="#content", className="skip-link"),
            _search(),
            dmc.AppShell(
                [
                    dmc.AppShellHeader(_top_bar()),
                    dmc.AppShellNavbar(_rail()),
                    dmc.AppShellMain(
                        [
                            html.Div(id=BANNER, className="shell-banner"),
                            html.Div(dash.page_container, id="content", tabIndex=-1),
                        ]
                    ),
                ],
                id=FRAME,
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
                    # The same words are shown once at a time, however often a poll fails.
                    "id": f"{level}: {message}",
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
    if any(output.get("id") == PAGES_CONTENT for output in _outputs()):
        return [_broken_page(), {"title": "Signalbench"}]
    notify("error", "Something went wrong here. Nothing was changed; please try again.")
    return dash.no_update


def _outputs() -> list[dict[str, Any]]:
    found = dash.ctx.outputs_grouping
    if isinstance(found, dict) and "property" not in found:
        found = list(found.values())
    outputs = found if isinstance(found, list | tuple) else [found]
    return [output for output in outputs if isinstance(output, dict)]


def _broken_page() -> html.Div:
    message = "The log of the bench says what. Reload the page, or go on elsewhere."
    home = dcc.Link("Home", href="/")
    state = empty_state("x-octagon", "This page could not be made", message, actions=[home])
    return html.Div(state, className="page")


def _top_bar() -> html.Div:
    return html.Div(
        [
            dmc.Burger(id=BURGER, hiddenFrom="sm", size="sm", **{"aria-label": "Menu"}),
            dcc.Link([icon("soundwave"), html.Span("Signalbench")], href="/", className="brand"),
            html.Nav(id=CRUMBS, className="crumbs", **{"aria-label": "Breadcrumb"}),
            html.Div(className="grow"),
            html.Div(id=JOBS, className="jobs"),
            html.Button(
                [icon("search"), html.Span("Search"), html.Kbd("/")],
                id=SEARCH_OPEN,
                className="search-button",
                **{"aria-label": "Search experiments, data sets and pages"},
            ),
            *_bell(),
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


def _bell() -> list[Any]:
    """Give the bell and its list, which assets/bell.js fills."""
    head = html.Div(
        [html.H2("Notifications"),
         html.Button("Mark all read", id=BELL_ALL, className="link-button", disabled=True)],
        className="bell-head",
    )  # fmt: skip
    foot = html.Div(
        [
            html.P(id=BELL_OLDER, className="muted small"),
            dmc.Switch(
                id=BELL_BROWSER,
                label="Tell me through the browser too, while this page is in the background",
                size="xs",
                persistence=True,
            ),
            html.Div(
                dcc.Link("E-mail, Slack, Teams, webhooks …", href="/settings?tab=notifications"),
                id=BELL_SETTINGS,
                className="small",
            ),
        ],
        className="bell-foot",
    )
    button = html.Button(
        [icon("bell"), html.Span(id=BELL_COUNT, className="bell-count")],
        id=BELL,
        className="bell",
        **{"aria-label": "Notifications", "aria-haspopup": "dialog", "aria-expanded": "false",
           "aria-controls": BELL_PANEL},
    )  # fmt: skip
    panel = html.Div(
        [head, html.Ol(id=BELL_LIST, className="bell-list"), foot],
        id=BELL_PANEL,
        className="bell-panel",
        hidden=True,
        role="dialog",
        tabIndex=-1,
        **{"aria-label": "Notifications"},
    )
    return [button, panel]


def _rail() -> html.Nav:
    links, below = (
        [
            dmc.NavLink(label=label, href=href, leftSection=icon(name), id=rail_id(href))
            for label, name, href in entries
        ]
        for entries in (RAIL, RAIL_BOTTOM)
    )
    fold = html.Button(
        [icon("layout-sidebar"), html.Span("Collapse")],
        id=RAIL_FOLD,
        className="rail-fold",
        **{"aria-label": "Collapse or widen the menu"},
    )
    return html.Nav(
        [*links, html.Div(className="grow"), *below, fold],
        className="rail",
        **{"aria-label": "Main"},
    )


def _search() -> dmc.Modal:
    return dmc.Modal(
        [
            dmc.TextInput(
                id=SEARCH_TEXT,
                placeholder="Experiments, data sets, pages",
                leftSection=icon("search"),
                debounce=200,
                size="md",
                **{"aria-label": "Search", "data-autofocus": True},
            ),
            html.Div(id=SEARCH_RESULTS, className="search-results", **{"aria-live": "polite"}),
        ],
        id=SEARCH,
        title="Search",
        withCloseButton=True,
        yOffset="10vh",
        size="lg",
        transitionProps={"duration": 0},
    )
