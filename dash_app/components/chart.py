"""A chart in its card: title, explanation, export menu and a text alternative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, MATCH, ClientsideFunction, Input, Output, clientside_callback, dcc, html

from dash_app.components.basics import GRAPH_CONFIG, card, icon
from dash_app.components.chart_text import describe_chart
from integrations.core.figures.chart import Chart, Lines
from integrations.core.figures.plotly_renderer import to_plotly

EXPORTS = (
    ("png", "Picture (PNG)", "image"),
    ("svg", "Drawing (SVG)", "bezier2"),
    ("csv", "Values (CSV)", "filetype-csv"),
)
DEFAULT_HEIGHT = 300


def graph_id(key: str) -> dict[str, str]:
    """Give the id of the graph of a chart, for callbacks that extend it."""
    return {"type": "chart-graph", "key": key}


def chart_card(
    chart: Chart,
    *,
    height: int | None = None,
    actions: Sequence[Any] = (),
    figure: dict[str, Any] | None = None,
    description: str = "",
    class_name: str = "",
) -> html.Section:
    """Show a chart; its key must be unique on the page.

    Args:
        chart: What to draw.
        height: Pixels; by default what the content needs, else 300.
        actions: Controls put before the export menu.
        figure: A figure drawn already (live curves add traces of their own).
        description: Text alternative; by default the chart's values in words.
        class_name: Further classes of the card.
    """
    drawn = figure if figure is not None else to_plotly(chart)
    if height and "height" in drawn["layout"]:
        drawn = {**drawn, "layout": {**drawn["layout"], "height": height}}
    pixels = height or drawn["layout"].get("height", DEFAULT_HEIGHT)
    graph = dcc.Graph(
        id=graph_id(chart.key),
        figure=drawn,
        config=GRAPH_CONFIG,
        style={"height": f"{pixels}px"},
        className="chart-graph",
    )
    # The hidden text stands in a fixed-size figure element, so a live chart never shifts.
    described = html.Figure(
        [html.Figcaption(description or describe_chart(chart), className="visually-hidden"), graph],
        className="chart-figure",
    )
    return card(
        described,
        title=chart.title,
        help=chart.help or None,
        actions=[*actions, _export_menu(chart)],
        className=" ".join(filter(None, ["chart-card", _shape(chart), class_name])),
    )


def _shape(chart: Chart) -> str:
    return "chart-square" if isinstance(chart, Lines) and chart.square else ""


def _export_menu(chart: Chart) -> html.Div:
    items = [
        dmc.MenuItem(
            label,
            id={"type": "chart-export", "key": chart.key, "format": format_name},
            leftSection=icon(symbol),
        )
        for format_name, label, symbol in EXPORTS
    ]
    # The target's wrapper carries the menu's aria attributes, so it has to be the button itself.
    button = {
        "component": "button",
        "type": "button",
        "className": "icon-button",
        "aria-label": f"Export “{chart.title}”",
    }
    menu = dmc.Menu(
        [dmc.MenuTarget(icon("download"), boxWrapperProps=button), dmc.MenuDropdown(items)],
        position="bottom-end",
        withinPortal=True,
    )
    # The note tells screen readers that a file was saved; it is also the callback's output.
    note = html.Span(
        id={"type": "chart-note", "key": chart.key}, role="status", className="visually-hidden"
    )
    return html.Div([menu, note], className="chart-export")


clientside_callback(
    ClientsideFunction("chart", "exportChart"),
    Output({"type": "chart-note", "key": MATCH}, "children"),
    Input({"type": "chart-export", "key": MATCH, "format": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
