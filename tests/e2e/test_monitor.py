"""The monitor in a real browser, watching real runs."""

from __future__ import annotations

import json
import re
import statistics
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import assert_no_sideways_scroll
from tests.support.bench import Bench, wait_until

RUN_LIMIT_MS = 120_000
CURVE = """key => {
    const graph = window.dash_clientside.chart && window.dash_clientside.chart.graphOf(key);
    return graph && graph.data && graph.data.length ? graph.data[0].x : [];
}"""


def start(bench: Bench, epochs: int = 15, **training: Any) -> dict[str, Any]:
    """Start a small network on the smallest built-in set."""
    config = {"training": {"epochs": epochs, "patience": 0, **training}}
    body = {"family": "cnn1d", "dataset_id": bench.ready_dataset("Basic motions"), "config": config}
    return dict(bench.post("/api/experiments", body))


def in_page(page: Page, condition: Callable[[], Any], what: str, seconds: float = 120) -> None:
    """Wait for something that scripts can see (the page's policy forbids Playwright's own way)."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        page.wait_for_timeout(50)


def drawn(page: Page) -> list[int]:
    return [int(number) for number in page.evaluate(CURVE, "monitor-loss")]


def chip(page: Page, word: str) -> None:
    expect(page.locator("#monitor-chip")).to_have_text(word, timeout=RUN_LIMIT_MS)


def epochs(bench: Bench, run: dict[str, Any]) -> list[dict[str, Any]]:
    return list(bench.get(f"/api/experiments/{run['experiment_id']}/epochs")["items"])


def open_monitor(page: Page, run: dict[str, Any]) -> None:
    page.goto(f"/experiment/{run['experiment_id']}/monitor")
    expect(page.locator("#monitor-answer")).to_contain_text("%", timeout=20_000)


def cancel_quietly(bench: Bench, run: dict[str, Any]) -> None:
    bench.post(f"/api/task-cancel/{run['task_id']}")


def test_a_run_is_followed_to_its_end_and_leads_to_the_results(page: Page, bench: Bench) -> None:
    run = start(bench)
    open_monitor(page, run)
    chip(page, "completed")
    expect(page.locator("#monitor-notice")).to_contain_text("of test windows")
    assert drawn(page) == [row["epoch"] for row in epochs(bench, run)]
    expect(page.get_by_role("log")).to_contain_text("Finished after epoch 15")
    expect(page.locator("#monitor-events").get_by_text("Completed.")).to_be_visible()
    assert_no_sideways_scroll(page)
    page.get_by_role("link", name="See the results").click()
    page.wait_for_url("**/results")


def test_pause_resume_and_stop_are_obeyed_and_the_stopped_run_is_evaluated(
    wide_page: Page, bench: Bench
) -> None:
    run = start(bench, epochs=2000)
    open_monitor(wide_page, run)
    in_page(wide_page, lambda: len(drawn(wide_page)) >= 2, "two epochs")
    wide_page.get_by_role("button", name="Pause").click()
    chip(wide_page, "paused")
    wide_page.get_by_role("button", name="Resume").click()
    chip(wide_page, "running")
    held = len(epochs(bench, run))
    wait_until(lambda: len(epochs(bench, run)) > held, 60, "an epoch after resuming")
    wide_page.get_by_role("button", name="Stop", exact=True).click()
    expect(wide_page.get_by_text("Stop this run?")).to_be_visible()
    wide_page.get_by_role("button", name="Stop and evaluate").click()
    chip(wide_page, "stopped")
    expect(wide_page.locator("#monitor-notice")).to_contain_text("its best model was kept")
    assert drawn(wide_page) == [row["epoch"] for row in epochs(bench, run)]


def test_a_cancelled_run_can_be_retried(wide_page: Page, bench: Bench) -> None:
    run = start(bench, epochs=2000)
    open_monitor(wide_page, run)
    wide_page.get_by_role("button", name="Cancel", exact=True).click()
    wide_page.get_by_role("button", name="Cancel the run").click()
    chip(wide_page, "cancelled")
    wide_page.get_by_role("button", name="Retry").click()
    expect(wide_page.locator("#monitor-chip")).to_have_text(re.compile("pending|running"))
    cancel_quietly(bench, run)
    chip(wide_page, "cancelled")


def test_new_epochs_show_soon_after_they_are_committed(wide_page: Page, bench: Bench) -> None:
    run = start(bench, epochs=2000)
    open_monitor(wide_page, run)
    in_page(wide_page, lambda: drawn(wide_page), "the first epoch")
    seen: dict[int, float] = {}
    deadline = time.monotonic() + 60
    while len(seen) < 12 and time.monotonic() < deadline:
        for number in drawn(wide_page):
            seen.setdefault(number, datetime.now(UTC).timestamp())
        wide_page.wait_for_timeout(20)
    made = {
        row["epoch"]: datetime.fromisoformat(row["created_at"]).timestamp()
        for row in epochs(bench, run)
    }
    cancel_quietly(bench, run)
    fresh = sorted(seen)[1:]
    delays = [seen[number] - made[number] for number in fresh]
    # The aim is half a second; a test machine that trains and draws at once gets some more.
    assert statistics.median(delays) < 1.0, delays


def test_smoothing_and_log_scale_change_the_drawing_and_keep_the_data(
    wide_page: Page, bench: Bench
) -> None:
    run = start(bench)
    open_monitor(wide_page, run)
    chip(wide_page, "completed")
    before = drawn(wide_page)
    wide_page.get_by_role("switch", name="Smooth both").check()
    wide_page.get_by_role("switch", name="Log scale").check()
    graph = "window.dash_clientside.chart.graphOf('monitor-loss')"
    state = f"[{graph}.layout.yaxis.type, {graph}.data[2].visible]"
    in_page(wide_page, lambda: wide_page.evaluate(state) == ["log", True], "the new drawing", 20)
    assert drawn(wide_page) == before


def test_the_log_stream_resumes_after_the_last_line_and_tells_the_end(bench: Bench) -> None:
    run = start(bench, epochs=2)
    lines, end = read_stream(bench, run["task_id"])
    assert end["status"] == "completed"
    assert [line["id"] for line in lines] == list(range(1, len(lines) + 1))
    later, _ = read_stream(bench, run["task_id"], last_id=lines[-2]["id"])
    assert later == lines[-1:]


def test_the_task_routes_tell_and_cancel_by_task_id(bench: Bench) -> None:
    run = start(bench, epochs=2000)
    cancel_quietly(bench, run)

    def status() -> str:
        return str(bench.get(f"/api/task-status/{run['task_id']}")["status"])

    wait_until(lambda: status() == "cancelled", 60, "the run to be cancelled")


@pytest.mark.parametrize("address", ["999999", "-1", "abc", "99999999999999999999"])
def test_an_address_that_leads_nowhere_says_so(wide_page: Page, address: str) -> None:
    wide_page.goto(f"/experiment/{address}/monitor")
    expect(wide_page.get_by_text("There is no such experiment")).to_be_visible()


def read_stream(
    bench: Bench, task_id: str, last_id: int | None = None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Read server-sent events until the end of the run."""
    headers = {} if last_id is None else {"Last-Event-ID": str(last_id)}
    request = urllib.request.Request(  # noqa: S310
        f"{bench.url}/api/task-logs/{task_id}", headers=headers
    )
    lines: list[dict[str, Any]] = []
    event = ""
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        for raw in answer:
            text = raw.decode().rstrip()
            event = text.removeprefix("event: ") if text.startswith("event: ") else event
            if not text.startswith("data: "):
                continue
            data = json.loads(text.removeprefix("data: "))
            if event == "log":
                lines.append(data)
            if event == "end":
                return lines, data
    raise AssertionError("the stream ended without its end event")
