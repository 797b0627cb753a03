"""What the tab of channels does: list them, edit one, send a test, delete."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from dash import ALL, Input, Output, State, callback, ctx, html, no_update
from dash.exceptions import PreventUpdate

from dash_app.pages.settings import ids
from dash_app.pages.settings.channel_form import FormErrors, form_fields, read_form
from dash_app.pages.settings.channel_words import KINDS
from dash_app.pages.settings.channels_tab import channel_list
from dash_app.shell import notify
from storage.entities import NotFoundError, StorageError
from storage.stores.channels import ChannelEntity, ChannelStore
from storage.stores.outbox import OutboxStore

TIMES_EVERY_TICKS = 15
"""Relative times are drawn anew only so often."""


@callback(
    Output(ids.CHANNELS, "children"),
    Output(ids.SEEN, "data"),
    Input(ids.TICK, "n_intervals"),
    Input(ids.VERSION, "data"),
    State(ids.SEEN, "data"),
    running=[(Output(ids.TICK, "disabled"), True, False)],
)
def show_channels(ticks: int | None, _version: int, seen: str | None) -> tuple[Any, Any]:
    """Draw the channels when something about them changed."""
    channels = ChannelStore().all()
    traffic = OutboxStore().traffic([item.id for item in channels])
    looks = repr((channels, traffic, (ticks or 0) // TIMES_EVERY_TICKS))
    signature = hashlib.sha256(looks.encode()).hexdigest()
    if signature == seen:
        return no_update, no_update
    return channel_list(channels, traffic), signature


@callback(
    Output(ids.FORM, "opened"),
    Output(ids.FORM, "title"),
    Output(ids.FORM_FIELDS, "children"),
    Output(ids.FORM_EDITING, "data"),
    Output(ids.FORM_ERROR, "children"),
    Input({"type": "channel-add", "kind": ALL}, "n_clicks"),
    Input({"type": "channel-edit", "channel": ALL}, "n_clicks"),
    Input(ids.FORM_CANCEL, "n_clicks"),
    prevent_initial_call=True,
)
def open_form(*_clicks: Any) -> tuple[Any, ...]:
    """Open the form for a new channel or one that is edited, or close it."""
    pressed = _pressed()
    if pressed == ids.FORM_CANCEL:
        return False, no_update, no_update, no_update, no_update
    if "kind" in pressed:
        kind, channel = pressed["kind"], None
        title = f"New channel: {KINDS[kind].title}"
    else:
        channel = _found(pressed["channel"])
        kind, title = channel.kind, f"Edit “{channel.name}”"
    editing = {"kind": kind, "id": channel.id if channel else None}
    return True, title, form_fields(kind, channel), editing, ""


@callback(
    Output(ids.FORM, "opened", allow_duplicate=True),
    Output(ids.FORM_ERROR, "children", allow_duplicate=True),
    Output({"type": "channel-field", "name": ALL}, "error"),
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input(ids.FORM_SAVE, "n_clicks"),
    State(ids.FORM_EDITING, "data"),
    State({"type": "channel-field", "name": ALL}, "value"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def save(
    _clicks: int | None, editing: dict[str, Any], values: Sequence[Any], version: int
) -> tuple[Any, str, list[Any], Any]:
    """Keep what was entered, or say beside each field what is wrong."""
    names = [item["id"]["name"] for item in ctx.states_list[1]]
    try:
        _keep(editing, dict(zip(names, values, strict=True)))
    except FormErrors as error:
        errors = [error.fields.get(name) for name in names]
        return no_update, error.fields.get("", ""), errors, no_update
    except StorageError as error:
        return no_update, str(error), [None] * len(names), no_update
    return False, "", [None] * len(names), version + 1


@callback(
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input({"type": "channel-test", "channel": ALL}, "n_clicks"),
    Input({"type": "channel-again", "channel": ALL}, "n_clicks"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def send(_tests: Any, _agains: Any, version: int) -> int:
    """Queue a test, or the messages that were given up; the card says how it went."""
    pressed = _pressed()
    try:
        if pressed["type"] == "channel-test":
            OutboxStore().test(pressed["channel"])
        else:
            OutboxStore().again(pressed["channel"])
    except StorageError as error:
        notify("warning", str(error))
    return version + 1


@callback(
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input({"type": "channel-on", "channel": ALL}, "checked"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def switch(_states: list[bool], version: int) -> int:
    """Switch a channel on or off."""
    wanted = {item["id"]["channel"]: bool(item.get("value")) for item in ctx.inputs_list[0]}
    reported = {item["channel"] for item in ctx.triggered_prop_ids.values()}
    # A card that is drawn reports its switch too; only what differs is a person's doing.
    changed = [
        item
        for item in ChannelStore().all()
        if item.id in reported and wanted[item.id] != item.enabled
    ]
    if not changed:
        raise PreventUpdate
    for item in changed:
        ChannelStore().enable(item.id, not item.enabled)
    return version + 1


@callback(
    Output(ids.DELETE, "opened"),
    Output(ids.DELETE_WHAT, "children"),
    Output(ids.DELETE_ID, "data"),
    Input({"type": "channel-delete", "channel": ALL}, "n_clicks"),
    Input(ids.DELETE_CANCEL, "n_clicks"),
    prevent_initial_call=True,
)
def ask_delete(*_clicks: Any) -> tuple[Any, Any, Any]:
    """Ask before a channel is deleted."""
    pressed = _pressed()
    if pressed == ids.DELETE_CANCEL:
        return False, no_update, no_update
    channel = _found(pressed["channel"])
    said = f"“{channel.name}” is forgotten with its password or address. What waits is not sent."
    return True, html.P(said), channel.id


@callback(
    Output(ids.DELETE, "opened", allow_duplicate=True),
    Output(ids.VERSION, "data", allow_duplicate=True),
    Input(ids.DELETE_CONFIRM, "n_clicks"),
    State(ids.DELETE_ID, "data"),
    State(ids.VERSION, "data"),
    prevent_initial_call=True,
)
def delete(_clicks: int | None, channel_id: int, version: int) -> tuple[bool, int]:
    """Delete a channel."""
    try:
        ChannelStore().delete(channel_id)
    except NotFoundError as error:
        notify("warning", str(error))
    return False, version + 1


def _pressed() -> Any:
    """Give the id of what was pressed; a control that was only drawn was not."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        raise PreventUpdate
    return ctx.triggered_id


def _found(channel_id: int) -> ChannelEntity:
    try:
        return ChannelStore().get(channel_id)
    except NotFoundError as error:
        notify("warning", str(error))
        raise PreventUpdate from error


def _keep(editing: dict[str, Any], values: dict[str, Any]) -> None:
    store, number = ChannelStore(), editing["id"]
    channel = None if number is None else store.get(number)
    draft = read_form(editing["kind"], values, channel)
    if channel is None:
        store.create(draft)
    else:
        store.update(channel.id, draft)
