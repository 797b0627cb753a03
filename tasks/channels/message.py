"""A message as every channel gets it, and the error all of them raise."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from storage.settings import settings
from storage.stores.outbox import Parcel

LONGEST_TITLE = 200
LONGEST_TEXT = 2800
EVALUATED = ("completed", "stopped")


class ChannelError(Exception):
    """A message did not arrive; the text is a sentence, without secrets.

    Attributes:
        for_good: Trying again would not help.
        wait_seconds: What the receiver asked us to wait.
    """

    def __init__(self, text: str, *, for_good: bool = False, wait_seconds: float = 0.0) -> None:
        super().__init__(text)
        self.for_good = for_good
        self.wait_seconds = wait_seconds


@dataclass(frozen=True)
class Message:
    """What is said, free of control characters and of bounded length.

    Attributes:
        key: The same at every attempt.
        kind: Kind of the notification, or "test".
        link: Where to look, "" when the bench's own address is not known.
    """

    key: str
    level: str
    kind: str
    title: str
    text: str
    experiment_id: int | None
    link: str
    created_at: datetime


def message_of(parcel: Parcel) -> Message:
    """Read a message from its outbox row."""
    notice = parcel.notice
    number = notice.get("experiment_id")
    kind = str(notice.get("kind", ""))
    experiment_id = number if isinstance(number, int) else None
    return Message(
        key=parcel.key,
        level=str(notice.get("level", "info")),
        kind=kind,
        title=one_line(str(notice.get("title", "")), LONGEST_TITLE),
        text=printable(str(notice.get("message", "")), LONGEST_TEXT),
        experiment_id=experiment_id,
        link=link_to(experiment_id, kind),
        created_at=parcel.created_at,
    )


def link_to(experiment_id: int | None, kind: str) -> str:
    """Give the address of the screen a message is about, "" when people could not reach it."""
    base = settings().public_url.rstrip("/")
    if not base.startswith(("http://", "https://")):
        return ""
    if experiment_id is None:
        return f"{base}/settings" if kind == "storage" else base
    return f"{base}/experiment/{experiment_id}/{'results' if kind in EVALUATED else 'monitor'}"


def one_line(text: str, longest: int) -> str:
    """Bring a text into one line, so that it can stand in a header."""
    return " ".join(printable(text, longest * 4).split())[:longest]


def printable(text: str, longest: int) -> str:
    """Leave out control characters and what turns the reading direction; keep line breaks."""
    kept = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in FORBIDDEN)
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
