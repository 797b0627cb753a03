"""The bell, its toasts, the channels and the log's search in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import assert_no_sideways_scroll
from tests.support.bench import Bench, wait_until
from tests.support.receivers import mail_server

RUN_LIMIT_MS = 120_000


@pytest.fixture(scope="module")
def told(bench: Bench) -> int:
    """End a run and give its id; everything told before is read."""
    bench.post("/api/notifications/read")
    run = bench.start_run("classical")
    bench.wait_for_run(run)
    return run


def test_the_bell_tells_what_ended_and_leads_there_by_keyboard(
    page: Page, bench: Bench, told: int
) -> None:
    page.goto("/settings")
    bell = page.get_by_role("button", name=re.compile("^Notifications"))
    expect(page.locator("#shell-bell-list .bell-line")).to_have_count(0)
    bell.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog", name="Notifications")
    expect(panel.locator(".bell-line").first).to_contain_text("is complete")
    assert_no_sideways_scroll(page)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(bell).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/experiment/{told}/results")
    expect(panel).to_be_hidden()


def test_what_happens_while_a_page_is_open_is_shown_as_a_toast_and_counted(
    wide_page: Page, bench: Bench
) -> None:
    wide_page.goto("/datasets")
    bench.post("/api/notifications/read")
    expect(wide_page.locator("#shell-bell-count")).to_be_empty()
    run = bench.start_run("classical")
    name = bench.get(f"/api/experiments/{run}")["name"]
    toast = wide_page.locator(".mantine-Notification-root").filter(has_text="is complete")
    expect(toast).to_contain_text(name, timeout=RUN_LIMIT_MS)
    expect(wide_page.locator("#shell-bell-count")).to_have_text("1")
    wide_page.locator("#shell-bell").click()
    wide_page.get_by_role("button", name="Mark all read").click()
    expect(wide_page.locator("#shell-bell-count")).to_be_empty()
    wait_until(lambda: not bench.get("/api/notifications")["unread"], 20, "the bench to know")


def test_a_channel_is_set_up_tested_changed_and_deleted(wide_page: Page, bench: Bench) -> None:
    with mail_server() as box:
        wide_page.goto("/settings?tab=notifications")
        wide_page.get_by_role("button", name="Add a channel").click()
        wide_page.get_by_role("menuitem", name="E-mail").click()
        wide_page.get_by_role("button", name="Save").click()
        expect(wide_page.get_by_text("Enter this.").first).to_be_visible()
        wide_page.get_by_label("Mail server").fill("127.0.0.1")
        wide_page.get_by_label("Port").fill(str(box.port))
        wide_page.get_by_role("textbox", name="Encryption").click()
        wide_page.get_by_role("option", name="Not encrypted").click()
        wide_page.get_by_label("From").fill("bench@example.org")
        wide_page.get_by_role("textbox", name="To").fill("ann@example.org")
        wide_page.keyboard.press("Enter")
        wide_page.get_by_role("button", name="Save").click()
        card = wide_page.locator(".channel").filter(has_text="ann@example.org")
        card.get_by_role("button", name="Send a test").click()
        expect(card).to_contain_text("Test sent", timeout=30_000)
        assert box.mails[0]["To"] == "ann@example.org"
    card.get_by_role("button", name="Send a test").click()
    expect(card).to_contain_text("does not answer", timeout=30_000)
    card.locator(".mantine-Switch-track").click()
    expect(card).to_contain_text("Off")
    card.get_by_role("button", name="Delete").click()
    wide_page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(card).to_have_count(0)
    assert bench.get("/api/channels")["items"] == []


def test_the_log_is_searched_and_downloaded(wide_page: Page, told: int, tmp_path: Path) -> None:
    wide_page.goto(f"/experiment/{told}/monitor")
    log = wide_page.get_by_role("log")
    expect(log).to_contain_text("Test accuracy", timeout=30_000)
    search = wide_page.get_by_label("Search the log")
    search.fill("test ACC")
    count = wide_page.locator("#monitor-log-count")
    expect(count).to_have_text(re.compile(r"^\d+ found$"))
    expect(log.locator("mark").first).to_be_visible()
    search.press("Enter")
    expect(count).to_have_text(re.compile(r"^1 of \d+$"))
    search.fill("no such words")
    expect(count).to_have_text("none found")
    with wide_page.expect_download() as download:
        wide_page.get_by_role("link", name="Download the whole log").click()
    path = tmp_path / "log.txt"
    download.value.save_as(path)
    assert "INFO" in path.read_text(encoding="utf-8")
