"""Lets every log line of a request say which request it belongs to."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from storage.log_setup import about

LONGEST = 200


class RequestLogMiddleware:
    """Binds method and path; the query stays out, it may hold what people search for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with about(request=f"{scope['method']} {scope['path'][:LONGEST]}"):
            await self._app(scope, receive, send)
