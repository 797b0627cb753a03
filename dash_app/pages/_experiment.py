"""What the screens of one experiment share: finding it, and saying that it is not there."""

from __future__ import annotations

from dash import dcc, html

from dash_app.components import empty_state
from integrations.registry import UnknownFamilyError, family
from storage.entities import ExperimentEntity, NotFoundError
from storage.stores.experiments import ExperimentStore

LARGEST_ID = 2**31 - 1


def find_experiment(text: str | None) -> ExperimentEntity | None:
    """Give the experiment named in an address, or None when there is none."""
    if not text or not text.isascii() or not text.isdecimal() or int(text) > LARGEST_ID:
        return None
    try:
        return ExperimentStore().get(int(text))
    except NotFoundError:
        return None


def experiment_not_found() -> html.Div:
    """Give the page for an address that leads to no experiment."""
    return html.Div(
        empty_state(
            "search",
            "There is no such experiment",
            "It may have been deleted, or the address was cut off when it was copied.",
            actions=[
                dcc.Link("All experiments", href="/experiments", className="button button-quiet"),
                dcc.Link("New experiment", href="/experiment/new", className="button button-quiet"),
            ],
        ),
        className="page not-found",
    )


def family_title(name: str) -> str:
    """Give a family's title, also when the family is no longer installed."""
    try:
        return family(name).title
    except UnknownFamilyError:
        return f"{name} (not installed here)"
