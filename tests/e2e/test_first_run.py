"""The promise: from an empty bench to a trained model and its PDF in at most eight clicks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import NARROW, WIDE, assert_no_sideways_scroll, open_page
from tests.support.bench import START_LIMIT_SECONDS, Bench, running_bench, wait_until

MAX_CLICKS = 8


class Newcomer:
    """A person who only clicks, and counts the clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1
        assert_no_sideways_scroll(self.page)


@pytest.fixture(scope="module", params=["wide", "narrow"])
def empty_bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    with running_bench(tmp_path_factory.mktemp("newcomer")) as bench:
        ready = "/api/datasets?ready_only=true"
        wait_until(lambda: bench.get(ready)["items"], START_LIMIT_SECONDS, "the built-in data")
        yield bench, WIDE if request.param == "wide" else NARROW


@pytest.fixture
def newcomer(
    empty_bench: tuple[Bench, dict[str, int]], browser: Browser
) -> Iterator[tuple[Newcomer, Bench]]:
    bench, viewport = empty_bench
    for page in open_page(browser, bench, viewport):
        yield Newcomer(page), bench


def test_an_empty_bench_leads_to_a_trained_model_and_its_pdf(
    newcomer: tuple[Newcomer, Bench], tmp_path: Path
) -> None:
    person, bench = newcomer
    page = person.page
    page.goto("/")
    person.click(page.get_by_role("link", name="Try it on a bundled recording"))
    expect(page.locator("#wizard-summary")).to_contain_text("Time")
    person.click(page.get_by_role("button", name="Next", exact=True))
    expect(page.get_by_role("region", name="Configure")).to_be_visible()
    person.click(page.get_by_role("button", name="Next", exact=True))
    expect(page.get_by_role("region", name="Review")).to_be_visible()
    person.click(page.get_by_role("button", name="Start training", exact=True))

    page.wait_for_url("**/experiment/1/monitor")
    results = page.get_by_role("link", name=re.compile("results", re.IGNORECASE)).first
    expect(results).to_be_visible(timeout=120_000)
    person.click(results)
    expect(page.get_by_text(re.compile(r"Correct on \d"))).to_be_visible()
    person.click(page.get_by_role("tab", name="Artifacts"))
    person.click(page.get_by_role("button", name="Make the report"))
    pdf = page.get_by_role("link", name=re.compile("Download the PDF"))
    expect(pdf).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        person.click(pdf)

    report = tmp_path / "report.pdf"
    download.value.save_as(report)
    document = pypdfium2.PdfDocument(report)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    accuracy = bench.get("/api/experiments/1")["accuracy"]
    assert len(document) >= 6
    assert f"{accuracy * 100:.1f}" in text
    assert person.clicks <= MAX_CLICKS

    page.goto("/experiments")
    expect(page.get_by_text("1 experiment", exact=True)).to_be_visible()
