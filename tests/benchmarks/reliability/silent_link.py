"""A TCP proxy whose open connections can fall silent, as behind a firewall that forgot them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

PIECE = 65536


class Link:
    """Forwards to one server; connections made before ``fall_silent`` carry nothing any more."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._silent_before = 0
        self._number = 0
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Redis URL of the proxy."""
        return f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"

    def fall_silent(self) -> None:
        """Carry nothing more over the connections that are open now, without closing them."""
        self._silent_before = self._number

    def close(self) -> None:
        """End everything."""
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                self._number += 1
                for source, target in ((client, server), (server, client)):
                    arguments = (self._number, source, target)
                    threading.Thread(target=self._carry, args=arguments, daemon=True).start()

    def _carry(self, number: int, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                if number > self._silent_before:
                    target.sendall(piece)
            if number > self._silent_before:
                target.close()


@contextmanager
def silent_link(url: str) -> Iterator[Link]:
    """Put a proxy before the Redis of a URL until the block ends."""
    parts = urlsplit(url)
    link = Link(parts.hostname or "127.0.0.1", parts.port or 6379)
    try:
        yield link
    finally:
        link.close()
