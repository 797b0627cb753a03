"""Live progress in Redis: the only file that knows the keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import orjson
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from storage.settings import settings

TTL_SECONDS = 24 * 3600
MAX_LOG_LINES = 5000
PING_SECONDS = 1.0
READ_SECONDS = 2.0
SPARED_SECONDS = 3.0
"""After a question without an answer, nobody asks again for so long: pages would stand still."""


@dataclass(frozen=True)
class Live:
    """What is known of a running task right now.

    Attributes:
        snapshot: status, progress 0–1, current_epoch, total_epochs, the newest metrics,
            eta_seconds, message, beat (seconds since 1970 of the last sign of life),
            system {cpu_percent, memory_bytes, memory_percent, disk_percent, gpu…}.
        epochs: Rows after the asked one: {"epoch": n, metric: value, …}.
    """

    snapshot: dict[str, Any] = field(default_factory=dict)
    epochs: list[dict[str, float]] = field(default_factory=list)


@cache
def connection() -> redis.Redis:
    """Give this process's Redis client (lazy: no connection is made here)."""
    return connect(settings().redis_url)


def connect(url: str, patience_seconds: float | None = None) -> redis.Redis:
    """Make a client for redis://, rediss:// or our redis+socket:// URLs.

    Args:
        url: Where Redis is.
        patience_seconds: Longest time for an answer, and no second attempt; None for the usual.
    """
    options: dict[str, Any] = {
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "health_check_interval": 15,
    }
    if patience_seconds is not None:
        options |= {"socket_timeout": patience_seconds, "socket_connect_timeout": patience_seconds}
        # A connection that was cut is made anew at once; silence is not waited for twice.
        options["retry"] = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    if url.startswith("redis+socket://"):
        parts = urlsplit(url)
        path = parts.path if not parts.hostname else f"/{parts.hostname}{parts.path}"
        pool = redis.ConnectionPool(
            redis.UnixDomainSocketConnection, path=path, password=parts.password, **options
        )
    else:
        pool = redis.ConnectionPool.from_url(url, **options)
    # A client that made its pool itself cuts the connections of its pipelines when it goes.
    return redis.Redis(connection_pool=pool)


def write_snapshot(task_id: str, snapshot: dict[str, Any]) -> None:
    """Replace a task's snapshot and stamp it with a sign of life."""
    payload = orjson.dumps({**snapshot, "beat": time.time()}, option=orjson.OPT_SERIALIZE_NUMPY)
    connection().set(_snapshot_key(task_id), payload, ex=TTL_SECONDS)


def write_epoch(task_id: str, row: dict[str, float], snapshot: dict[str, Any]) -> int:
    """Append an epoch's row and replace the snapshot, in one round trip.

    Returns:
        How many rows there are now; fewer than expected when Redis lost some.
    """
    payload = orjson.dumps({**snapshot, "beat": time.time()}, option=orjson.OPT_SERIALIZE_NUMPY)
    pipeline = connection().pipeline(transaction=False)
    pipeline.rpush(_epochs_key(task_id), orjson.dumps(row))
    pipeline.expire(_epochs_key(task_id), TTL_SECONDS)
    pipeline.set(_snapshot_key(task_id), payload, ex=TTL_SECONDS)
    return int(pipeline.execute()[0])


def reset(task_id: str, rows: list[dict[str, float]]) -> None:
    """Begin a (resumed) run: the live list becomes exactly the committed rows."""
    pipeline = connection().pipeline()
    pipeline.delete(_epochs_key(task_id))
    if rows:
        pipeline.rpush(_epochs_key(task_id), *[orjson.dumps(row) for row in rows])
        pipeline.expire(_epochs_key(task_id), TTL_SECONDS)
    pipeline.execute()


def read(task_id: str, since: int = 0) -> Live:
    """Give the snapshot and the rows after the ``since``-th, in one round trip.

    Raises:
        redis.RedisError: Redis cannot be reached.
    """

    def ask(client: redis.Redis) -> list[Any]:
        pipeline = client.pipeline(transaction=False)
        pipeline.get(_snapshot_key(task_id))
        pipeline.lrange(_epochs_key(task_id), since, -1)
        return pipeline.execute()

    snapshot, rows = _asked(ask)
    return Live(orjson.loads(snapshot) if snapshot else {}, [orjson.loads(row) for row in rows])


def snapshots(task_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Give the snapshots of those tasks that have one, in one round trip.

    Raises:
        redis.RedisError: Redis cannot be reached.
    """
    if not task_ids:
        return {}
    found = _asked(lambda client: client.mget([_snapshot_key(name) for name in task_ids]))
    return {
        task_id: orjson.loads(payload)
        for task_id, payload in zip(task_ids, found, strict=True)
        if payload
    }


def append_log(task_id: str, line: dict[str, Any]) -> None:
    """Append a line that was numbered elsewhere (see ``storage.run_log``)."""
    pipeline = connection().pipeline(transaction=False)
    pipeline.rpush(_log_key(task_id), orjson.dumps(line))
    pipeline.ltrim(_log_key(task_id), -MAX_LOG_LINES, -1)
    pipeline.expire(_log_key(task_id), TTL_SECONDS)
    pipeline.set(f"task:{task_id}:log:seq", line["id"], ex=TTL_SECONDS)
    pipeline.execute()


def reset_log(task_id: str, lines: list[dict[str, Any]]) -> None:
    """Begin a (resumed) run: the live log becomes exactly the lines kept in the run's file."""
    pipeline = connection().pipeline()
    pipeline.delete(_log_key(task_id))
    if lines:
        kept = lines[-MAX_LOG_LINES:]
        pipeline.rpush(_log_key(task_id), *[orjson.dumps(line) for line in kept])
        pipeline.expire(_log_key(task_id), TTL_SECONDS)
    pipeline.set(f"task:{task_id}:log:seq", lines[-1]["id"] if lines else 0, ex=TTL_SECONDS)
    pipeline.execute()


def read_log(task_id: str, since: int = 0) -> list[dict[str, Any]]:
    """Give the log lines with an id greater than ``since``: {id, time, level, message}.

    Raises:
        redis.RedisError: Redis cannot be reached.
    """
    last = int(_asked(lambda client: client.get(f"task:{task_id}:log:seq")) or 0)
    if last <= since:
        return []
    lines = _asked(lambda client: client.lrange(_log_key(task_id), since - last, -1))
    return [line for line in map(orjson.loads, lines) if line["id"] > since]


def ping() -> bool:
    """Tell whether Redis answers, within PING_SECONDS also when its link is silent."""
    try:
        client = connect(settings().redis_url, patience_seconds=PING_SECONDS)
        with client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


_silent_until: dict[str, float] = {}


@cache
def _reader(url: str) -> redis.Redis:
    return connect(url, READ_SECONDS)


def _asked(question: Callable[[redis.Redis], Any]) -> Any:
    """Ask Redis for something a page waits for; one silence spares the others the wait.

    Raises:
        redis.RedisError: Redis cannot be reached, or was silent a moment ago.
    """
    url = settings().redis_url
    if time.monotonic() < _silent_until.get(url, 0.0):
        raise redis.TimeoutError("Redis was silent a moment ago.")
    try:
        return question(_reader(url))
    except redis.TimeoutError:
        _silent_until[url] = time.monotonic() + SPARED_SECONDS
        raise


def _snapshot_key(task_id: str) -> str:
    return f"task:{task_id}:progress"


def _epochs_key(task_id: str) -> str:
    return f"task:{task_id}:epochs"


def _log_key(task_id: str) -> str:
    return f"task:{task_id}:log"
