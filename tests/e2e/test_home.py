"""The frame and the home screen in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import WIDE, assert_no_sideways_scroll, open_page
from tests.support.bench import Bench, running_bench, wait_until
from tests.support.web import serving

PAGES = ("/", "/datasets", "/experiment/new", "/experiments", "/nonesuch")


@pytest.fixture(scope="module")
def new_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A bench on which nobody has made an experiment, and which trains none."""
    with running_bench(tmp_path_factory.mktemp("new")) as running:
        wait_until(lambda: running.get("/api/datasets")["items"], 90, "the built-in data")
        yield running


@pytest.fixture
def new_page(browser: Browser, new_bench: Bench) -> Iterator[Page]:
    yield from open_page(browser, new_bench, WIDE)


def is_narrow(page: Page) -> bool:
    return bool(page.viewport_size and page.viewport_size["width"] < 768)


def open_rail(page: Page) -> None:
    if is_narrow(page):
        page.get_by_role("button", name="Menu").click()


def test_a_new_bench_shows_one_path(new_page: Page, new_bench: Bench) -> None:
    new_page.goto("/")
    first = new_page.get_by_role("link", name="Try it on a bundled recording")
    expect(first).to_have_attribute("href", re.compile(r"/experiment/new\?dataset=\d+"))
    expect(new_page.get_by_role("link", name="Bring your own")).to_have_attribute(
        "href", "/datasets"
    )
    first.click()
    expect(new_page).to_have_url(re.compile(r"/experiment/new\?dataset=\d+"))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_its_window_and_has_one_heading(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator("#content h1, #content h2").first).to_be_visible()
    assert_no_sideways_scroll(page)
    assert page.locator("h1").count() <= 1


def test_the_rail_leads_everywhere_and_marks_where_one_is(page: Page) -> None:
    page.goto("/")
    for name, path in (("Data", "/datasets"), ("Experiments", "/experiments"), ("Home", "/")):
        open_rail(page)
        rail = page.get_by_role("navigation", name="Main")
        rail.get_by_role("link", name=name, exact=True).click()
        expect(page).to_have_url(re.compile(f"{path}$"))
        if is_narrow(page):
            expect(rail).to_be_hidden()
            open_rail(page)
        current = rail.locator("[aria-current=page]")
        expect(current).to_have_count(1)
        expect(current).to_contain_text(name)
        if is_narrow(page):
            page.keyboard.press("Escape")
            expect(rail).to_be_hidden()


def test_the_search_opens_by_key_finds_and_leads_there(page: Page) -> None:
    page.goto("/")
    expect(page.locator("#content h1")).to_have_text("Home")
    for key in ("/", "Control+k"):
        page.keyboard.press(key)
        field = page.get_by_role("textbox", name="Search", exact=True)
        expect(field).to_be_focused()
        page.keyboard.type("history")
        expect(page.get_by_role("link", name="Experiments (history)")).to_be_visible()
        if key == "/":
            page.keyboard.press("Escape")
            expect(field).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/experiments$"))
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_slash_typed_into_a_field_stays_a_slash(wide_page: Page) -> None:
    wide_page.goto("/experiments")
    field = wide_page.get_by_role("combobox", name="Search experiments")
    field.click()
    wide_page.keyboard.type("a/b")
    expect(field).to_have_value("a/b")
    expect(wide_page.get_by_role("dialog")).to_have_count(0)


def test_theme_and_folded_rail_outlive_a_reload(wide_page: Page) -> None:
    wide_page.goto("/")
    scheme = wide_page.locator("html")
    before = scheme.get_attribute("data-mantine-color-scheme")
    wide_page.get_by_role("button", name="Switch between light and dark").click()
    after = "light" if before == "dark" else "dark"
    expect(scheme).to_have_attribute("data-mantine-color-scheme", after)
    wide_page.get_by_role("button", name="Collapse or widen the menu").click()
    expect(wide_page.locator("body")).to_have_class(re.compile("rail-narrow"))
    wide_page.reload()
    expect(scheme).to_have_attribute("data-mantine-color-scheme", after)
    expect(wide_page.locator("body")).to_have_class(re.compile("rail-narrow"))
    expect(wide_page.get_by_role("link", name="Experiments", exact=True)).to_be_visible()


def test_the_keyboard_reaches_the_content_first(wide_page: Page) -> None:
    wide_page.goto("/")
    expect(wide_page.locator("#content h1")).to_be_visible()
    wide_page.keyboard.press("Tab")
    expect(wide_page.get_by_role("link", name="Skip to content")).to_be_focused()
    wide_page.keyboard.press("Enter")
    assert wide_page.evaluate("document.activeElement.id") == "content"


def test_a_running_job_shows_in_the_pill_and_on_home(page: Page, bench: Bench) -> None:
    config = {"training": {"epochs": 300, "patience": 0}}
    run = bench.post(
        "/api/experiments",
        {
            "family": "cnn1d",
            "dataset_id": bench.ready_dataset("Basic motions"),
            "config": config,
            "name": "Shown",
        },
    )
    try:
        page.goto("/")
        pill = page.locator(".jobs-pill")
        expect(pill).to_contain_text("running", timeout=60_000)
        expect(page.locator("#home-now").get_by_role("link", name="Shown").first).to_be_visible()
        pill.click()
        expect(page).to_have_url(re.compile("/monitor$|/experiments"))
    finally:
        bench.post(f"/api/task-cancel/{run['task_id']}")


def test_a_bench_without_worker_says_so_across_the_page(browser: Browser, sqlite: str) -> None:
    with serving() as lonely:
        pages = open_page(browser, lonely, WIDE)
        page = next(pages)
        page.goto("/experiments")
        banners = page.locator("#shell-banner").get_by_role("alert")
        expect(banners.filter(has_text="No worker is alive")).to_be_visible()
        expect(banners.filter(has_text="Redis does not answer")).to_be_visible()
        next(pages, None)


def test_frame_and_content_come_quickly(wide_page: Page, bench: Bench) -> None:
    wide_page.goto("/")
    begun = time.monotonic()
    wide_page.goto("/experiments")
    expect(wide_page.locator("#content h1")).to_be_visible()
    # The goal is a second on a quiet machine; tests share theirs.
    assert time.monotonic() - begun < 8
