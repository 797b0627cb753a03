"""What the processes log: whole JSON lines with what they are about, and never a secret."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from storage.log_setup import about, masked, remember, set_up_logging

log = logging.getLogger("signalbench.test")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def written() -> io.StringIO:
    stream = io.StringIO()
    set_up_logging("runner", stream=stream, experiment=7, token=3)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_what_it_is_about(written: io.StringIO) -> None:
    remember(task_id="t-1")
    log.info("Epoch %d of %d", 2, 9)
    (line,) = lines(written)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info", "event": "Epoch 2 of 9", "logger": "signalbench.test",
        "process": "runner", "experiment": 7, "token": 3, "task_id": "t-1",
    }  # fmt: skip


def test_what_one_thread_binds_stays_out_of_the_others(written: io.StringIO) -> None:
    thread = threading.Thread(target=lambda: log.warning("other"))
    with about(experiment=8, request="GET /api"):
        log.warning("mine")
        thread.start()
        thread.join()
    log.warning("after")
    found = [(line["event"], line["experiment"], line.get("request")) for line in lines(written)]
    assert found == [("mine", 8, "GET /api"), ("other", 7, None), ("after", 7, None)]


def test_libraries_and_tracebacks_come_the_same_way(written: io.StringIO) -> None:
    try:
        raise ValueError("redis://:hunter2@localhost/0 is away")
    except ValueError:
        logging.getLogger("celery.worker").exception("It broke\nwith a \x1b[31mline")
    logging.getLogger("httpx").info("POST https://hooks.slack.com/services/T0/B0/abc")
    (line,) = lines(written)
    assert line["event"] == "It broke\nwith a \x1b[31mline"
    assert "ValueError" in line["exception"]
    assert "hunter2" not in written.getvalue()


def test_half_a_surrogate_and_odd_values_do_not_break_a_line(written: io.StringIO) -> None:
    ours = next(h for h in logging.getLogger().handlers if getattr(h, "stream", None) is written)
    record = log.makeRecord(log.name, logging.WARNING, "", 0, "\ud800", (), None)
    with about(odd={1, 2}, number=float("nan")):
        # Not through the root logger: pytest's own handlers pass texts between processes.
        ours.handle(record)
    assert len(lines(written)) == 1


def test_a_terminal_gets_words_and_nothing_that_steers_it() -> None:
    stream = Terminal()
    set_up_logging("worker", stream=stream, worker="a:1")
    log.warning("from outside: \x1b[2J\nfake line")
    text = stream.getvalue()
    assert "from outside: \\x1b[2J\\nfake line" in text
    assert "worker" in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgresql+psycopg://bench:pa$s:w0rd@host/db", "w0rd"),
        ("redis+socket://:abc/def@/tmp/redis.sock", "abc/def"),
        ("redis://:p@ss@host:1/0 refused", "p@ss"),
        ("https://hooks.slack.com/services/T1/B2/s3cret", "s3cret"),
        ("https://x.webhook.office.com/webhookb2/s3cret@y", "s3cret"),
        ("https://prod-1.westeurope.logic.azure.com/workflows/a?sig=s3cret", "s3cret"),
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        ("password=hunter2 host=x", "hunter2"),
        ("{'aws_secret_access_key': 'hunter2'}", "hunter2"),
        ("requirepass hunter2", "hunter2"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    assert secret not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:8050/api/health",
        "postgresql+psycopg://bench@host/db",
        "token 3 is old",
        "Training took 3 s",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert masked(text) == text
