"""The wizard, filled from an earlier run; it marks what differs from that run."""

from __future__ import annotations

from typing import Any

import dash
from dash import dcc, html

from dash_app.components import banner, page_header
from dash_app.pages.experiment_clone.changes import asked_changes, asked_repeats, with_changes
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


def layout(
    experiment_id: str = "", step: str = "", set: Any = "", repeats: Any = "", **_query: Any
) -> html.Div:
    """Give the wizard on a copy of a run's settings, with changes and repeats that were asked."""
    try:
        run = ExperimentStore().get(int(experiment_id) if experiment_id.isdecimal() else 0)
    except NotFoundError as error:
        return html.Div(
            [page_header("Clone experiment"), banner("error", str(error))], className="page"
        )
    source = dcc.Link(run.name, href=f"/experiment/{run.id}/results")
    changes, count = asked_changes(set), asked_repeats(repeats)
    return wizard(
        with_changes(clone_draft(run), changes, count),
        _origin(run.id, changes, count),
        step,
        title="Clone experiment",
        subtitle=["Begins with the settings of ", source, "; what you change is marked."],
        first_step=CONFIGURE,
    )


def _origin(run_id: int, changes: dict[str, str], repeats: int) -> str:
    """Name the draft that the browser keeps: each way in has its own."""
    asked = "-".join([*(path.replace(".", "_") for path in changes), *([f"x{repeats}"]
                     if repeats > 1 else [])])  # fmt: skip
    return f"clone-{run_id}-{asked}" if asked else f"clone-{run_id}"
