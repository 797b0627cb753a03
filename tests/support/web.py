"""The web application inside the test's own process, built once: Dash's registries are global."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import uvicorn
from fastapi import FastAPI

from storage.settings import settings
from tests.support.bench import Bench, free_port, wait_until

START_SECONDS = 30
STOP_SECONDS = 10


@cache
def web() -> FastAPI:
    """Give the application; it finds database and Redis by the settings of the moment."""
    from dash_app import create_app

    return create_app()


@contextmanager
def serving() -> Iterator[Bench]:
    """Serve the application over HTTP from a thread until the block ends."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(web(), port=port, log_level="critical", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started, START_SECONDS, "the web server")
        yield Bench(f"http://127.0.0.1:{port}", settings().data, os.getpid())
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)
