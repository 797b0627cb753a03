"""Redis killed, held, and behind a link that falls silent."""

from __future__ import annotations

import contextlib
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from storage import progress
from storage.settings import settings
from storage.stores.experiments import ExperimentStore
from tests.benchmarks.reliability.common import (
    Row,
    await_ended,
    bench,
    cancel,
    endless,
    p95,
    spread,
    start_runs,
)
from tests.benchmarks.reliability.silent_link import Link, silent_link
from tests.chaos.patient import Patient
from tests.chaos.runs import Kind
from tests.support.bench import wait_until
from tests.support.servers import running_redis

RECOVERY_SECONDS = 30.0
LIMIT_SECONDS = 90.0
ANSWER_SECONDS = 30
SHORT = Kind("cnn1d", 0, 10)


def killed(kills: int) -> list[Row]:
    """Kill the embedded Redis so many times; each time await its return and live figures."""
    recoveries: list[float] = []
    with bench() as subject, asking(subject) as answers:
        numbers = start_runs(subject, endless(), 2)
        for _ in range(kills):
            (server,) = wait_until(lambda: subject.processes("redis"), LIMIT_SECONDS, "Redis")
            server.kill()
            recoveries.append(_live_again(numbers[0], time.time()))
        cancel(subject, numbers)
        wrong = await_ended(start_runs(subject, SHORT, 1, "after"))
    bar = "≤ 30 s, nothing lost, the page stays up"
    figure = f"{spread(recoveries)}; {_pages(answers)}; {len(wrong)} runs lost"
    held = max(recoveries) <= RECOVERY_SECONDS and not wrong and all(answers)
    return [Row("Redis killed → live figures again", bar, figure, held)]


def held(seconds: float) -> list[Row]:
    """Stop the server for a while; runs and pages go on."""
    with bench() as subject, asking(subject) as answers:
        numbers = start_runs(subject, endless(), 2)
        (server,) = subject.processes("redis")
        before = [ExperimentStore().get(number).epochs_done for number in numbers]
        server.suspend()
        time.sleep(seconds)
        after = [ExperimentStore().get(number).epochs_done for number in numbers]
        server.resume()
        recovery = _live_again(numbers[0], time.time())
        cancel(subject, numbers)
        wrong = await_ended(start_runs(subject, SHORT, 1, "after"))
    went_on = all(later > earlier for earlier, later in zip(before, after, strict=True))
    figure = f"{recovery:.1f} s after its return; {_pages(answers)}; {len(wrong)} runs lost"
    held = recovery <= RECOVERY_SECONDS and went_on and not wrong and all(answers)
    what = f"Redis stopped for {seconds:.0f} s → live figures again"
    return [Row(what, "≤ 30 s, runs go on, the page stays up", figure, held)]


def silent() -> list[Row]:
    """Let every open connection fall silent without closing it; new ones work."""
    with (
        running_redis() as url,
        silent_link(url) as link,
        bench(variables={"REDIS_URL": link.url}) as subject,
        asking(subject) as answers,
    ):
        numbers = start_runs(subject, endless(), 2)
        live, bell = _silence(link, url, numbers[0])
        cancel(subject, numbers)
        wrong = await_ended(start_runs(subject, SHORT, 1, "after"))
    figure = f"live figures {live:.1f} s, bell {bell:.1f} s; {_pages(answers)}"
    held = max(live, bell) <= RECOVERY_SECONDS and not wrong and all(answers)
    return [Row("silent link to Redis → recovered", "≤ 30 s", figure, held)]


def _silence(link: Link, url: str, number: int) -> tuple[float, float]:
    """Give the seconds until live figures, and until the worker listens anew."""
    task = ExperimentStore().get(number).task_id
    direct = redis.Redis.from_url(url)
    deaf = _listeners(direct)
    link.fall_silent()
    began = time.time()
    live = bell = 0.0
    deadline = began + LIMIT_SECONDS
    while time.time() < deadline and not (live and bell):
        if not live and _beat(direct, task) > began + 0.5:
            live = time.time() - began
        if not bell and _listeners(direct) - deaf:
            bell = time.time() - began
        time.sleep(0.05)
    direct.close()
    return live or LIMIT_SECONDS, bell or LIMIT_SECONDS


def _listeners(direct: redis.Redis) -> set[str]:
    """Give the connections that wait for messages: the worker's bell."""
    return {client["id"] for client in direct.client_list() if client["cmd"] == "brpop"}


def _live_again(number: int, after: float) -> float:
    """Give the seconds until a run's snapshot in Redis is newer than a moment."""
    task = ExperimentStore().get(number).task_id

    def newer() -> bool:
        with contextlib.suppress(redis.RedisError, OSError):
            client = progress.connect(settings().redis_url)
            try:
                return _beat(client, task) > after
            finally:
                client.close()
        return False

    wait_until(newer, LIMIT_SECONDS, "live figures")
    return time.time() - after


def _beat(client: redis.Redis, task: str) -> float:
    import orjson

    raw = client.get(f"task:{task}:progress")
    return float(orjson.loads(raw).get("beat", 0.0)) if isinstance(raw, bytes) else 0.0


@contextmanager
def asking(subject: Patient) -> Iterator[list[float]]:
    """Ask for a page twice a second; gives the seconds of each answer, 0 where there was none."""
    answers: list[float] = []
    over = threading.Event()

    def ask() -> None:
        while not over.wait(0.5):
            began = time.monotonic()
            try:
                with urllib.request.urlopen(  # noqa: S310
                    f"{subject.http.url}/experiments", timeout=ANSWER_SECONDS
                ) as page:
                    page.read()
                answers.append(time.monotonic() - began)
            except OSError:
                answers.append(0.0)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join(ANSWER_SECONDS + 5)


def _pages(answers: list[float]) -> str:
    failed = sum(1 for seconds in answers if not seconds)
    return f"page p95 {p95(answers):.2f} s, {failed} of {len(answers)} unanswered"
