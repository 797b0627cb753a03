"""Component ids of the settings screen."""

from __future__ import annotations

CHANNELS = "settings-channels"
TICK = "settings-channels-tick"
SEEN = "settings-channels-seen"
VERSION = "settings-channels-version"

FORM = "settings-channel-form"
FORM_FIELDS = "settings-channel-fields"
FORM_EDITING = "settings-channel-editing"
FORM_ERROR = "settings-channel-error"
FORM_CANCEL = "settings-channel-cancel"
FORM_SAVE = "settings-channel-save"

DELETE = "settings-channel-delete"
DELETE_WHAT = "settings-channel-delete-what"
DELETE_ID = "settings-channel-delete-id"
DELETE_CANCEL = "settings-channel-delete-cancel"
DELETE_CONFIRM = "settings-channel-delete-confirm"


def add(kind: str) -> dict[str, str]:
    """Give the id of the entry that adds a channel of a kind."""
    return {"type": "channel-add", "kind": kind}


def field(name: str) -> dict[str, str]:
    """Give the id of an input of the form."""
    return {"type": "channel-field", "name": name}


def action(what: str, channel_id: int) -> dict[str, str | int]:
    """Give the id of a control on a channel's card: test, again, edit, delete, on."""
    return {"type": f"channel-{what}", "channel": channel_id}
