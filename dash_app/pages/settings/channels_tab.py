"""The tab of the ways notifications leave the bench: e-mail, Slack, Teams, webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, empty_state, icon, relative_time
from dash_app.components.basics import BANNER_ICONS
from dash_app.pages.settings import ids
from dash_app.pages.settings.channel_words import (
    KINDS,
    Said,
    kinds_words,
    target_words,
    traffic_words,
)
from storage.stores.channels import ChannelEntity
from storage.stores.outbox import ChannelTraffic

EVERY_MS = 2_000


def layout() -> html.Div:
    """Give the tab's frame; the channels come by callback."""
    return html.Div(
        [
            dcc.Interval(id=ids.TICK, interval=EVERY_MS),
            dcc.Store(id=ids.SEEN),
            dcc.Store(id=ids.VERSION, data=0),
            dcc.Store(id=ids.FORM_EDITING),
            dcc.Store(id=ids.DELETE_ID),
            card(
                html.P(
                    "The bell in the top bar lists everything. A channel tells you where you are "
                    "not looking at the bench.",
                    className="muted channels-intro",
                ),
                html.Div(html.Div(className="skeleton-line"), id=ids.CHANNELS),
                title="Channels",
                actions=[_add_menu()],
            ),
            _form_modal(),
            _delete_modal(),
        ],
        className="stack",
    )


def channel_list(
    channels: Sequence[ChannelEntity], traffic: Mapping[int, ChannelTraffic]
) -> html.Div:
    """Draw every channel, or how to add the first."""
    if not channels:
        return empty_state("send", "No channels yet", "Add e-mail, Slack, Teams or a webhook.")
    rows = [_channel(item, traffic[item.id]) for item in channels]
    return html.Div(rows, className="channels")


def _channel(channel: ChannelEntity, traffic: ChannelTraffic) -> html.Article:
    kind = KINDS[channel.kind]
    head = html.Div(
        [
            icon(kind.symbol),
            html.H3(channel.name),
            html.Span(kind.title if channel.name != kind.title else "", className="muted small"),
        ],
        className="channel-head",
    )
    words = html.Div(
        [
            head,
            html.Div(target_words(channel), className="channel-target"),
            html.Div(kinds_words(channel), className="muted small"),
            *[_said(said) for said in traffic_words(channel, traffic)],
        ],
        className="channel-words",
    )
    return html.Article([words, _controls(channel, traffic)], className="channel")


def _said(said: Said) -> html.Div:
    moment = [" ", html.Span(relative_time(said.moment), className="muted small nowrap")]
    words = [said.text, *(moment if said.moment else [])]
    return html.Div(
        [icon(BANNER_ICONS[said.level]), html.Span(words)],
        className=f"channel-said said-{said.level}",
        role="status",
    )


def _controls(channel: ChannelEntity, traffic: ChannelTraffic) -> html.Div:
    again = _button("Send again", "again", channel, "arrow-repeat") if traffic.failed else None
    return html.Div(
        [
            dmc.Switch(
                id=ids.action("on", channel.id),
                checked=channel.enabled,
                label="On" if channel.enabled else "Off",
                size="sm",
                **{"aria-label": f"Send to {channel.name}"},
            ),
            *([again] if again is not None else []),
            _button("Send a test", "test", channel, "send"),
            _symbol("Edit", "edit", channel, "pencil"),
            _symbol("Delete", "delete", channel, "trash"),
        ],
        className="channel-controls",
    )


def _button(label: str, what: str, channel: ChannelEntity, symbol: str) -> dmc.Button:
    return dmc.Button(
        label,
        id=ids.action(what, channel.id),
        leftSection=icon(symbol),
        variant="default",
        size="xs",
    )


def _symbol(label: str, what: str, channel: ChannelEntity, symbol: str) -> html.Button:
    return html.Button(
        icon(symbol),
        id=ids.action(what, channel.id),
        className="icon-button",
        title=label,
        **{"aria-label": f"{label} {channel.name}"},
    )


def _add_menu() -> dmc.Menu:
    items = [
        dmc.MenuItem(kind.title, id=ids.add(name), leftSection=icon(kind.symbol))
        for name, kind in KINDS.items()
    ]
    # The target's wrapper carries the menu's aria attributes, so it has to be the button itself.
    button = {"component": "button", "type": "button", "className": "button button-filled"}
    return dmc.Menu(
        [
            dmc.MenuTarget([icon("plus-lg"), "Add a channel"], boxWrapperProps=button),
            dmc.MenuDropdown(items),
        ],
        position="bottom-end",
    )


def _form_modal() -> dmc.Modal:
    buttons = html.Div(
        [
            dmc.Button("Cancel", id=ids.FORM_CANCEL, variant="default"),
            dmc.Button("Save", id=ids.FORM_SAVE),
        ],
        className="dialog-buttons",
    )
    error = html.P(id=ids.FORM_ERROR, role="alert", className="form-error")
    return dmc.Modal(
        [html.Div(id=ids.FORM_FIELDS, className="channel-form"), error, buttons],
        id=ids.FORM,
        title="Channel",
        size="lg",
    )


def _delete_modal() -> dmc.Modal:
    buttons = html.Div(
        [
            dmc.Button("Keep", id=ids.DELETE_CANCEL, variant="default"),
            dmc.Button("Delete", id=ids.DELETE_CONFIRM, color="red"),
        ],
        className="dialog-buttons",
    )
    return dmc.Modal(
        [html.Div(id=ids.DELETE_WHAT), buttons], id=ids.DELETE, title="Delete the channel?"
    )
