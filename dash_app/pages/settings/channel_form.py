"""The form of a channel: its inputs, and what was entered read back with errors by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from pydantic import ValidationError

from dash_app.pages.settings import ids
from dash_app.pages.settings.channel_words import KINDS, NOTICES, SECURITY
from storage.channel_kinds import SECRETS, ChannelDraft, channel_draft
from storage.stores.channels import ChannelEntity

KEPT = "Stored. Leave empty to keep it."
NEW_PASSWORD = "new-password"  # noqa: S105 - tells browsers not to fill in a login
DEFAULTS: Mapping[str, Any] = {"port": 587, "security": "starttls", "kinds": list(NOTICES)}
MISSING = frozenset({"missing", "string_too_short", "too_short", "missing_url", "string_type"})


class FormErrors(Exception):
    """What was entered cannot be kept; ``fields`` maps each wrong one to a sentence."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(fields.values()))
        self.fields = fields


def form_fields(kind: str, channel: ChannelEntity | None) -> list[Any]:
    """Draw the inputs of a kind, filled from a channel that is edited."""
    values = {**DEFAULTS, **_stored(channel)}
    inputs = _email(values, channel) if kind == "email" else _hook(kind, channel)
    name = _text("name", "Name", values, placeholder=KINDS[kind].title)
    return [html.P(KINDS[kind].help, className="muted"), name, *inputs, _kinds(values)]


def read_form(kind: str, values: Mapping[str, Any], channel: ChannelEntity | None) -> ChannelDraft:
    """Check what was entered.

    Raises:
        FormErrors: Something is missing or wrong.
    """
    kept = channel.kept if channel is not None else ()
    entered = {
        key: value for key, value in values.items() if not (key in SECRETS[kind] and not value)
    }
    enabled = channel.enabled if channel is not None else True
    named = {**entered, "name": entered.get("name") or KINDS[kind].title}
    try:
        return channel_draft({"kind": kind, "enabled": enabled, **named}, kept)
    except ValidationError as error:
        raise FormErrors(_sentences(error, values)) from error


def _stored(channel: ChannelEntity | None) -> dict[str, Any]:
    if channel is None:
        return {}
    return {**channel.config, "name": channel.name, "kinds": list(channel.kinds)}


def _email(values: Mapping[str, Any], channel: ChannelEntity | None) -> list[Any]:
    to = dmc.TagsInput(
        id=ids.field("to"),
        label="To",
        description="Press Enter after each address.",
        value=values.get("to", []),
        maxTags=20,
        splitChars=[",", ";", " "],
        openOnFocus=False,
        acceptValueOnBlur=True,
    )
    security = dmc.Select(
        id=ids.field("security"),
        label="Encryption",
        data=[{"value": value, "label": label} for value, label in SECURITY.items()],
        value=values["security"],
        allowDeselect=False,
    )
    port = dmc.NumberInput(
        id=ids.field("port"),
        label="Port",
        value=values["port"],
        allowDecimal=False,
        allowNegative=False,
        hideControls=True,
    )
    server = [_text("host", "Mail server", values, placeholder="smtp.example.org"), port, security]
    login = [
        _text("user", "User name", values, hint="Empty when the server wants no login."),
        _secret("password", "Password", channel),
    ]
    return [
        html.Div(server, className="channel-server"),
        html.Div(login, className="channel-pair"),
        _text("sender", "From", values, placeholder="bench@example.org"),
        to,
    ]


def _hook(kind: str, channel: ChannelEntity | None) -> list[Any]:
    inputs = [_secret("url", "Address", channel)]
    if kind == "webhook":
        hint = "Messages then carry a signature (Standard Webhooks, HMAC-SHA256)."
        inputs.append(_secret("signing_key", "Signing key, if wanted", channel, hint))
    return inputs


def _kinds(values: Mapping[str, Any]) -> dmc.CheckboxGroup:
    boxes = [dmc.Checkbox(label=words, value=kind, size="sm") for kind, words in NOTICES.items()]
    return dmc.CheckboxGroup(
        html.Div(boxes, className="channel-kinds"),
        id=ids.field("kinds"),
        label="Tell this channel of",
        value=values["kinds"],
    )


def _text(
    name: str, label: str, values: Mapping[str, Any], *, placeholder: str = "", hint: str = ""
) -> dmc.TextInput:
    return dmc.TextInput(
        id=ids.field(name),
        label=label,
        value=values.get(name, ""),
        placeholder=placeholder or None,
        description=hint or None,
    )


def _secret(
    name: str, label: str, channel: ChannelEntity | None, hint: str = ""
) -> dmc.PasswordInput:
    stored = channel is not None and name in channel.kept
    return dmc.PasswordInput(
        id=ids.field(name),
        label=label,
        value="",
        placeholder=KEPT if stored else ("https://" if name == "url" else None),
        description=hint or None,
        autoComplete=NEW_PASSWORD,
    )


def _sentences(error: ValidationError, values: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        place = [part for part in item["loc"][1:] if not isinstance(part, str) or part in values]
        name = "url" if item["type"] == "missing_url" else str(place[0]) if place else ""
        found.setdefault(name, _sentence(item["type"], item["msg"], place, values))
    return found


def _sentence(kind: str, message: str, place: Sequence[Any], values: Mapping[str, Any]) -> str:
    if kind in MISSING or values.get(str(place[0]) if place else "") in ("", None, []):
        return "Enter this."
    text = message.removeprefix("Value error, ")
    if len(place) > 1 and isinstance(place[1], int):
        return f"“{values[place[0]][place[1]]}” {text}."
    if text.startswith(("is ", "must ")):
        return f"This {text}."
    return text if text.endswith(".") else f"{text}."
