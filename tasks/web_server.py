"""Runs the web application under uvicorn, alone or as a child of the bench."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from storage.entities import StorageError
from storage.log_setup import set_up_logging
from storage.settings import settings
from storage.stores.experiments import ExperimentQuery, ExperimentStore
from tasks.parent import wait_for_end_of_input
from tasks.preflight import take_port

log = logging.getLogger("signalbench.web")

GRACE_SECONDS = 2


class WebServer:
    """Serves until SIGTERM, or until the bench that started us is gone."""

    def __init__(self, inherited: int | None) -> None:
        """Take the port.

        Args:
            inherited: Number of a listening socket handed over by the bench, which is then
                followed to its end; None binds the configured address.

        Raises:
            PreflightError: The port is in use.
        """
        self._listener = take_port() if inherited is None else socket.socket(fileno=inherited)
        self._server: uvicorn.Server | None = None
        if inherited is not None:
            threading.Thread(target=self._follow_bench, daemon=True).start()

    def serve(self, make_app: Callable[[], Any]) -> int:
        """Make the ASGI application and serve it; gives the exit code."""
        set_up_logging("web")
        config = uvicorn.Config(
            make_app(),
            host=settings().host,
            port=settings().port,
            log_level="warning",
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._server = uvicorn.Server(config)
        # uvicorn stops in order and then raises the signal again, to end by it.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(0))
        threading.Thread(target=_read_run_list, daemon=True).start()
        self._server.run(sockets=[self._listener])
        return 0

    def _follow_bench(self) -> None:
        wait_for_end_of_input()
        if self._server is not None:
            self._server.should_exit = True
            time.sleep(GRACE_SECONDS)
        os._exit(0)


def _read_run_list() -> None:
    """Read what the run list reads, so that the first visitor does not wait for a cold disk."""
    store = ExperimentStore()
    try:
        store.page(ExperimentQuery(where="accuracy > 0"))
        store.known_columns()
    except (StorageError, SQLAlchemyError) as error:
        log.info("The run list was not read ahead: %s", error)
