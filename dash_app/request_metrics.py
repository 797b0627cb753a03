"""Counts and times the requests of this web process, by route template and never by address."""

from __future__ import annotations

import time

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REGISTRY = CollectorRegistry()
"""What this process counts by itself; the library's global registry stays empty."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

disable_created_metrics()
ProcessCollector(registry=REGISTRY)
REQUESTS = Counter(
    "signalbench_http_requests",
    "Requests answered.",
    ("method", "route", "status"),
    registry=REGISTRY,
)
SECONDS = Histogram(
    "signalbench_http_response_seconds",
    "Time until an answer began; streams go on after it.",
    ("method", "route"),
    buckets=BUCKETS,
    registry=REGISTRY,
)
IN_FLIGHT = Gauge(
    "signalbench_http_requests_in_flight", "Requests and streams open now.", registry=REGISTRY
)


class RequestMetricsMiddleware:
    """Measures every HTTP request, refused ones included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, seconds = time.perf_counter(), 500, 0.0

        async def noticed(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - began
            await send(message)

        IN_FLIGHT.inc()
        try:
            await self._app(scope, receive, noticed)
        finally:
            IN_FLIGHT.dec()
            method = scope["method"] if scope["method"] in METHODS else "other"
            route = route_template(scope)
            REQUESTS.labels(method, route, str(status)).inc()
            SECONDS.labels(method, route).observe(seconds or time.perf_counter() - began)


def route_template(scope: Scope) -> str:
    """Give the route that answered, with its placeholders; what browsers write is no label."""
    route = scope.get("route")
    if route is not None:
        return str(route.path)
    return "/assets" if scope.get("root_path") == "/assets" else "page"
