"""A running bench and a real Chromium that fails a test on any console error."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.support.bench import START_LIMIT_SECONDS, Bench, running_bench, wait_until

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


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Start the bench with the README's command, on an empty data folder."""
    with running_bench(tmp_path_factory.mktemp("bench")) as running:
        wait_until(
            lambda: running.get("/api/datasets")["items"], START_LIMIT_SECONDS, "the built-in data"
        )
        yield running


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
    yield from open_page(browser, bench, viewport)


@pytest.fixture
def wide_page(browser: Browser, bench: Bench) -> Iterator[Page]:
    """Give a page at 1440×900 only, for what does not depend on the width."""
    yield from open_page(browser, bench, WIDE)


def open_page(
    browser: Browser, bench: Bench, viewport: dict[str, int], color_scheme: str = "light"
) -> Iterator[Page]:
    """Give a page of a bench once; on going on, fail when the console complained."""
    context = browser.new_context(
        viewport=viewport, base_url=bench.url, accept_downloads=True, color_scheme=color_scheme
    )
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
