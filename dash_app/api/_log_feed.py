"""One look for all viewers of a run: its log, whether it reported something, and how it ended.

However many pages watch a run, its file, Redis and the database are asked once; a viewer holds
nothing but its place in the log.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from storage import progress, run_log
from storage.entities import NotFoundError, Status
from storage.shared_files import shared_files
from storage.shared_log import read_log
from storage.stores.experiments import ExperimentStore
from tasks.queue import silence_limit_seconds

log = logging.getLogger("signalbench.web")

LOOK_SECONDS = 0.25
QUIET_LOOK_SECONDS = 1.0
"""Between looks at a run that said nothing for a while, or while Redis is away."""
QUIET_AFTER_LOOKS = 40
STATUS_EVERY_LOOKS = 8
"""The database is asked for the run's status only every so many looks."""
MOST_HELD_LINES = 2000
ENDED_WORDS = frozenset(status.value for status in Status if status.ended)
STEADY = frozenset({"beat", "system", "eta_seconds"})
"""What changes all the time in a live view and is no news."""

_feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, LogFeed]] = WeakKeyDictionary()


class LogFeed:
    """What the viewers of one run are told.

    Attributes:
        ready: Set after the first look.
        wake: Set, and replaced, when there is something new.
        news: Counts what the run reported.
        epochs: Epochs reported so far.
        online: Whether Redis answers.
        ended: How the run ended, once all of its log was read.
        closed: True when nobody looks any more.
    """

    def __init__(self, task_id: str, experiment_id: int) -> None:
        self.ready = asyncio.Event()
        self.wake = asyncio.Event()
        self.news = 0
        self.epochs = 0
        self.online = True
        self.ended: dict[str, Any] | None = None
        self.closed = False
        self.viewers = 0
        self._task_id = task_id
        self._experiment_id = experiment_id
        self._held: list[tuple[int, str]] = []
        self._last_id = 0
        self._first_id = 1
        self._offset = 0
        self._said: dict[str, Any] = {}
        self._beat: float | None = None
        self._beat_at = time.monotonic()
        self._silence_told = False
        self._looks = 0
        self._quiet = 0
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._watching = asyncio.create_task(self._watch())

    def stop(self) -> None:
        """Look no more."""
        if self._watching is not None:
            self._watching.cancel()

    async def lines_after(self, log_id: int) -> list[tuple[int, str]]:
        """Give the numbers and events of the lines after one; old ones are read again."""
        if log_id >= self._last_id:
            return []
        if log_id + 1 >= self._first_id:
            return [pair for pair in self._held if pair[0] > log_id]
        lines = await run_in_threadpool(read_log, self._experiment_id, self._task_id, log_id)
        return [_numbered(line) for line in lines]

    async def _watch(self) -> None:
        try:
            while self.ended is None:
                changed = await run_in_threadpool(self._look)
                self._quiet = 0 if changed else self._quiet + 1
                if changed or self._looks == 1:
                    self._tell()
                calm = self._quiet > QUIET_AFTER_LOOKS or not self.online
                await asyncio.sleep(QUIET_LOOK_SECONDS if calm else LOOK_SECONDS)
        finally:
            self.closed = True
            self._tell()

    def _tell(self) -> None:
        told, self.wake = self.wake, asyncio.Event()
        told.set()
        self.ready.set()

    def _look(self) -> bool:
        """Take in what is new; gives whether there was anything."""
        before = (self._last_id, self.news, self.online)
        # Asked before the log is read, so that its last lines are there when the end is told.
        ended = None if self._looks % STATUS_EVERY_LOOKS else _ended(self._task_id)
        self._looks += 1
        try:
            self._take_lines()
            self._take_news()
            self.online = True
        except (RedisError, OSError):
            self.online = False
        self.ended = ended
        return ended is not None or before != (self._last_id, self.news, self.online)

    def _take_lines(self) -> None:
        lines = [line for line in self._new_lines() if line["id"] > self._last_id]
        if not lines:
            return
        if not self._held:
            self._first_id = lines[0]["id"]
        held = [*self._held, *map(_numbered, lines)]
        if len(held) > MOST_HELD_LINES:
            held = held[-MOST_HELD_LINES:]
            self._first_id = held[0][0]
        self._held, self._last_id = held, lines[-1]["id"]

    def _new_lines(self) -> list[dict[str, Any]]:
        """Read on in the log file; a run on another machine has its lines elsewhere."""
        path = run_log.log_file(self._experiment_id)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return read_log(self._experiment_id, self._task_id, self._last_id)
        if shared_files().remote:
            return read_log(self._experiment_id, self._task_id, self._last_id)
        if size < self._offset:
            self._offset = 0
        if size == self._offset:
            return []
        with path.open("rb") as file:
            file.seek(self._offset)
            # A line that is being written waits for its end.
            whole, newline, _ = file.read().rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        return [line for text in whole.splitlines() if (line := _parsed(text)) is not None]

    def _take_news(self) -> None:
        """Notice that the run reported something, so that pages ask for it at once."""
        live = progress.read(self._task_id, self.epochs)
        self.epochs += len(live.epochs)
        self._notice_silence(live.snapshot.get("beat"))
        said = {key: value for key, value in live.snapshot.items() if key not in STEADY}
        if said == self._said:
            return
        self._said = said
        self.news += 1
        if said.get("status") in ENDED_WORDS:
            self._looks = 0

    def _notice_silence(self, beat: float | None) -> None:
        """Let pages look when signs of life are missing, and when they come again."""
        if beat != self._beat:
            self._beat, self._beat_at = beat, time.monotonic()
            self.news += self._silence_told
            self._silence_told = False
        elif not self._silence_told and self._is_late():
            self._silence_told = True
            self.news += 1

    def _is_late(self) -> bool:
        return time.monotonic() - self._beat_at > silence_limit_seconds()


@asynccontextmanager
async def watching(task_id: str, experiment_id: int) -> AsyncIterator[LogFeed]:
    """Join the viewers of a run; the first one makes the feed begin, the last one ends it."""
    feeds = _feeds.setdefault(asyncio.get_running_loop(), {})
    feed = feeds.get(task_id)
    if feed is None or feed.closed or feed.ended is not None:
        feed = feeds[task_id] = LogFeed(task_id, experiment_id)
        feed.start()
    feed.viewers += 1
    try:
        yield feed
    finally:
        feed.viewers -= 1
        if not feed.viewers:
            feed.stop()
            if feeds.get(task_id) is feed:
                del feeds[task_id]


def event(name: str, data: dict[str, Any], number: int | None = None) -> str:
    """Write a server-sent event; JSON has no line breaks that could begin another."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n"


def _numbered(line: dict[str, Any]) -> tuple[int, str]:
    return line["id"], event("log", line, line["id"])


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        line: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return line


def _ended(task_id: str) -> dict[str, Any] | None:
    try:
        run = ExperimentStore().by_task(task_id)
    except NotFoundError:
        return {"experiment_id": None, "name": "", "status": "deleted"}
    except SQLAlchemyError as error:
        log.warning("The status of task %s cannot be read: %s", task_id, error)
        return None
    if not run.status.ended:
        return None
    return {"experiment_id": run.id, "name": run.name, "status": run.status}
