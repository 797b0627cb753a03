"""One model: its versions, where each came from, what is in production and what was before."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import empty_state
from dash_app.pages.model_detail import ids
from storage.entities import NotFoundError
from storage.stores.model_versions import ModelEntity
from storage.stores.register import RegisterStore

LONGEST_NUMBER = 18


def register() -> None:
    """Register the screen of one model."""
    dash.register_page(
        "model_detail",
        path_template="/models/<model_id>",
        title="Model · Signalbench",
        layout=layout,
    )


def layout(model_id: str | None = None, **_query: Any) -> html.Div:
    """Give the screen of a model, or say that there is none."""
    model = find_model(model_id)
    if model is None:
        return _not_found()
    return html.Div(
        [
            dcc.Store(id=ids.MODEL, data=model.id),
            dcc.Store(id=ids.ACTION),
            dcc.Store(id=ids.VERSION, data=0),
            html.Div(dmc.Skeleton(height=240), id=ids.BODY, className="stack"),
            _move(),
            _edit(),
        ],
        className="page stack models",
    )


def find_model(text: str | None) -> ModelEntity | None:
    """Give the model of an address; None when there is none."""
    usable = text and text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
    try:
        return RegisterStore().get(int(text)) if usable and text else None
    except NotFoundError:
        return None


def _not_found() -> html.Div:
    link = dcc.Link("All models", href="/models", className="button button-quiet")
    return html.Div(
        empty_state("box", "There is no such model", "It may have been deleted.", actions=[link]),
        className="page not-found",
    )


def _move() -> dmc.Modal:
    return dmc.Modal(
        [
            html.Div(id=ids.MOVE_WHAT, className="stack-tight"),
            dmc.Textarea(
                id=ids.MOVE_NOTE,
                label="Why (kept in the history)",
                autosize=True,
                minRows=2,
                maxRows=6,
            ),
            html.Div(
                [
                    dmc.Button("Leave it", id=ids.MOVE_CANCEL, variant="default"),
                    dmc.Button("Move", id=ids.MOVE_CONFIRM),
                ],
                className="dialog-buttons",
            ),
        ],
        id=ids.MOVE,
        title=html.Span(id=ids.MOVE_TITLE),
    )


def _edit() -> dmc.Modal:
    return dmc.Modal(
        [
            dmc.TextInput(id=ids.EDIT_NAME, label="Name"),
            dmc.TextInput(id=ids.EDIT_CATEGORY, label="Category",
                          placeholder="Bearings, batteries, …"),
            dmc.TagsInput(id=ids.EDIT_TAGS, label="Tags", maxTags=50, splitChars=[","]),
            dmc.Textarea(id=ids.EDIT_NOTE, label="Note", autosize=True, minRows=3, maxRows=10),
            html.P(id=ids.EDIT_ERROR, role="alert", className="models-error"),
            html.Div(
                [
                    dmc.Button("Cancel", id=ids.EDIT_CANCEL, variant="default"),
                    dmc.Button("Save", id=ids.EDIT_SAVE),
                ],
                className="dialog-buttons",
            ),
        ],
        id=ids.EDIT,
        title="Describe",
    )  # fmt: skip
