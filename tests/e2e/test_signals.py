"""The Signals tab in a real browser: a test window, what the model looked at, moveable cursors."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import assert_no_sideways_scroll
from tests.e2e.test_monitor import in_page, start
from tests.support.bench import Bench

BASE = "#signals-cursor-base"
ROWS = "#signals-cursor-readout tbody tr"
DRAWN_MS = 20_000
HANDLE = "#signals-spectrum .cursor-handle[data-kind=base]"


@pytest.fixture(scope="module")
def run(bench: Bench) -> int:
    """Train one small network to its end."""
    experiment = int(start(bench, epochs=3)["experiment_id"])
    bench.wait_for_run(experiment, 120)
    return experiment


def open_signals(page: Page, run: int, query: str = "") -> None:
    page.goto(f"/experiment/{run}/results?tab=signals{query}")
    for key in ("wave", "spectrum", "envelope", "waterfall", "kurtogram"):
        expect(page.locator(f"#signals-{key} .main-svg").first).to_be_visible(timeout=DRAWN_MS)


def frequency(page: Page) -> float:
    return float(page.locator(BASE).input_value() or "nan")


def first_line(page: Page) -> Locator:
    return page.locator(ROWS).first.locator("td").nth(1)


def test_a_window_is_shown_with_what_the_model_looked_at(page: Page, run: int) -> None:
    open_signals(page, run)
    expect(page.locator("#signals-said")).to_contain_text(
        re.compile(r"(Recognised|taken for) .* %")
    )
    expect(page.locator("#signals-wave h2").first).to_contain_text("looked most at")
    expect(page.locator("#signals-wave h2").nth(1)).to_contain_text("rests")
    assert page.locator("#signals-wave .shapelayer path").count() > 1
    assert_no_sideways_scroll(page)


def test_a_cursor_is_typed_moved_by_keys_and_dragged(page: Page, run: int) -> None:
    open_signals(page, run)
    page.locator(BASE).fill("1")
    expect(first_line(page)).to_have_text("1")
    expect(page.locator(ROWS)).to_have_count(5)
    handle = page.locator(HANDLE)
    handle.focus()
    page.keyboard.press("Shift+ArrowRight")
    in_page(page, lambda: frequency(page) > 1, "the arrow key to move the cursor")
    before = frequency(page)
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=4)
    page.mouse.up()
    in_page(page, lambda: frequency(page) > before, "the drag to move the cursor")
    told = float(handle.get_attribute("aria-valuenow") or "nan")
    assert told == pytest.approx(frequency(page), rel=1e-3)


def test_sidebands_stand_on_both_sides_of_their_carrier(wide_page: Page, run: int) -> None:
    open_signals(wide_page, run)
    wide_page.locator(BASE).fill("2")
    wide_page.locator("#signals-cursor-mode").get_by_text("Sidebands").click()
    wide_page.locator("#signals-cursor-spacing").fill("0.5")
    wide_page.locator("#signals-cursor-count").fill("2")
    expect(wide_page.locator(ROWS)).to_have_count(5)
    shown = [row.locator("td").nth(1).inner_text() for row in wide_page.locator(ROWS).all()]
    assert shown == ["1", "1.5", "2", "2.5", "3"]
    wide_page.locator("#signals-cursor-mode").get_by_text("Off").click()
    expect(wide_page.locator("#signals-cursor-readout")).to_contain_text("The cursor is off")


def test_a_cell_of_the_kurtogram_sets_the_envelope_band(wide_page: Page, run: int) -> None:
    open_signals(wide_page, run)
    plot = wide_page.locator("#signals-kurtogram .nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    wide_page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.8 * box["height"])
    band = wide_page.locator("#signals-band-words")
    expect(band).to_have_text(re.compile(r"[\d.]+ to [\d.]+ Hz"))
    wide_page.get_by_role("button", name="Envelope of all frequencies").click()
    expect(band).to_have_text("all frequencies")


def test_a_confusion_cell_leads_to_the_signals_of_its_recordings(wide_page: Page, run: int) -> None:
    wide_page.goto(f"/experiment/{run}/results?tab=metrics")
    plot = wide_page.locator(".confusion .js-plotly-plot .nsewdrag").first
    expect(plot).to_be_visible(timeout=DRAWN_MS)
    box = plot.bounding_box()
    assert box is not None
    wide_page.mouse.click(box["x"] + 20, box["y"] + 20)
    link = wide_page.locator("#results-cell table a").first
    name = link.inner_text()
    link.click()
    shown = wide_page.locator("#signals-recording")
    expect(shown).to_have_value(re.compile(re.escape(name)), timeout=DRAWN_MS)


def test_an_address_that_names_no_window_opens_the_most_telling_one(
    wide_page: Page, run: int
) -> None:
    open_signals(wide_page, run, "&record=99999&start=x")
    expect(wide_page.locator("#signals-telling")).not_to_have_value("")
