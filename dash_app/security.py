"""One ASGI middleware around everything: host allow-list, origin check, security headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_CALLBACK_BYTES = 10 * 1024 * 1024
MAX_JSON_BYTES = 2 * 1024 * 1024
# The one place for large bodies; its route counts what it reads.
UPLOADS = "/api/datasets"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class GuardMiddleware:
    """Refuses foreign hosts and origins, and puts the security headers on every answer."""

    def __init__(
        self, app: ASGIApp, *, script_hashes: Sequence[str], allowed_hosts: frozenset[str]
    ) -> None:
        self._app = app
        self._allowed_hosts = allowed_hosts
        self._headers = _security_headers(script_hashes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif refusal is not None:
            await refusal(scope, receive, self._with_headers(send))
        else:
            await self._app(scope, receive, self._with_headers(send))

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        if _host_name(headers.get("host", "")) not in self._allowed_hosts:
            return _problem(
                421,
                "This address is not one the bench answers to. Open it by the address it printed, "
                "or add the name to SIGNALBENCH_ALLOWED_HOSTS.",
            )
        origin = headers.get("origin")
        if (
            scope.get("method", "GET") not in SAFE_METHODS
            and origin is not None
            and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
        ):
            return _problem(403, "Requests from other web sites are refused.")
        return _too_large(scope["path"], headers)

    def _with_headers(self, send: Send) -> Send:
        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        return wrapped


def _too_large(path: str, headers: Headers) -> JSONResponse | None:
    if path.startswith(UPLOADS):
        return None
    if "transfer-encoding" in headers:
        return _problem(411, "Send the length of the content (Content-Length) with it.")
    limit = MAX_JSON_BYTES if path.startswith("/api") else MAX_CALLBACK_BYTES
    if _length(headers) > limit:
        return _problem(413, "That is too much for one action. Upload files on the data page.")
    return None


def _security_headers(script_hashes: Sequence[str]) -> dict[str, str]:
    scripts = " ".join(["'self'", *(f"{item}" for item in script_hashes)])
    policy = {
        "default-src": "'self'",
        "script-src": scripts,
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self'",
        "worker-src": "'self' blob:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{key} {value}" for key, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


def _length(headers: Headers) -> int:
    text = headers.get("content-length", "0")
    return int(text) if text.isdecimal() else 0


def _problem(status: int, detail: str) -> JSONResponse:
    body: dict[str, Any] = {"type": "about:blank", "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")
