"""The Failures tab in a real browser: from a kind of confusion to a window and why, perhaps."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import assert_no_sideways_scroll
from tests.e2e.test_monitor import start
from tests.support.bench import Bench

ANALYSED_MS = 120_000
DRAWN_MS = 20_000
LISTED = "#failures-list .failures-link"


@pytest.fixture(scope="module")
def run(bench: Bench) -> int:
    """Train a network for too short a time to be right."""
    experiment = int(start(bench, epochs=1)["experiment_id"])
    bench.wait_for_run(experiment, 120)
    return experiment


def open_failures(page: Page, run: int, query: str = "") -> None:
    page.goto(f"/experiment/{run}/results?tab=failures{query}")
    expect(page.locator(LISTED).first).to_be_visible(timeout=DRAWN_MS)
    expect(page.locator(".failures-facts")).to_be_visible(timeout=ANALYSED_MS)


def test_opening_the_tab_has_the_failures_analysed(page: Page, run: int) -> None:
    open_failures(page, run)
    expect(page.locator(".failures-near .failures-link").first).to_be_visible(timeout=DRAWN_MS)
    expect(page.locator("#failures-detail .main-svg").first).to_be_visible(timeout=DRAWN_MS)
    assert_no_sideways_scroll(page)


def test_a_confusion_filters_the_windows_and_one_opens_by_keyboard(
    wide_page: Page, run: int
) -> None:
    open_failures(wide_page, run)
    pair = wide_page.locator(".failures-pair").first
    count = int(pair.locator(".number").inner_text())
    pair.click()
    expect(wide_page.locator("#failures-cells")).to_contain_text("taken for", timeout=DRAWN_MS)
    expect(wide_page.locator(LISTED)).to_have_count(min(10, count), timeout=DRAWN_MS)
    expect(wide_page.locator("#failures-list")).to_contain_text(f"of {count} windows")
    last = wide_page.locator(LISTED).last
    name = last.inner_text().split(", at")[0]
    last.focus()
    wide_page.keyboard.press("Enter")
    expect(wide_page.locator(".failures-chosen")).to_contain_text(name, timeout=DRAWN_MS)
    expect(wide_page.locator(".failures-heading")).to_contain_text(name, timeout=DRAWN_MS)
    wide_page.locator(".failures-near .failures-link").first.click()
    expect(wide_page.locator("#failures-neighbour h2").first).to_have_text(
        re.compile("Wave of .* trained on"), timeout=DRAWN_MS
    )
    assert "taken for" in wide_page.locator(".failures-heading h2").inner_text()
