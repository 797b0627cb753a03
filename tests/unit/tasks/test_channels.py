"""What channels accept, where they may lead, and how text is kept from being read as markup."""

from __future__ import annotations

import ipaddress
import json
import socket
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from storage.channel_kinds import channel_draft, given_secrets, shown_config
from storage.settings import settings
from storage.web_addresses import AddressRefusedError, checked_url, is_public, resolved
from tasks.channels.mail import composed
from tasks.channels.message import Message, one_line
from tasks.channels.webhooks import json_payload, slack_payload, teams_payload

INSIDE = (
    "https://127.0.0.1/", "https://127.1/", "https://[::1]/", "https://0.0.0.0/", "https://0/",
    "https://169.254.169.254/latest", "https://10.1.2.3/", "https://192.168.0.1/",
    "https://172.16.5.4/", "https://100.64.0.1/", "https://2130706433/", "https://0x7f000001/",
    "https://0177.0.0.1/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:a00:1]/",
    "https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
    "https://[fe80::1]/", "https://[fc00::1]/", "https://[ff02::1]/", "https://224.0.0.1/",
    "https://255.255.255.255/", "https://localhost/", "https://LOCALHOST./", "https://db.internal/",
    "https://printer.local/", "https://router/",
)  # fmt: skip
NO_ADDRESS = (
    "http://example.org/", "file:///etc/passwd", "gopher://example.org/", "ftp://example.org/",
    "javascript:alert(1)", "https://", "//example.org", "https://user:pw@example.org/", "",
    "https://example.org:99999/", "https://exa mple.org/", "https://example.org/\r\nX: y",
    "https://" + "a" * 3000, "https://[::1", "https://example.org:0/",
)  # fmt: skip
EVIL = "<!channel> *bold* [x](javascript:1) <http://evil|click> & `code`"


@pytest.fixture(autouse=True)
def nothing_allowed(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("SIGNALBENCH_WEBHOOK_PRIVATE", raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


def allow(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SIGNALBENCH_WEBHOOK_PRIVATE", value)
    settings.cache_clear()


def message(**changes: Any) -> Message:
    values: dict[str, Any] = {
        "key": "k", "level": "error", "kind": "failed", "title": EVIL, "text": EVIL,
        "experiment_id": 7, "link": "https://bench.example/experiment/7/monitor",
        "created_at": datetime(2026, 11, 21, tzinfo=UTC),
    }  # fmt: skip
    return Message(**{**values, **changes})


@pytest.mark.parametrize("url", INSIDE + NO_ADDRESS)
def test_a_webhook_leads_to_public_addresses_by_https_only(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        checked_url(url)
    with pytest.raises(ValidationError) as caught:
        channel_draft({"kind": "webhook", "name": "x", "url": url})
    assert "pw@" not in str(caught.value)


def test_a_public_address_is_taken() -> None:
    assert checked_url("https://hooks.slack.com/services/T/B/x").hostname == "hooks.slack.com"
    assert checked_url("https://93.184.216.34:8443/x").port == 8443
    assert is_public(ipaddress.ip_address("2606:4700::1111"))


def test_names_that_lead_inside_are_refused_when_they_are_resolved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def answers(*_arguments: Any, **_named: Any) -> Any:
        return [(2, 1, 6, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    with pytest.raises(AddressRefusedError, match="private"):
        resolved("rebind.example", 443, "https")


def test_whoever_runs_the_bench_may_allow_hosts_and_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allow(monkeypatch, "chat.internal, 10.1.0.0/16")
    assert checked_url("http://chat.internal/x").scheme == "http"
    assert checked_url("http://10.1.2.3/x")
    for url in ("https://10.2.0.1/", "http://example.org.localhost/", "https://127.0.0.1/"):
        with pytest.raises(AddressRefusedError):
            checked_url(url)


def test_what_is_secret_is_kept_apart_from_what_is_shown() -> None:
    url = "https://hooks.slack.com/services/T0/B0/token"
    draft = channel_draft({"kind": "slack", "name": "x", "url": url})
    assert shown_config(draft) == {"host": "hooks.slack.com"}
    assert given_secrets(draft) == {"url": url}
    assert "token" not in repr(draft)


@pytest.mark.parametrize(
    "changes",
    [
        {"to": []}, {"to": ["a@b", "no address"]}, {"to": ["a@b\r\nBcc: c@d"]}, {"host": "a b"},
        {"sender": "x"}, {"port": 0}, {"port": 70000}, {"security": "ssl"}, {"kinds": ["birthday"]},
        {"name": ""}, {"name": "a\nb"}, {"unknown": 1}, {"kind": "pigeon"}, {"user": "a\r\nb"},
        {"host": ""}, {"password": "a\r\nb"},
    ],
)  # fmt: skip
def test_a_mail_channel_refuses_what_is_no_mail_channel(changes: dict[str, Any]) -> None:
    good = {"kind": "email", "name": "x", "host": "h", "sender": "a@b.org", "to": ["c@d.org"]}
    channel_draft(good)
    with pytest.raises(ValidationError):
        channel_draft({**good, **changes})


def test_a_webhook_needs_an_address_unless_one_is_kept() -> None:
    with pytest.raises(ValidationError, match="missing"):
        channel_draft({"kind": "teams", "name": "x"})
    assert channel_draft({"kind": "teams", "name": "x"}, kept=("url",))


def test_slack_gets_plain_text_and_an_escaped_fallback() -> None:
    payload = slack_payload(message())
    assert "<" not in payload["text"]
    texts = [block["text"] for block in payload["blocks"] if "text" in block]
    assert {text["type"] for text in texts} == {"plain_text"}
    assert payload["blocks"][-1]["elements"][0]["url"] == message().link


def test_teams_gets_runs_of_text_that_are_never_read_as_markdown() -> None:
    card = teams_payload(message())["attachments"][0]["content"]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert EVIL in json.dumps(card, ensure_ascii=False)


def test_no_link_is_sent_where_the_address_of_the_bench_is_not_known() -> None:
    assert len(slack_payload(message(link=""))["blocks"]) == 2
    assert "actions" not in teams_payload(message(link=""))["attachments"][0]["content"]
    assert json_payload(message(link=""))["url"] is None


def test_a_mail_has_no_line_breaks_in_its_headers() -> None:
    mail = composed("a@b.org", ["c@d.org"], message(title="x\r\nBcc: e@f.org\u202e"))
    assert mail["Subject"] == "[Signalbench] x Bcc: e@f.org"
    assert one_line("a\0b\n c", 20) == "ab c"
