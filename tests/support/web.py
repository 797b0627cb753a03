"""The web application inside the test's own process, built once: Dash's registries are global."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import uvicorn
from fastapi import FastAPI

from tests.support.bench import free_port, wait_until

START_SECONDS = 30
STOP_SECONDS = 10


@cache
def web() -> FastAPI:
    """Give the application; it finds database and Redis by the settings of the moment."""
    from dash_app import create_app

    return create_app()


@contextmanager
def serving() -> Iterator[str]:
    """Serve the application over HTTP from a thread until the block ends; gives its URL."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(web(), port=port, log_level="critical", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started, START_SECONDS, "the web server")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)
