"""Runs the web application under uvicorn, alone or as a child of the bench."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import uvicorn

from storage.settings import settings
from tasks.parent import wait_for_end_of_input
from tasks.preflight import take_port

GRACE_SECONDS = 2


def serve_web(make_app: Callable[[], Any], inherited: int | None) -> int:
    """Serve until SIGTERM, or until the bench that started us is gone.

    Args:
        make_app: Makes the ASGI application.
        inherited: Number of a listening socket handed over by the bench; None takes the port
            itself.

    Raises:
        PreflightError: The port is in use.
    """
    listener = take_port() if inherited is None else socket.socket(fileno=inherited)
    config = uvicorn.Config(
        make_app(),
        host=settings().host,
        port=settings().port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    if inherited is not None:
        threading.Thread(target=_follow_bench, args=(server,), daemon=True).start()
    server.run(sockets=[listener])
    return 0


def _follow_bench(server: uvicorn.Server) -> None:
    wait_for_end_of_input()
    server.should_exit = True
    time.sleep(GRACE_SECONDS + 1)
    os._exit(0)
