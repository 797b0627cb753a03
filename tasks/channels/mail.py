"""E-mail by SMTP: plain text, encrypted unless told otherwise."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from tasks.channels.message import ChannelError, Message, one_line
from tasks.channels.trust import trusted_authorities

TIMEOUT_SECONDS = 10.0
LONGEST_REPLY = 160


def send(config: Mapping[str, Any], secrets: Mapping[str, str], message: Message) -> str:
    """Send one mail to all recipients of a channel.

    Returns:
        Which recipients the server refused although it took the mail for others, else "".

    Raises:
        ChannelError: The mail was not taken.
    """
    mail = composed(str(config["sender"]), list(config["to"]), message)
    host = str(config["host"])
    with _words_for(host, int(config["port"])), _connected(config) as server:
        if config["user"]:
            server.login(str(config["user"]), secrets.get("password", ""))
        refused = server.send_message(mail)
    return f"{host} refused {', '.join(sorted(refused))}; the others got it." if refused else ""


def composed(sender: str, to: Sequence[str], message: Message) -> EmailMessage:
    """Write the mail; its id is the same at every attempt, so that servers drop repetitions."""
    mail = EmailMessage()
    mail["Subject"] = one_line(f"[Signalbench] {message.title}", 250)
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<{message.key}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join(part for part in (message.text, message.link) if part) + "\n")
    return mail


@contextmanager
def _connected(config: Mapping[str, Any]) -> Iterator[smtplib.SMTP]:
    host, port = str(config["host"]), int(config["port"])
    if config["security"] == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, timeout=TIMEOUT_SECONDS, context=trusted_authorities()
        )
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    try:
        if config["security"] == "starttls":
            server.starttls(context=trusted_authorities())
        yield server
        server.quit()
    finally:
        server.close()


@contextmanager
def _words_for(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        text = f"The certificate of {host} is not trusted: {one_line(error.verify_message, 100)}."
        raise ChannelError(text) from error
    except ssl.SSLError as error:
        text = f"{host}:{port} does not speak TLS like this. Try the other kind of encryption."
        raise ChannelError(text, for_good=True) from error
    except socket.gaierror as error:
        raise ChannelError(f"The mail server “{host}” is not known. Check its name.") from error
    except smtplib.SMTPException as error:
        raise _refusal(host, error) from error
    except OSError as error:
        text = f"The mail server {host}:{port} does not answer. Check host and port."
        raise ChannelError(text) from error


def _refusal(host: str, error: smtplib.SMTPException) -> ChannelError:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return ChannelError(f"{host} refused the user name or password.", for_good=True)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        text = f"{host} does not offer what is asked for (STARTTLS or a login). Change encryption."
        return ChannelError(text, for_good=True)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        names = ", ".join(sorted(error.recipients))
        text = f"{host} refused to deliver to {names}: {_first_reply(error)}"
        return ChannelError(text, for_good=all(code >= 500 for code in codes))
    if isinstance(error, smtplib.SMTPResponseException):
        text = f"{host} refused the mail: {_reply(error.smtp_code, error.smtp_error)}"
        return ChannelError(text, for_good=error.smtp_code >= 500)
    return ChannelError(f"{host} broke the connection. It is tried again.")


def _first_reply(error: smtplib.SMTPRecipientsRefused) -> str:
    code, reply = next(iter(error.recipients.values()))
    return _reply(code, reply)


def _reply(code: int, reply: bytes | str) -> str:
    words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return one_line(f"{code} {words}", LONGEST_REPLY)
