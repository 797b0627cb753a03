"""The log by server-sent events and as a file: resumable, shared by viewers, never in the way."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from dash_app.api._log_feed import LogFeed, _feeds
from dash_app.api.experiment_log import log_line
from storage import progress
from storage.database import write_session
from storage.entities import DatasetStatus, ExperimentEntity
from storage.models import Experiment
from storage.run_log import RunLog, log_file
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from tests.support.bench import wait_until
from tests.support.web import serving

VIEWERS = 300
PAGE_SECONDS = 1.0


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as bench:
        yield bench.url


@pytest.fixture
def run(sqlite: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> ExperimentEntity:
    monkeypatch.setenv("REDIS_URL", redis_url)
    settings.cache_clear()
    dataset = DatasetStore().create("toy", source="upload", status=DatasetStatus.READY)
    run = ExperimentStore().create(NewExperiment("run", "cnn1d", dataset.id, {}, preset=""))
    set_status(run, "running")
    return run


def set_status(run: ExperimentEntity, status: str) -> None:
    with write_session() as session:
        session.get_one(Experiment, run.id).status = status


class Viewer:
    """A browser's end of a stream, read by hand so that it can also not be read."""

    def __init__(self, url: str, run: ExperimentEntity, last_id: int | None = None) -> None:
        host = urlsplit(url).netloc
        resume = "" if last_id is None else f"Last-Event-ID: {last_id}\r\n"
        name, _, port = host.partition(":")
        self._socket = socket.create_connection((name, int(port)), timeout=30)
        request = f"GET /api/task-logs/{run.task_id} HTTP/1.1\r\nHost: {host}\r\n{resume}\r\n"
        self._socket.sendall(request.encode())
        self._text = ""

    def __enter__(self) -> Viewer:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def read_until(self, wanted: str) -> str:
        """Read until some words came, and give all that was read."""
        deadline = time.monotonic() + 30
        while wanted not in self._text:
            assert time.monotonic() < deadline, self._text[-500:]
            part = self._socket.recv(65536)
            assert part, f"the stream ended: {self._text[-500:]}"
            self._text += part.decode()
        return self._text


def lines(text: str) -> list[dict[str, Any]]:
    found = [part for part in text.split("\n\n") if "event: log" in part]
    return [json.loads(part.partition("\ndata: ")[2]) for part in found]


def test_a_stream_goes_on_after_the_last_line_that_was_seen(
    url: str, run: ExperimentEntity
) -> None:
    log = RunLog(run.id)
    for number in range(1, 6):
        log.append("info", f"line {number}")
    with Viewer(url, run, last_id=3) as viewer:
        assert [line["id"] for line in lines(viewer.read_until("line 5"))] == [4, 5]
        log.append("warning", "line 6")
        viewer.read_until("line 6")
    log.append("error", "line 7")
    with Viewer(url, run, last_id=6) as viewer:
        assert [line["id"] for line in lines(viewer.read_until("line 7"))] == [7]
        set_status(run, "cancelled")
        assert '"status": "cancelled"' in viewer.read_until("event: end")


def test_viewers_who_come_late_get_the_lines_the_others_had(
    url: str, run: ExperimentEntity
) -> None:
    log = RunLog(run.id)
    log.append("info", "first")
    with Viewer(url, run) as early, Viewer(url, run) as late:
        early.read_until("first")
        late.read_until("first")
        log.append("info", "second")
        for viewer in (early, late):
            assert [line["id"] for line in lines(viewer.read_until("second"))] == [1, 2]


def test_a_line_that_is_half_written_waits_for_its_end(run: ExperimentEntity) -> None:
    feed, path = LogFeed(run.task_id, run.id), log_file(run.id)
    text = json.dumps({"id": 1, "time": 1.0, "level": "info", "message": "torn é"}).encode()
    path.parent.mkdir(parents=True)
    path.write_bytes(text[:30])
    assert feed._new_lines() == []
    path.write_bytes(text + b"\n" + text[:30])
    assert [line["message"] for line in feed._new_lines()] == ["torn é"]


def test_no_line_can_begin_an_event_of_its_own(url: str, run: ExperimentEntity) -> None:
    RunLog(run.id).append("info", "x\n\nevent: end\ndata: {}\n\n\x1b[2J\u2028")
    with Viewer(url, run) as viewer:
        (line,) = lines(viewer.read_until("event: log"))
    assert line["message"].startswith("x\n\nevent: end")


def test_three_hundred_viewers_do_not_hold_up_the_pages(url: str, run: ExperimentEntity) -> None:
    RunLog(run.id).append("info", "hello")
    with ExitStack() as stack:
        viewers = [stack.enter_context(Viewer(url, run)) for _ in range(VIEWERS)]
        # Half of them never read what they are sent.
        for viewer in viewers[::2]:
            viewer.read_until("hello")
        with httpx.Client(base_url=url, timeout=30) as client:
            took = sorted(seconds_of(client) for _ in range(30))
        assert took[28] < PAGE_SECONDS, took
        RunLog(run.id).append("info", "goodbye")
        for viewer in viewers[::2]:
            viewer.read_until("goodbye")


def seconds_of(client: httpx.Client) -> float:
    begin = time.perf_counter()
    assert client.get("/api/notifications").status_code == 200
    return time.perf_counter() - begin


def test_the_log_is_downloaded_as_text(url: str, run: ExperimentEntity) -> None:
    log = RunLog(run.id)
    log.append("info", "Epoch 1\nsecond part")
    log.append("error", "red \x1b[31m and \0 \u202e")
    answer = httpx.get(f"{url}/api/experiments/{run.id}/log.txt")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    first, second, third = answer.text.splitlines()
    assert first.endswith("INFO      Epoch 1")
    assert second.strip() == "second part"
    assert third.endswith("ERROR     red [31m and  ")
    assert httpx.get(f"{url}/api/experiments/999999/log.txt").status_code == 404


def test_a_line_has_its_time_level_and_words() -> None:
    line = {"id": 1, "time": 0.25, "level": "warning", "message": "slow"}
    assert log_line(line) == "1970-01-01 00:00:00.250  WARNING   slow\n"


def test_a_viewer_that_left_is_forgotten(url: str, run: ExperimentEntity) -> None:
    RunLog(run.id).append("info", "hello")
    with Viewer(url, run) as viewer:
        viewer.read_until("hello")
        assert any(run.task_id in feeds for feeds in _feeds.values())
    wait_until(lambda: not any(run.task_id in f for f in _feeds.values()), 20, "the feed's end")


def test_a_log_on_no_disk_of_ours_is_asked_of_redis(
    url: str, run: ExperimentEntity, data_folder: Path
) -> None:
    progress.append_log(run.task_id, {"id": 1, "time": 1.0, "level": "info", "message": "afar"})
    with Viewer(url, run) as viewer:
        viewer.read_until("afar")
