"""From finished runs in the history to an ensemble's results, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import assert_no_sideways_scroll
from tests.support.bench import Bench

RUN_LIMIT_MS = 120_000


def members(bench: Bench) -> list[int]:
    """Train three quick forests that differ."""
    runs = [
        bench.start_run("classical", {"model": {"trees": trees}, "seed": trees})
        for trees in (10, 15, 20)
    ]
    for run in runs:
        bench.wait_for_run(run)
    return runs


def test_selected_runs_are_joined_and_the_results_say_who_counts(
    wide_page: Page, bench: Bench
) -> None:
    page, runs = wide_page, members(bench)
    page.goto("/experiments")
    join = page.get_by_role("button", name="Ensemble …")
    for run in runs:
        page.locator(f'.ag-row[row-id="{run}"] input[type=checkbox]').check()
    expect(page.get_by_text("3 selected")).to_be_visible()
    expect(join).to_be_enabled()
    join.click()
    page.wait_for_url(re.compile(r"/experiment/new\?members="))
    picked = page.locator("#wizard-configure")
    for run in runs:
        expect(picked).to_contain_text(f"{run}: Classical features")
    expect(page.locator("#wizard-summary")).to_contain_text("Ready to start")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("region", name="Review")).to_be_visible()
    page.get_by_role("button", name="Start training", exact=True).click()
    page.wait_for_url("**/experiment/*/monitor")
    number = int(re.findall(r"/experiment/(\d+)/", page.url)[0])
    bench.wait_for_run(number)
    run = bench.get(f"/api/experiments/{number}")
    assert run["status"] == "completed", run["error"]
    assert run["config"]["members"]["experiments"] == sorted(runs)
    assert run["forecast"]["low"] < run["forecast"]["high"]
    page.goto(f"/experiment/{number}/results")
    expect(page.get_by_text(re.compile(r"^Forecast .* took "))).to_be_visible()
    page.goto(f"/experiment/{number}/results?tab=visualisations")
    for title in ("Weight of each member", "Agreement of the members"):
        expect(page.get_by_role("heading", name=title)).to_be_visible(timeout=RUN_LIMIT_MS)
    assert_no_sideways_scroll(page)


def test_too_few_selected_runs_cannot_be_joined(wide_page: Page, bench: Bench) -> None:
    run = bench.start_run("classical")
    bench.wait_for_run(run)
    wide_page.goto("/experiments")
    wide_page.locator(f'.ag-row[row-id="{run}"] input[type=checkbox]').check()
    expect(wide_page.get_by_text("1 selected")).to_be_visible()
    expect(wide_page.get_by_role("button", name="Ensemble …")).to_be_disabled()
