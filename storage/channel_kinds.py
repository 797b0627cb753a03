"""The ways a notification leaves the bench, and what each needs to be told.

What is secret (passwords, webhook addresses with their tokens) goes in and never comes out again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from storage.stores.notifications import KINDS
from storage.web_addresses import checked_url

ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[A-Za-z0-9.-]+")
HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
SECRETS: Mapping[str, tuple[str, ...]] = {
    "email": ("password",),
    "slack": ("url",),
    "teams": ("url",),
    "webhook": ("url", "signing_key"),
}
"""Fields of each kind that never leave the server again."""


def _plain(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must not contain line breaks or control characters")
    return text


def _address(text: str) -> str:
    if not (ADDRESS.fullmatch(text) and text.isprintable()):
        raise ValueError("is no e-mail address")
    return text


def _host(text: str) -> str:
    if not HOST.fullmatch(text):
        raise ValueError("is no host name")
    return text


def _hook(value: SecretStr) -> SecretStr:
    checked_url(value.get_secret_value())
    return value


def _secret(value: SecretStr) -> SecretStr:
    _plain(value.get_secret_value())
    return value


Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
MailAddress = Annotated[Line, AfterValidator(_address)]
Secret = Annotated[SecretStr, Field(max_length=500), AfterValidator(_secret)]
HookUrl = Annotated[SecretStr, Field(max_length=2000), AfterValidator(_hook)]


def _known_kind(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"must be one of {', '.join(KINDS)}")
    return kind


NoticeKind = Annotated[str, AfterValidator(_known_kind)]


class _Channel(BaseModel):
    """What every channel has."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[Line, Field(min_length=1), AfterValidator(_plain)]
    kinds: list[NoticeKind] = Field(default=list(KINDS), max_length=len(KINDS))
    """Kinds of notifications that are sent."""
    enabled: bool = True


class _Hook(_Channel):
    url: HookUrl | None = None
    """Address the message is posted to; left out, a stored one is kept."""

    @model_validator(mode="after")
    def _has_url(self, info: ValidationInfo) -> _Hook:
        if self.url is None and "url" not in (info.context or {}).get("kept", ()):
            raise PydanticCustomError("missing_url", "The address of the webhook is missing")
        return self


class EmailChannel(_Channel):
    """Mail through an SMTP server; ``password`` left out keeps a stored one, "" forgets it."""

    kind: Literal["email"]
    host: Annotated[Line, Field(min_length=1), AfterValidator(_host)]
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Annotated[Line, AfterValidator(_plain)] = ""
    password: Secret | None = None
    sender: MailAddress
    to: list[MailAddress] = Field(min_length=1, max_length=20)


class SlackChannel(_Hook):
    """An incoming webhook of Slack."""

    kind: Literal["slack"]


class TeamsChannel(_Hook):
    """A workflow of Microsoft Teams that posts what a webhook receives."""

    kind: Literal["teams"]


class WebhookChannel(_Hook):
    """Any address that takes JSON; with a signing key messages carry a signature."""

    kind: Literal["webhook"]
    signing_key: Secret | None = None


ChannelDraft = EmailChannel | SlackChannel | TeamsChannel | WebhookChannel
AnyChannel = Annotated[ChannelDraft, Field(discriminator="kind")]
_ADAPTER: TypeAdapter[ChannelDraft] = TypeAdapter(
    AnyChannel, config=ConfigDict(hide_input_in_errors=True)
)


def channel_draft(values: Mapping[str, Any], kept: Collection[str] = ()) -> ChannelDraft:
    """Check what somebody entered.

    Args:
        values: ``kind`` and the fields of that kind.
        kept: Names of secrets that are stored already and may be left out.

    Raises:
        pydantic.ValidationError: Something is missing or wrong.
    """
    return _ADAPTER.validate_python(dict(values), context={"kept": tuple(kept)})


def shown_config(draft: ChannelDraft) -> dict[str, Any]:
    """Give what may be shown again of a channel's fields."""
    common = {"kind", "name", "kinds", "enabled"}
    hidden = set(SECRETS[draft.kind])
    config = draft.model_dump(mode="json", exclude=common | hidden)
    if not isinstance(draft, EmailChannel) and draft.url is not None:
        config["host"] = checked_url(draft.url.get_secret_value()).hostname
    return config


def given_secrets(draft: ChannelDraft) -> dict[str, str]:
    """Give the secrets that were entered; those left out are not in it."""
    values = {name: getattr(draft, name) for name in SECRETS[draft.kind]}
    return {name: value.get_secret_value() for name, value in values.items() if value is not None}
