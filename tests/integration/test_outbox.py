"""Notifications leave the bench: real SMTP and HTTP receivers, real databases, a killed sender."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from storage.channel_kinds import channel_draft
from storage.database import write_session
from storage.settings import settings
from storage.stores.channels import ChannelEntity, ChannelStore
from storage.stores.notifications import Notice, announce
from storage.stores.outbox import DeliveryEntity, OutboxStore, pause_after
from tasks.channels import post
from tasks.channels.trust import trusted_authorities
from tasks.outbox import Sender
from tests.support.bench import REPOSITORY, wait_until
from tests.support.receivers import Hook, Posted, mail_server, web_hook

SECRET = "hush-hush-42"  # noqa: S105
REAL_NAMES = socket.getaddrinfo
NOTICE = Notice("success", "completed", "“Gearbox” is complete", "Correct on 96.8 % of windows.")
SENDER = (
    "import threading; from tasks.outbox import Sender;"
    "Sender('child', lease_seconds=2.0).serve(threading.Event())"
)


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SIGNALBENCH_WEBHOOK_PRIVATE", "127.0.0.1")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def hook(allowed: None) -> Iterator[Hook]:
    with web_hook() as server:
        yield server


def add(**values: Any) -> ChannelEntity:
    return ChannelStore().create(channel_draft({"name": "test", **values}))


def add_mail(port: int, **values: Any) -> ChannelEntity:
    common = {"host": "localhost", "security": "none", "sender": "bench@example.org"}
    to = ["ann@example.org"]
    return add(kind="email", port=port, **{**common, "to": to, **values})


def tell(*notices: Notice) -> None:
    with write_session() as session:
        for notice in notices:
            announce(session, notice)


def send_all() -> None:
    sender = Sender("test")
    while sender.step():
        pass


def newest(channel: ChannelEntity) -> DeliveryEntity:
    return OutboxStore().deliveries(channel.id)[0]


def test_each_channel_gets_the_kinds_it_wants_once_and_under_a_key(
    any_database: str, hook: Hook
) -> None:
    add(kind="webhook", url=hook.url, signing_key=SECRET)
    add(kind="webhook", url=hook.url, kinds=["failed"])
    off = add(kind="webhook", url=hook.url, enabled=False)
    tell(NOTICE)
    send_all()
    send_all()
    (posted,) = hook.posts
    assert posted.json["title"] == NOTICE.title
    assert posted.headers["Idempotency-Key"] == posted.json["id"] == posted.headers["webhook-id"]
    signed = f"{posted.json['id']}.{posted.headers['webhook-timestamp']}.".encode() + posted.body
    digest = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest())
    assert posted.headers["webhook-signature"] == f"v1,{digest.decode()}"
    assert OutboxStore().deliveries(off.id) == []


def test_a_mail_is_sent_with_a_login_and_nothing_in_it_becomes_a_header(sqlite: str) -> None:
    with mail_server(password=SECRET) as box:
        channel = add_mail(box.port, user="ann", password=SECRET)
        tell(Notice("error", "failed", "Evil\r\nBcc: eve@example.org", "Line\r\n.\r\nQUIT"))
        send_all()
    assert newest(channel).status == "sent", newest(channel).error
    (mail,) = box.mails
    assert mail["Subject"] == "[Signalbench] Evil Bcc: eve@example.org"
    assert mail["Bcc"] is None
    assert box.recipients == ["ann@example.org"]
    assert mail["Message-ID"] == f"<{newest(channel).key}@example.org>"


def test_a_wrong_password_and_an_unknown_recipient_are_said(sqlite: str) -> None:
    with mail_server(password=SECRET) as box:
        channel = add_mail(box.port, user="ann", password="wrong")
        OutboxStore().test(channel.id)
        send_all()
        assert newest(channel).error == "localhost refused the user name or password."
    with mail_server(refused="ann@example.org") as box:
        channel = add_mail(box.port)
        tell(NOTICE)
        send_all()
        said = newest(channel)
        assert (said.status, said.error.count("no such user")) == ("failed", 1)
    with mail_server(refused="bob@example.org") as box:
        channel = add_mail(box.port, to=["ann@example.org", "bob@example.org"])
        OutboxStore().test(channel.id)
        send_all()
        said = newest(channel)
        assert (said.status, "bob@example.org" in said.error) == ("sent", True)


def test_a_mail_server_without_a_trusted_certificate_is_refused(
    sqlite: str, tmp_path: Path
) -> None:
    with mail_server(self_signed(tmp_path)) as box:
        channel = add_mail(box.port, security="starttls")
        OutboxStore().test(channel.id)
        send_all()
        assert "certificate of localhost is not trusted" in newest(channel).error
        assert not box.mails


def test_a_receiver_that_fails_is_tried_again_later_and_at_last_given_up(
    sqlite: str, hook: Hook
) -> None:
    hook.answer = lambda _: (503, {"Retry-After": "100"}, b"busy")
    channel = add(kind="slack", url=hook.url)
    tell(NOTICE)
    for _ in range(8):
        send_all()
        make_due()
    assert len({posted.headers["Idempotency-Key"] for posted in hook.posts}) == 1
    assert (len(hook.posts), newest(channel).status) == (8, "failed")
    assert newest(channel).error == "127.0.0.1 answered 503: busy."
    hook.answer = lambda _: (200, {}, b"ok")
    assert OutboxStore().again(channel.id) == 1
    send_all()
    assert newest(channel).status == "sent"


def test_pauses_double_from_ten_seconds_to_an_hour() -> None:
    assert [pause_after(n) for n in (1, 2, 3, 9, 10, 30)] == [10, 20, 40, 2560, 3600, 3600]


def test_a_test_is_tried_once_and_a_redirect_is_not_followed(sqlite: str, hook: Hook) -> None:
    hook.answer = lambda _: (302, {"Location": "http://127.0.0.1:1/"}, b"")
    channel = add(kind="teams", url=hook.url)
    OutboxStore().test(channel.id)
    send_all()
    assert newest(channel).status == "failed"
    assert "redirect" in newest(channel).error
    assert len(hook.posts) == 1


def test_a_name_is_resolved_once_and_the_checked_address_is_called(
    sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers differently the second time is never asked again."""
    monkeypatch.setenv("SIGNALBENCH_WEBHOOK_PRIVATE", "chat.test")
    settings.cache_clear()
    asked = resolve_to_us(monkeypatch)
    with web_hook() as hook:
        channel = add(kind="webhook", url=f"http://chat.test:{hook.port}/hook")
        OutboxStore().test(channel.id)
        send_all()
    assert newest(channel).status == "sent", newest(channel).error
    assert hook.posts[0].headers["Host"] == f"chat.test:{hook.port}"
    assert asked == ["chat.test"]
    settings.cache_clear()


