"""Whatever lies on the message queue, workers go on: a message says only "look"."""

from __future__ import annotations

import base64
import json
import pickle
import uuid
from pathlib import Path
from typing import Any

import pytest
import redis

from storage.entities import Status
from storage.stores.experiments import ExperimentStore
from tasks.queue import alive_workers
from tests.support.bench import wait_until
from tests.support.station import LEASE, Station, running_worker

KEY = "signalbench:normal"
SECONDS = 120


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (open, (str(self.path), "w"))


@pytest.fixture
def station(
    sqlite: str, redis_url: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Station:
    from storage.settings import settings

    monkeypatch.setenv("REDIS_URL", redis_url)
    for name, value in LEASE.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    return Station(data_folder)


def message(task: str, body: bytes, content_type: str) -> bytes:
    """Wrap a body as kombu's Redis transport does."""
    number = str(uuid.uuid4())
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "utf-8" if "json" in content_type else "binary",
            "content-type": content_type,
            "headers": {"lang": "py", "task": task, "id": number, "root_id": number},
            "properties": {
                "correlation_id": number,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": "normal"},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": number,
            },
        }
    ).encode()


def test_t81_t82_messages_that_make_no_sense_do_no_harm(
    station: Station, redis_url: str, tmp_path: Path
) -> None:
    proof = tmp_path / "ran"
    nothing = json.dumps([[], {}, {}]).encode()
    huge = json.dumps([["x" * 10_000_000], {}, {}]).encode()
    client = redis.Redis.from_url(redis_url)
    with running_worker(station) as worker:
        wait_until(alive_workers, SECONDS, "the worker")
        for hostile in (
            message(
                "signalbench.look", pickle.dumps(Evil(proof)), "application/x-python-serialize"
            ),
            message("os.system", nothing, "application/json"),
            message("signalbench.look", b"{", "application/json"),
            message("signalbench.look", huge, "application/json"),
            b"no json at all",
            b"",
        ):
            client.lpush(KEY, hostile)
        wait_until(lambda: client.llen(KEY) == 0, SECONDS, "the queue to be emptied")
        run = station.new_run(epochs=2)
        station.await_status(run.id, Status.COMPLETED)
        assert worker.poll() is None
    assert not proof.exists()
    assert ExperimentStore().get(run.id).attempts == 1
