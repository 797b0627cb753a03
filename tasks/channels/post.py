"""Posts JSON to an address that somebody chose: to the address that was checked and no other."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Mapping

import httpx

from storage.web_addresses import AddressRefusedError, checked_url, resolved
from tasks.channels.message import ChannelError, one_line
from tasks.channels.trust import trusted_authorities

STEP_SECONDS = 5.0
WHOLE_SECONDS = 10.0
MOST_ANSWER_BYTES = 64 * 1024
LONGEST_REPLY = 120
TRY_LATER = frozenset({408, 409, 423, 425, 429})

# Its line for each request holds the address, and with it the token of a chat's webhook.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


class PinnedTransport(httpx.BaseTransport):
    """Resolves a name once, checks every address it has, and connects to a checked one."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport(verify=trusted_authorities(), trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the checked address; certificate and host name stay the name's.

        Raises:
            AddressRefusedError: The name leads inside, or nowhere.
            httpx.TransportError: No address answers.
        """
        host, scheme = request.url.host, request.url.scheme
        port = request.url.port or (443 if scheme == "https" else 80)
        url, addresses = request.url, resolved(host, port, scheme)
        request.extensions = {**request.extensions, "sni_hostname": host}
        for address in addresses[:-1]:
            try:
                request.url = url.copy_with(host=address)
                return self._inner.handle_request(request)
            except httpx.ConnectError:
                continue
        request.url = url.copy_with(host=addresses[-1])
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        self._inner.close()


def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Post JSON; redirects are not followed, long answers are not read to their end.

    Raises:
        ChannelError: The receiver did not take it.
    """
    host = _host(url)
    client = httpx.Client(transport=PinnedTransport(), timeout=STEP_SECONDS, trust_env=False)
    # A receiver that sends a byte now and then would hold us for ever.
    deadline = threading.Timer(WHOLE_SECONDS, client.close)
    deadline.daemon = True
    deadline.start()
    try:
        status, reply, wait_seconds = _exchange(client, url, body, headers)
    except AddressRefusedError as error:
        raise ChannelError(str(error), for_good="private" in str(error)) from error
    except (httpx.HTTPError, httpx.StreamError, RuntimeError, OSError) as error:
        raise ChannelError(_why(host, error)) from error
    finally:
        deadline.cancel()
        client.close()
    _judge(host, status, reply, wait_seconds)


def _exchange(
    client: httpx.Client, url: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, str, float]:
    with client.stream("POST", url, content=body, headers=dict(headers)) as answer:
        read = b""
        for part in answer.iter_raw(4096):
            read += part
            if len(read) >= MOST_ANSWER_BYTES:
                break
        wait = answer.headers.get("Retry-After", "")
    return answer.status_code, read[:1000].decode("utf-8", "replace"), _seconds(wait)


def _judge(host: str, status: int, reply: str, wait_seconds: float) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        text = f"{host} answered with a redirect, which is not followed. Enter the final address."
        raise ChannelError(text, for_good=True)
    words = "" if reply.lstrip().startswith("<") else one_line(reply, LONGEST_REPLY)
    said = f"{host} answered {status}{f': {words}' if words else ''}."
    for_good = 400 <= status < 500 and status not in TRY_LATER
    advice = " Check the address of the webhook." if for_good else ""
    raise ChannelError(said + advice, for_good=for_good, wait_seconds=wait_seconds)


def _why(host: str, error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            words = one_line(cause.verify_message, 100)
            return f"The certificate of {host} is not trusted: {words}."
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        return f"{host} did not answer within {STEP_SECONDS:.0f} seconds."
    if isinstance(error, httpx.ConnectError):
        return f"{host} does not answer. Check the address, and that the server runs."
    return f"{host} broke the connection or took too long."


def _host(url: str) -> str:
    try:
        return str(checked_url(url).hostname)
    except AddressRefusedError as error:
        raise ChannelError(str(error), for_good=True) from error


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0.0