def test_the_certificate_is_verified_for_the_name_not_for_the_address(
    sqlite: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SIGNALBENCH_WEBHOOK_PRIVATE", "127.0.0.0/8")
    settings.cache_clear()
    said = {}
    for name in ("chat.test", "other.test"):
        with web_hook(self_signed(tmp_path, name)) as hook:
            trusted = ssl.create_default_context(cafile=tmp_path / "certificate.pem")
            for authorities in (trusted_authorities(), trusted):
                resolve_to_us(monkeypatch)
                monkeypatch.setattr(post, "trusted_authorities", lambda a=authorities: a)
                channel = add(kind="webhook", url=f"https://chat.test:{hook.port}/hook")
                OutboxStore().test(channel.id)
                send_all()
                said[name, authorities is trusted] = newest(channel)
    assert said["chat.test", True].status == "sent", said
    for key in (("chat.test", False), ("other.test", False), ("other.test", True)):
        assert "certificate of chat.test is not trusted" in said[key].error
    settings.cache_clear()


def resolve_to_us(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let chat.test be this machine when it is first asked for, and another address later."""
    ask, asked = REAL_NAMES, []

    def answers(host: Any, *arguments: Any, **named: Any) -> Any:
        if host == "chat.test":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "10.255.255.1"
        return ask(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    return asked


def test_an_endless_answer_is_not_read_to_its_end(sqlite: str, hook: Hook) -> None:
    hook.answer = lambda _: (200, {"Content-Length": str(10**9)}, b"x" * 10**6)
    channel = add(kind="webhook", url=hook.url)
    OutboxStore().test(channel.id)
    send_all()
    assert newest(channel).status == "sent"


def test_secrets_never_reach_the_log_nor_what_is_shown(
    sqlite: str, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with mail_server(password=SECRET) as box:
        add_mail(box.port, user="ann", password=SECRET + "no")
        add(kind="webhook", url=hook.url, signing_key=SECRET)
        hook.answer = lambda _: (500, {}, b"")
        tell(NOTICE)
        send_all()
    shown = [repr(item) for item in ChannelStore().all()]
    said = [repr(OutboxStore().deliveries(item.id)) for item in ChannelStore().all()]
    for text in (caplog.text, *shown, *said):
        assert SECRET not in text
        assert "secret-token" not in text


def test_a_sender_killed_while_it_sends_loses_nothing(
    any_database: str, hook: Hook, data_folder: Path
) -> None:
    """The receiver sees a repetition under the same key, and every message arrives."""
    held, answers = threading.Event(), iter([False] * 2)
    hook.answer = lambda posted: hold(posted, held, next(answers, True))
    add(kind="webhook", url=hook.url)
    tell(*[Notice("info", "completed", f"run {n}") for n in range(12)])
    for _ in range(2):
        before = len(hook.posts)
        child = subprocess.Popen([sys.executable, "-c", SENDER], cwd=REPOSITORY, env=os.environ)
        wait_until(lambda n=before: len(hook.posts) > n, 60, "a message on its way")
        child.send_signal(signal.SIGKILL)
        child.wait()
    held.set()
    sender = Sender("last", lease_seconds=0.2)
    wait_until(lambda: not sender.step() and not unsent(), 60, "the outbox to be empty")
    titles = {posted.json["title"] for posted in hook.posts}
    keys = {posted.headers["Idempotency-Key"] for posted in hook.posts}
    assert titles == {f"run {n}" for n in range(12)}
    assert len(keys) == 12


def hold(
    _posted: Posted, held: threading.Event, at_once: bool
) -> tuple[int, dict[str, str], bytes]:
    if not at_once:
        held.wait(60)
    return 200, {}, b""


def unsent() -> list[DeliveryEntity]:
    (channel,) = ChannelStore().all()
    return [item for item in OutboxStore().deliveries(channel.id) if item.status != "sent"]


def make_due() -> None:
    from sqlalchemy import update

    from storage.models import Delivery

    with write_session() as session:
        session.execute(update(Delivery).values(next_at=0.0))


def self_signed(folder: Path, host: str = "localhost") -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    plain = serialization.NoEncryption()
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*pem, plain)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
