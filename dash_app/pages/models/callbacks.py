"""What the register does: list what fits the filters."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, callback

from dash_app.pages.models import ids
from dash_app.pages.models.view import found_models, models_view
from storage.stores.register import RegisterStore


@callback(
    Output(ids.LIST, "children"),
    Output(ids.COUNT, "children"),
    Input(ids.SEARCH, "value"),
    Input(ids.STAGE, "value"),
)
def show_models(search: str | None, stage: str | None) -> tuple[Any, str]:
    """List the models under the filters."""
    models = RegisterStore().all()
    found = found_models(models, search or "", stage or "")
    count = f"{len(found)} of {len(models)}" if len(found) < len(models) else ""
    return models_view(found, any_at_all=bool(models)), count
