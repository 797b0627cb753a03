"""A running bench and a real Chromium that fails a test on any console error."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[2]
START_LIMIT_SECONDS = 90
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Bench:
    """A bench that serves on its own data folder and port."""

    url: str
    data: Path

    def get(self, path: str) -> Any:
        """Read JSON from the REST interface."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send JSON to the REST interface and read the answer."""
        request = urllib.request.Request(  # noqa: S310
            self.url + path,
            data=json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)


def free_port() -> int:
    """Give a TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Poll a condition until it gives something true, or fail naming what was awaited."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"waited {seconds:.0f} s in vain for {what}")


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Start the bench with the README's command, on an empty data folder."""
    data = tmp_path_factory.mktemp("bench")
    port = free_port()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.endswith("_URL")},
        "SIGNALBENCH_DATA": str(data),
        "SIGNALBENCH_PORT": str(port),
    }
    log = (data / "bench.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=REPOSITORY, env=environment, stdout=log, stderr=log
    )
    running = Bench(f"http://127.0.0.1:{port}", data)
    try:
        wait_until(lambda: _is_ready(running, process), START_LIMIT_SECONDS, "the bench to start")
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        log.close()


def _is_ready(bench: Bench, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        pytest.fail("the bench ended: " + (bench.data / "bench.log").read_text()[-2000:])
    try:
        health = bench.get("/api/health")
        datasets = bench.get("/api/datasets")
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return bool(health["status"] == "ok" and _items(datasets))


def _items(answer: Any) -> list[Any]:
    return list(answer["items"] if isinstance(answer, dict) else answer)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start headless Chromium once."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs Chromium: apt-get install chromium")
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=["wide", "narrow"])
def page(browser: Browser, bench: Bench, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Give a page of the bench at 1440×900 and at 390×844; console errors fail the test."""
    viewport = WIDE if request.param == "wide" else NARROW
    yield from _open_page(browser, bench, viewport)


@pytest.fixture
def wide_page(browser: Browser, bench: Bench) -> Iterator[Page]:
    """Give a page at 1440×900 only, for what does not depend on the width."""
    yield from _open_page(browser, bench, WIDE)


def _open_page(browser: Browser, bench: Bench, viewport: dict[str, int]) -> Iterator[Page]:
    context = browser.new_context(viewport=viewport, base_url=bench.url, accept_downloads=True)
    context.set_default_timeout(20_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: _note_error(message, complaints))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert not complaints, f"the browser console complained: {complaints}"


def _note_error(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type == "error":
        complaints.append(message.text)


def assert_no_sideways_scroll(page: Page) -> None:
    """Fail when the page is wider than the window."""
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1], f"the page is {widths[0]} px wide in a {widths[1]} px window"
