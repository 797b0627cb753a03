"""The register: named models, what is in production, what is new."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import html

from dash_app.components import icon, page_header
from dash_app.pages.models import ids
from storage.stores.model_versions import Stage

STAGES = [{"value": stage.value, "label": stage.value.capitalize()} for stage in Stage]


def register() -> None:
    """Register the screen at "/models"."""
    dash.register_page("models", path="/models", title="Models · Signalbench", layout=layout)


def layout(search: str = "", **_query: Any) -> html.Div:
    """Give the frame; the list comes by callback."""
    filters = html.Div(
        [
            dmc.TextInput(
                id=ids.SEARCH,
                value=search,
                placeholder="Search name, category, tag, data set",
                leftSection=icon("search"),
                debounce=250,
                className="models-search",
                **{"aria-label": "Search models"},
            ),
            dmc.Select(
                id=ids.STAGE,
                data=STAGES,
                placeholder="Has a version on stage",
                clearable=True,
                className="models-stage",
                **{"aria-label": "Filter by stage"},
            ),
            html.Span(id=ids.COUNT, role="status", className="muted"),
        ],
        className="models-filters",
    )
    return html.Div(
        [
            page_header("Models", subtitle="Results that got a name, a version and a use."),
            filters,
            html.Div(dmc.Skeleton(height=120), id=ids.LIST),
        ],
        className="page stack models",
    )
