"""The tab of the disk: how full, how long files are kept, moving experiments, backup."""

from __future__ import annotations

from typing import Any, NamedTuple

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, format_bytes, icon
from dash_app.pages.settings import storage_ids as ids
from storage.settings import settings
from tasks.retention_policy import RetentionPolicy, load_policy

EVERY_MS = 2_000


class Field(NamedTuple):
    """A number of days: its words and what it means."""

    name: str
    label: str
    description: str


FIELDS = (
    Field(
        "intermediate_days",
        "Intermediate checkpoints",
        "After the run ended. The best checkpoint stays for ever.",
    ),
    Field(
        "failed_days",
        "Failed and cancelled runs",
        "Their working files, unless you keep the run. Its log and curves stay.",
    ),
    Field("deleted_days", "Deleted experiments", "So long they can be brought back."),
    Field("upload_days", "Uploads", "Files that were sent but never imported."),
    Field("export_days", "Exported archives", "Zip files waiting to be downloaded."),
)


def layout() -> html.Div:
    """Give the tab's frame; disk, preview and recent work come by callback."""
    return html.Div(
        [
            dcc.Interval(id=ids.TICK, interval=EVERY_MS),
            dcc.Store(id=ids.VERSION, data=0),
            dcc.Store(id=ids.DISK_SEEN),
            dcc.Store(id=ids.WORK_SEEN),
            card(html.Div(html.Div(className="skeleton-line"), id=ids.DISK), title="Disk"),
            _retention_card(load_policy()),
            _transfer_card(),
            _backup_card(),
            _clean_modal(),
        ],
        className="stack",
    )


def _retention_card(policy: RetentionPolicy) -> html.Section:
    days = [_days(field, getattr(policy, field.name)) for field in FIELDS]
    buttons = html.Div(
        [
            dmc.Button("Save", id=ids.SAVE),
            dmc.Button(
                "Clean up now …", id=ids.CLEAN, variant="default", leftSection=icon("trash")
            ),
            html.Span(id=ids.SAVED, className="muted small", role="status"),
        ],
        className="row",
    )
    return card(
        html.P(
            "Days that files are kept; empty keeps them for ever. Runs that have not ended, runs "
            "you keep, and runs that others are built on are never touched.",
            className="muted storage-intro",
        ),
        html.Div(days, className="storage-days"),
        dmc.Switch(
            id=ids.AUTOMATIC,
            checked=policy.automatic,
            label="Remove by itself what is due",
            className="storage-switch",
        ),
        buttons,
        html.Div(html.Div(className="skeleton-line"), id=ids.PREVIEW, **{"aria-live": "polite"}),
        title="How long files are kept",
    )


def _days(field: Field, value: int | None) -> dmc.NumberInput:
    return dmc.NumberInput(
        id=ids.DAYS[field.name],
        label=field.label,
        description=field.description,
        value="" if value is None else value,
        min=0,
        max=3650,
        step=1,
        allowDecimal=False,
        allowNegative=False,
        clampBehavior="strict",
        placeholder="for ever",
        suffix=" days",
        inputWrapperOrder=["label", "input", "description"],
    )


def _transfer_card() -> html.Section:
    limit = format_bytes(settings().upload_limit_bytes)
    export = html.Div(
        [
            html.H3("Export"),
            html.P(
                "All experiments that have ended, in one zip file: settings, curves, results and "
                "models. To export some of them, select them under Experiments.",
                className="muted",
            ),
            dmc.Checkbox(id=ids.WITH_DATA, checked=True, label="With their data sets"),
            dmc.Button("Export all", id=ids.EXPORT, leftSection=icon("box-arrow-up")),
        ],
        className="storage-move",
    )
    take_in = html.Div(
        [
            html.H3("Import"),
            html.P(
                f"A zip file that another bench exported, up to {limit}. What is here already is "
                "left out.",
                className="muted",
            ),
            dmc.Button(
                "Choose an archive",
                id=ids.IMPORT,
                variant="default",
                leftSection=icon("box-arrow-in-down"),
            ),
            html.Div(id="storage-import-state", className="small", role="status"),
            html.Div(id="storage-import-error", className="form-error", role="alert"),
        ],
        className="storage-move",
    )
    work: Any = html.Div(id=ids.WORK)
    return card(
        html.Div([export, take_in], className="storage-moves"), work, title="Move experiments"
    )


def _backup_card() -> html.Section:
    return card(
        html.P(
            "Everything in one file, taken while runs go on; on the machine of the bench:",
            className="muted",
        ),
        html.Pre("python app.py backup bench.zip", className="storage-command"),
        html.P(
            "It is brought back into an empty data folder, on SQLite or PostgreSQL; open runs go "
            "on from their checkpoint:",
            className="muted",
        ),
        html.Pre("python app.py restore bench.zip", className="storage-command"),
        title="Backup",
    )


def _clean_modal() -> dmc.Modal:
    buttons = html.Div(
        [
            dmc.Button("Leave them", id=ids.CLEAN_CANCEL, variant="default"),
            dmc.Button("Remove for good", id=ids.CLEAN_CONFIRM, color="red"),
        ],
        className="dialog-buttons",
    )
    return dmc.Modal(
        [html.Div(id=ids.CLEAN_WHAT, className="stack"), buttons],
        id=ids.CLEAN_MODAL,
        title="Clean up now?",
    )
