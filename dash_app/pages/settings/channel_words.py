"""What the screen says of channels, their messages and the kinds of notifications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from storage.stores.channels import ChannelEntity
from storage.stores.outbox import (
    FAILED,
    MAX_TRIES,
    QUEUED,
    SENT,
    ChannelTraffic,
    DeliveryEntity,
)


@dataclass(frozen=True)
class Kind:
    """How a kind of channel is called, drawn and explained."""

    title: str
    symbol: str
    help: str


KINDS = {
    "email": Kind(
        "E-mail",
        "envelope",
        "Your provider's page on “SMTP” names host, port and encryption. Many want a password made "
        "for programs (“app password”).",
    ),
    "slack": Kind(
        "Slack",
        "slack",
        "In Slack: Apps, Incoming Webhooks, Add to Slack; choose a channel and copy the address.",
    ),
    "teams": Kind(
        "Microsoft Teams",
        "microsoft-teams",
        "In Teams: the channel's menu, Workflows, “Send webhook alerts to a channel”; copy the "
        "address.",
    ),
    "webhook": Kind(
        "Webhook",
        "braces",
        "Any address that takes a POST with JSON: id, kind, level, title, message, experiment_id, "
        "url, created_at.",
    ),
}
NOTICES = {
    "completed": "Run complete",
    "stopped": "Run stopped",
    "failed": "Run failed",
    "crashed": "Run started again after a crash",
    "worker-lost": "Worker lost",
    "storage": "Disk running full",
}
SECURITY = {"starttls": "STARTTLS", "tls": "TLS from the start", "none": "Not encrypted"}


@dataclass(frozen=True)
class Said:
    """A line about a channel's messages; level is info, success, warning or error."""

    level: str
    text: str
    moment: Any = None


def target_words(channel: ChannelEntity) -> str:
    """Say where a channel's messages go, without anything secret."""
    config = channel.config
    if channel.kind != "email":
        return f"{config.get('host', 'unknown host')}/…"
    security = SECURITY[config["security"]].replace("Not", "not")
    return f"{', '.join(config['to'])} through {config['host']}:{config['port']}, {security}"


def kinds_words(channel: ChannelEntity) -> str:
    """Say what a channel is told of."""
    if set(channel.kinds) >= set(NOTICES):
        return "Told of everything"
    if not channel.kinds:
        return "Told of nothing"
    chosen = [words for kind, words in NOTICES.items() if kind in channel.kinds]
    return f"Told of: {', '.join(word[0].lower() + word[1:] for word in chosen)}"


def traffic_words(channel: ChannelEntity, traffic: ChannelTraffic) -> list[Said]:
    """Say how the newest message fares, and what waits or was given up."""
    if traffic.newest is None:
        return [Said("info", "Nothing was sent yet.")]
    said = [_test(traffic.newest) if traffic.newest.test else _message(traffic.newest)]
    more = traffic.waiting - (traffic.newest.status not in (SENT, FAILED))
    if more > 0:
        held = " until the channel is switched on" if not channel.enabled else ""
        said.append(Said("info", f"{_messages(more)} waiting{held}."))
    if traffic.failed:
        said.append(Said("error", f"{_messages(traffic.failed)} given up."))
    return said


def _test(item: DeliveryEntity) -> Said:
    if item.status == SENT:
        return Said("success", _with("Test sent", item.error), item.sent_at)
    if item.status == FAILED:
        return Said("error", f"The test was not sent. {item.error}", item.created_at)
    return Said("info", "The test is being sent …")


def _message(item: DeliveryEntity) -> Said:
    if item.status == SENT:
        return Said("success", _with(f"Sent: {item.title}", item.error), item.sent_at)
    if item.status == FAILED:
        return Said("error", f"Given up: {item.title}. {item.error}", item.created_at)
    if item.status == QUEUED and item.error:
        tries = f"try {item.tries} of {MAX_TRIES}"
        return Said("warning", f"Not sent yet ({tries}): {item.title}. {item.error}")
    return Said("info", f"Being sent: {item.title}")


def _with(text: str, remark: str) -> str:
    return f"{text}. {remark}" if remark else text


def _messages(count: int) -> str:
    return f"{count} message{'s' if count != 1 else ''}"
