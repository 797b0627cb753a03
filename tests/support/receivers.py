"""A mail server and a web server that keep what they are sent, for tests of the channels."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


@dataclass
class Mailbox:
    """What a mail server took."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)


@dataclass
class Posted:
    """One request that a web server took."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Give the body as JSON."""
        return json.loads(self.body)


@dataclass
class Hook:
    """A web server's address and what was posted to it; ``answer`` decides each answer."""

    port: int
    posts: list[Posted] = field(default_factory=list)
    answer: Callable[[Posted], tuple[int, dict[str, str], bytes]] = lambda _: (200, {}, b"ok")

    @property
    def url(self) -> str:
        """Give the address to post to."""
        return f"http://127.0.0.1:{self.port}/hook/secret-token"


@contextmanager
def mail_server(
    tls: ssl.SSLContext | None = None, *, password: str = "", refused: str = ""
) -> Iterator[Mailbox]:
    """Run an SMTP server until the block ends.

    Args:
        tls: With it the server offers STARTTLS.
        password: With it the server wants a login by it.
        refused: A recipient it does not know.
    """

    class Handler(_SmtpHandler):
        context, wanted, unknown = tls, password, refused

    with _Threaded(("127.0.0.1", 0), Handler) as server:
        server.mailbox = Mailbox(server.server_address[1])
        with _served(server):
            yield server.mailbox


@contextmanager
def web_hook(tls: ssl.SSLContext | None = None) -> Iterator[Hook]:
    """Run a web server until the block ends, with ``tls`` one that speaks https."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            posted = Posted(self.path, dict(self.headers), self.rfile.read(length))
            hook.posts.append(posted)
            status, headers, body = hook.answer(posted)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook = Hook(server.server_address[1])
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        with _served(server):
            yield hook


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


class _Threaded(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    mailbox: Mailbox


class _SmtpHandler(socketserver.StreamRequestHandler):
    """The few commands that a mail needs."""

    context: ClassVar[ssl.SSLContext | None]
    wanted: ClassVar[str]
    unknown: ClassVar[str]

    def handle(self) -> None:
        assert isinstance(self.server, _Threaded)
        self.box, self.known = self.server.mailbox, not self.wanted
        self.say("220 test")
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if verb.upper() == "QUIT":
                self.say("221 bye")
                return
            if not self.command(verb.upper(), rest):
                return

    def command(self, verb: str, rest: str) -> bool:
        if verb in ("EHLO", "HELO"):
            offers = ["STARTTLS"] if self.context else []
            offers += ["AUTH PLAIN"] if self.wanted else []
            lines = ["test", *offers]
            for number, line in enumerate(lines, 1):
                self.say(f"250{' ' if number == len(lines) else '-'}{line}")
        elif verb == "STARTTLS" and self.context:
            self.say("220 go on")
            return self.secure()
        elif verb == "AUTH":
            self.known = self.wanted.encode().hex() in _decoded(rest)
            self.say("235 welcome" if self.known else "535 5.7.8 wrong")
        elif verb == "RCPT":
            self.recipient(rest)
        elif verb == "DATA":
            self.say("354 go on")
            self.take()
        else:
            self.say("250 ok" if self.known or verb == "RSET" else "530 log in first")
        return True

    def recipient(self, rest: str) -> None:
        address = rest.partition("<")[2].rstrip(">")
        if self.unknown and self.unknown == address:
            self.say("550 5.1.1 no such user")
            return
        self.box.recipients.append(address)
        self.say("250 ok")

    def take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.box.mails.append(mail)
        self.say("250 taken")

    def secure(self) -> bool:
        assert self.context is not None
        try:
            self.connection = self.context.wrap_socket(self.connection, server_side=True)
        except OSError:
            return False
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        return True

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


def _decoded(rest: str) -> str:
    import base64

    return base64.b64decode(rest.rpartition(" ")[2]).hex()
