"""The wizard, filled from an earlier run; it marks what differs from that run."""

from __future__ import annotations

from typing import Any

import dash
from dash import dcc, html

from dash_app.components import banner, page_header
from dash_app.pages.experiment_new.choices import clone_draft
from dash_app.pages.experiment_new.page import wizard
from storage.entities import NotFoundError
from storage.stores.experiments import ExperimentStore

CONFIGURE = 2


def register() -> None:
    """Register the screen."""
    dash.register_page(
        "experiment_clone",
        path_template="/experiment/clone/<experiment_id>",
        title="Clone experiment · Signalbench",
        layout=layout,
    )


def layout(experiment_id: str = "", step: str = "", **_query: Any) -> html.Div:
    """Give the wizard on a copy of a run's settings."""
    try:
        run = ExperimentStore().get(int(experiment_id) if experiment_id.isdecimal() else 0)
    except NotFoundError as error:
        return html.Div(
            [page_header("Clone experiment"), banner("error", str(error))], className="page"
        )
    source = dcc.Link(run.name, href=f"/experiment/{run.id}/results")
    return wizard(
        clone_draft(run),
        f"clone-{run.id}",
        step,
        title="Clone experiment",
        subtitle=["Begins with the settings of ", source, "; what you change is marked."],
        first_step=CONFIGURE,
    )
