"""The dialog that gives a run's result a name and a version in the register."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import icon
from dash_app.pages.experiment_results import register_ids as ids
from storage.stores.model_versions import VersionEntity


def register_button() -> dmc.Button:
    """Give the button that opens the dialog."""
    return dmc.Button(
        "Register",
        id=ids.OPEN,
        variant="default",
        leftSection=icon("box"),
        attributes={"root": {"title": "Give this model a name and a version"}},
    )


def register_dialog() -> dmc.Modal:
    """Give the dialog, closed and empty."""
    return dmc.Modal(
        [
            html.Div(id=ids.KNOWN, className="stack-tight"),
            dmc.Autocomplete(
                id=ids.NAME,
                label="Model",
                description="A new name makes a new model; a known one gets its next version.",
            ),
            dmc.Textarea(id=ids.NOTE, label="What is new in this version", autosize=True,
                         minRows=2, maxRows=8),
            dmc.TagsInput(id=ids.TAGS, label="Tags", maxTags=50, splitChars=[","]),
            html.P(id=ids.ERROR, role="alert", className="models-error"),
            html.Div(
                [
                    dmc.Button("Cancel", id=ids.CANCEL, variant="default"),
                    dmc.Button("Register", id=ids.CONFIRM),
                ],
                className="dialog-buttons",
            ),
        ],
        id=ids.DIALOG,
        title="Register this model",
    )  # fmt: skip


def known_words(known: Sequence[tuple[str, VersionEntity]]) -> list[Any]:
    """Say which versions this run is already."""
    return [
        html.P(
            [
                f"This run is version {version.version} of ",
                dcc.Link(name, href=f"/models/{version.model_id}"),
                ".",
            ]
        )
        for name, version in known
    ]
