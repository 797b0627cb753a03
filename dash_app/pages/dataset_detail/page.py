"""One data set: the frame of the screen; its body depends on where the data set stands."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import empty_state, icon, page_header
from dash_app.pages.dataset_detail import ids
from dash_app.pages.dataset_detail.body import body, heading, signature
from storage.entities import NotFoundError
from storage.stores.datasets import DatasetStore


def register() -> None:
    """Register the screen at "/datasets/<id>"."""
    dash.register_page(
        "dataset_detail",
        path_template="/datasets/<dataset_id>",
        title="Data set · Signalbench",
        layout=layout,
    )


def layout(dataset_id: str = "", **_query: Any) -> html.Div:
    """Give the screen of one data set, or say that there is none."""
    number = int(dataset_id) if dataset_id.isdecimal() and len(dataset_id) < 18 else 0
    try:
        entity = DatasetStore().get(number)
    except NotFoundError:
        return html.Div(_missing(), className="page")
    return html.Div(
        [
            dcc.Store(id=ids.ID, data=entity.id),
            dcc.Store(id=ids.SEEN, data=signature(entity)),
            dcc.Interval(id=ids.TICK, interval=1000),
            html.Div([heading(entity), *body(entity)], id=ids.BODY),
            _delete_modal(),
            _rename_modal(entity.name),
        ],
        className="page",
    )


def _missing() -> list[Any]:
    back = dcc.Link("All data sets", href="/datasets", className="button button-quiet")
    return [
        page_header("Data set"),
        empty_state(
            "database-x", "There is no such data set", "It may be deleted.", actions=[back]
        ),
    ]


def _delete_modal() -> dmc.Modal:
    return dmc.Modal(
        [
            html.Div(id=ids.DELETE_WORDS),
            dmc.Group(
                [
                    dmc.Button("Keep it", id=ids.DELETE_NO, variant="default"),
                    dmc.Button(
                        "Delete", id=ids.DELETE_YES, color="red.8", leftSection=icon("trash")
                    ),
                ],
                justify="flex-end",
                mt="md",
            ),
        ],
        id=ids.DELETE_MODAL,
        title="Delete this data set?",
    )


def _rename_modal(name: str) -> dmc.Modal:
    return dmc.Modal(
        [
            dmc.TextInput(id=ids.RENAME_NAME, label="Name", value=name),
            dmc.Group(dmc.Button("Rename", id=ids.RENAME_YES), justify="flex-end", mt="md"),
        ],
        id=ids.RENAME_MODAL,
        title="Rename the data set",
    )
