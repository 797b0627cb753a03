"""The data-set list: drop zone on top, then cards or a table."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import format_bytes, icon, page_header
from dash_app.pages.datasets import ids
from storage.settings import settings


def register() -> None:
    """Register the screen at "/datasets"."""
    dash.register_page("datasets", path="/datasets", title="Data · Signalbench", layout=layout)


def layout(**_query: Any) -> html.Div:
    """Give the screen; the list itself comes by callback."""
    return html.Div(
        [
            page_header(
                "Data",
                subtitle="Recordings to learn from. They stay on this machine.",
                actions=[
                    dcc.Link(
                        [icon("activity"), "Simulate"],
                        href="/datasets/simulate",
                        className="button button-quiet",
                    )
                ],
            ),
            drop_zone(),
            _tools(),
            html.Div([dmc.Skeleton(height=190) for _ in range(6)], id=ids.LIST, className="grid-3"),
            dcc.Interval(id=ids.TICK, interval=1500),
            dcc.Store(id=ids.SEEN),
        ],
        className="page",
    )


def drop_zone() -> html.Section:
    """Give the place to drop files on; assets/datasets.js does the rest."""
    buttons = html.Div(
        [
            dmc.Button("Choose files", id="upload-files", leftSection=icon("file-earmark-plus")),
            dmc.Button(
                "Choose a folder",
                id="upload-folder",
                leftSection=icon("folder-plus"),
                variant="default",
            ),
        ],
        className="row",
    )
    limit = format_bytes(settings().upload_limit_bytes)
    formats = f"CSV, NPZ, NPY, MAT, HDF5, WAV or Parquet; many at once, up to {limit} together."
    return html.Section(
        [
            icon("cloud-arrow-up", className="drop-icon"),
            html.Div(
                [
                    html.H2("Drop recordings or a folder here"),
                    html.P(formats, className="muted"),
                    html.P(
                        "You will see what was understood before anything is imported.",
                        className="muted small",
                    ),
                ],
                className="drop-words",
            ),
            buttons,
            html.Div(
                [
                    html.Div(id="upload-words", className="small"),
                    html.Div(
                        html.Div(id="upload-bar"),
                        className="upload-track",
                        role="progressbar",
                        **{"aria-label": "Upload", "aria-valuemin": 0, "aria-valuemax": 100},
                    ),
                    dmc.Button("Cancel", id="upload-cancel", variant="subtle", size="compact-sm"),
                ],
                id="upload-progress",
                className="upload-progress",
                hidden=True,
            ),
            html.Div(id="upload-error", className="banner banner-error", role="alert", hidden=True),
        ],
        id=ids.DROP,
        className="card drop-zone",
        **{"aria-label": "Upload recordings"},
    )


def _tools() -> html.Div:
    return html.Div(
        [
            html.H2("Data sets", className="grow"),
            dmc.TextInput(
                id=ids.SEARCH,
                placeholder="Filter by name or class",
                leftSection=icon("search"),
                debounce=200,
                className="datasets-search",
                **{"aria-label": "Filter data sets"},
            ),
            dmc.SegmentedControl(
                id=ids.VIEW,
                value="cards",
                data=[{"value": "cards", "label": "Cards"}, {"value": "table", "label": "Table"}],
                persistence=True,
                **{"aria-label": "Show as"},
            ),
        ],
        className="row datasets-tools",
    )
