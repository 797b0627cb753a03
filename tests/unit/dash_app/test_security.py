"""What the guard lets through, judged without a server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from dash_app.security import MAX_CALLBACK_BYTES, MAX_JSON_BYTES, GuardMiddleware


async def _fine(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("fine")(scope, receive, send)


GUARD = GuardMiddleware(
    _fine, script_hashes=["'sha256-abc'"], allowed_hosts=frozenset({"localhost", "[::1]"})
)


def ask(
    method: str = "GET", path: str = "/", kind: str = "http", **headers: str
) -> tuple[int, dict[str, str]]:
    """Send one request through the guard; gives status and headers of the answer."""
    given = {"host": "localhost:8050", **{key.replace("_", "-"): headers[key] for key in headers}}
    scope: dict[str, Any] = {
        "type": kind,
        "method": method,
        "path": path,
        "headers": [(key.encode(), value.encode()) for key, value in given.items()],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(GUARD(scope, receive, send))
    first = sent[0]
    pairs = {key.decode(): value.decode() for key, value in first.get("headers", [])}
    return first.get("status", first.get("code")), pairs


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "LOCALHOST:8050", "[::1]:8050"])
def test_known_hosts_are_served(host: str) -> None:
    assert ask(host=host)[0] == 200


@pytest.mark.parametrize("host", ["", "evil.example", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_other_hosts_are_refused_against_rebinding(host: str) -> None:
    assert ask(host=host)[0] == 421


@pytest.mark.parametrize(
    "origin", ["null", "http://evil.example", "http://localhost:9999", "http://localhost"]
)
def test_writing_from_another_origin_is_refused(origin: str) -> None:
    assert ask("POST", origin=origin)[0] == 403
    assert ask("GET", origin=origin)[0] == 200


def test_writing_from_our_own_pages_or_a_script_is_served() -> None:
    assert ask("POST", origin="http://localhost:8050")[0] == 200
    assert ask("POST")[0] == 200


def test_bodies_have_limits_except_uploads() -> None:
    large = str(MAX_CALLBACK_BYTES + 1)
    assert ask("POST", "/_dash-update-component", content_length=large)[0] == 413
    assert ask("POST", "/api/experiments", content_length=str(MAX_JSON_BYTES + 1))[0] == 413
    assert ask("POST", "/api/experiments", transfer_encoding="chunked")[0] == 411
    assert ask("POST", "/api/datasets", content_length=large)[0] == 200


def test_websockets_are_closed() -> None:
    assert ask(kind="websocket")[0] == 1008


def test_answers_and_refusals_carry_the_policy() -> None:
    for host in ("localhost", "evil.example"):
        policy = ask(host=host)[1]["content-security-policy"]
        assert "script-src 'self' 'sha256-abc';" in policy
        assert "unsafe-eval" not in policy
        assert "frame-ancestors 'none'" in policy
