"""The comparison in a real browser, of seeded runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import NARROW, WIDE, assert_no_sideways_scroll, open_page
from tests.support.bench import Bench
from tests.support.compared_runs import Bearing, Run, seeded_run, toy_dataset
from tests.support.web import serving

PATIENCE_MS = 60_000
GRAVE = ("serious", "critical")


@pytest.fixture
def seeded(sqlite: str) -> Iterator[Bench]:
    """Serve four finished runs: a poor one, a good one, one as good, one on another split."""
    data = toy_dataset(Bearing())
    for k, (name, accuracy, split) in enumerate(
        (("poor", 0.8, 0), ("good", 0.98, 0), ("like", 0.975, 0), ("elsewhere", 0.95, 5))
    ):
        seeded_run(data, Run(name, accuracy, luck=k, split_seed=split, epochs=10 + k))
    with serving() as bench:
        yield bench


@pytest.fixture
def wide(browser: Browser, seeded: Bench) -> Iterator[Page]:
    yield from open_page(browser, seeded, WIDE)


@pytest.fixture
def narrow(browser: Browser, seeded: Bench) -> Iterator[Page]:
    yield from open_page(browser, seeded, NARROW, "dark")


def opened(page: Page, query: str) -> None:
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"/compare?{query}")
    expect(page.locator("#compare-verdict .verdict-sentence")).to_be_visible(timeout=PATIENCE_MS)


def test_the_verdict_leads_to_the_pair_and_on_to_the_recording_that_flipped(wide: Page) -> None:
    opened(wide, "ids=1,2,3")
    verdict = wide.locator("#compare-verdict")
    expect(verdict).to_contain_text("cannot be told")
    expect(wide.locator("#compare-metrics .chip")).to_have_count(0)
    pairs = wide.get_by_role("table", name="Every pair of runs")
    expect(pairs.locator("tbody tr")).to_have_count(3, timeout=PATIENCE_MS)
    pairs.get_by_role("button", name="Look closer at runs 1 and 2").click()
    couple = wide.locator("#compare-couple")
    expect(couple).to_contain_text("only “good”", timeout=PATIENCE_MS)
    expect(wide).to_have_url(re.compile(r"a=1&b=2"))
    expect(wide.locator("#compare-slices .js-plotly-plot")).to_be_visible(timeout=PATIENCE_MS)
    flips = wide.get_by_role("table", name="Recordings whose prediction flipped")
    flips.locator("tbody tr").first.get_by_role("link", name="#2").click()
    expect(wide).to_have_url(re.compile(r"/experiment/2/results\?tab=signals&record=\d+&start=\d+"))


def test_runs_are_taken_out_added_and_refused_with_the_state_in_the_address(wide: Page) -> None:
    opened(wide, "ids=1,2,4&x=time&smooth=0.5")
    expect(wide.locator("#compare-verdict")).to_contain_text("The splits differ")
    expect(wide.get_by_role("table", name="Figures of the runs")).to_contain_text("elsewhere")
    wide.get_by_role("button", name="Take “elsewhere” out").click()
    expect(wide.locator("#compare-verdict")).to_contain_text(
        "“good” (#2) is better", timeout=PATIENCE_MS
    )
    expect(wide).to_have_url(re.compile(r"ids=1,2&.*x=time&smooth=0\.5"))
    expect(wide.locator("#compare-metrics .chip").first).to_have_text("best")
    wide.get_by_role("textbox", name="Add a run to the comparison").click()
    wide.get_by_role("option", name=re.compile("like")).click()
    expect(wide.locator("#compare-verdict")).to_contain_text("cannot be told", timeout=PATIENCE_MS)
    expect(wide).to_have_url(re.compile(r"ids=1,2,3"))
    margin = wide.get_by_label("Margin of equivalence in percentage points")
    margin.fill("20")
    expect(wide).to_have_url(re.compile(r"delta=0\.2"))


def test_it_fits_a_phone_and_axe_finds_nothing_grave(narrow: Page) -> None:
    opened(narrow, "ids=1,2,3")
    expect(narrow.locator("#compare-parallel .js-plotly-plot")).to_be_visible(timeout=PATIENCE_MS)
    expect(narrow.locator("#compare-couple .js-plotly-plot").first).to_be_visible(
        timeout=PATIENCE_MS
    )
    assert_no_sideways_scroll(narrow)
    found = Axe().run(narrow).response["violations"]
    assert [v["id"] for v in found if v["impact"] in GRAVE] == []
