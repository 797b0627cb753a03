"""Messages as Slack, Microsoft Teams and other receivers of JSON want them.

Text goes where the receiver reads no markup at all, and is escaped where it might.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from storage.settings import VERSION
from tasks.channels.message import Message
from tasks.channels.post import post

SLACK_TITLE = 150
COLOURS = {"success": "Good", "warning": "Warning", "error": "Attention"}
STANDARD_KEY = "whsec_"


def send_slack(_config: Mapping[str, Any], secrets: Mapping[str, str], message: Message) -> str:
    """Post to an incoming webhook of Slack.

    Raises:
        ChannelError: Slack did not take it.
    """
    _post(secrets, slack_payload(message), message)
    return ""


def send_teams(_config: Mapping[str, Any], secrets: Mapping[str, str], message: Message) -> str:
    """Post to a workflow of Microsoft Teams.

    Raises:
        ChannelError: Teams did not take it.
    """
    _post(secrets, teams_payload(message), message)
    return ""


def send_json(_config: Mapping[str, Any], secrets: Mapping[str, str], message: Message) -> str:
    """Post plain JSON, signed by the Standard Webhooks scheme when there is a key.

    Raises:
        ChannelError: The receiver did not take it.
    """
    _post(secrets, json_payload(message), message)
    return ""


def slack_payload(message: Message) -> dict[str, Any]:
    """Give Slack's blocks; ``plain_text`` is never read as markup, the fallback is escaped."""
    fallback = "\n".join(part for part in (message.title, message.text, message.link) if part)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _slack_text(message.title[:SLACK_TITLE] or "Signalbench")}
    ]
    if message.text:
        blocks.append({"type": "section", "text": _slack_text(message.text)})
    if message.link:
        button = {"type": "button", "text": _slack_text("Open"), "url": message.link}
        blocks.append({"type": "actions", "elements": [button]})
    return {
        "text": slack_escaped(fallback),
        "mrkdwn": False,
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def slack_escaped(text: str) -> str:
    """Escape what Slack reads as a link, a mention or a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def teams_payload(message: Message) -> dict[str, Any]:
    """Give an Adaptive Card; runs of rich text are never read as Markdown."""
    title = {
        "type": "TextRun",
        "text": message.title or "Signalbench",
        "weight": "Bolder",
        "size": "Medium",
        "color": COLOURS.get(message.level, "Default"),
    }
    runs = [[title], *([[{"type": "TextRun", "text": message.text}]] if message.text else [])]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "RichTextBlock", "inlines": inlines} for inlines in runs],
    }
    if message.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": message.link}]
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [content]}


def json_payload(message: Message) -> dict[str, Any]:
    """Give the message as plain values."""
    return {
        "id": message.key,
        "kind": message.kind,
        "level": message.level,
        "title": message.title,
        "message": message.text,
        "experiment_id": message.experiment_id,
        "url": message.link or None,
        "created_at": message.created_at.isoformat(),
        "sender": f"Signalbench {VERSION}",
    }


def signature(key: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Sign a body as Standard Webhooks 1.0 does: HMAC-SHA256 over id, time and body.

    Args:
        key: The shared secret; with "whsec_" in front it is base64.
        message_id: Value of the header ``webhook-id``.
        timestamp: Seconds since 1970, value of ``webhook-timestamp``.
        body: The bytes that are sent.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(_key_bytes(key), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _post(secrets: Mapping[str, str], payload: Mapping[str, Any], message: Message) -> None:
    body = json.dumps(payload, ensure_ascii=True).encode("ascii")
    # Of the attempt, not of the message: receivers refuse signatures that are minutes old.
    timestamp = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Signalbench/{VERSION}",
        "Idempotency-Key": message.key,
        "webhook-id": message.key,
        "webhook-timestamp": str(timestamp),
    }
    if secrets.get("signing_key"):
        headers["webhook-signature"] = signature(
            secrets["signing_key"], message.key, timestamp, body
        )
    post(secrets["url"], body, headers)


def _slack_text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _key_bytes(key: str) -> bytes:
    if key.startswith(STANDARD_KEY):
        try:
            return base64.b64decode(key.removeprefix(STANDARD_KEY), validate=True)
        except binascii.Error:
            pass
    return key.encode()
