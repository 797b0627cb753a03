"""Repeats and learning curves in a real browser, of real runs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import assert_no_sideways_scroll
from tests.e2e.test_monitor import start
from tests.support.bench import Bench, wait_until

ENDED = ("completed", "failed")
LOADED_MS = 30_000


@pytest.fixture(scope="module")
def finished(bench: Bench) -> dict[str, Any]:
    """Train one very small network to its end."""
    run = start(bench, epochs=2)
    address = f"/api/experiments/{run['experiment_id']}"
    wait_until(lambda: bench.get(address)["status"] in ENDED, 120, "the run to end")
    return dict(bench.get(address))


def test_a_run_is_repeated_from_the_wizard_and_its_runs_know_each_other(
    wide_page: Page, bench: Bench, finished: dict[str, Any]
) -> None:
    wide_page.goto(f"/experiment/clone/{finished['id']}?repeats=2&step=3")
    expect(wide_page.get_by_label("Repeat with other seeds")).to_have_value("2 ×")
    expect(wide_page.get_by_text("Time, 2 runs")).to_be_visible(timeout=LOADED_MS)
    wide_page.get_by_role("button", name="Start training").click()
    wide_page.wait_for_url(re.compile(r"/study/\d+$"))
    runs = wide_page.get_by_role("link", name=re.compile(r"seed \d$"))
    expect(runs).to_have_count(2, timeout=LOADED_MS)
    wide_page.set_viewport_size({"width": 390, "height": 844})
    assert_no_sideways_scroll(wide_page)
    study = wide_page.url.rpartition("/")[2]
    for run in bench.get(f"/api/studies/{study}")["experiments"]:
        bench.post(f"/api/task-cancel/{run['task_id']}")
    runs.last.click()
    wide_page.get_by_role("link", name="run 2 of 2 of a study").click()
    expect(runs).to_have_count(2, timeout=LOADED_MS)


def test_a_finding_is_put_aside_and_a_learning_curve_ordered_on_the_overview(
    wide_page: Page, bench: Bench, finished: dict[str, Any]
) -> None:
    wide_page.goto(f"/experiment/{finished['id']}/results")
    findings = wide_page.locator("#overview-findings")
    first = findings.locator("li").first
    title = first.locator("h3").inner_text()
    first.get_by_role("button", name=re.compile("aside for this run")).click()
    expect(findings).not_to_contain_text(title, timeout=LOADED_MS)
    findings.get_by_role("button", name="Show again").click()
    expect(findings).to_contain_text(title, timeout=LOADED_MS)
    wide_page.get_by_label("Seeds per share").fill("1")
    wide_page.get_by_role("button", name="Measure the learning curve").click()
    expect(wide_page.locator(".curve-progress, .curve .js-plotly-plot").first).to_be_visible(
        timeout=LOADED_MS
    )
    study = bench.get(f"/api/experiments/{finished['id']}/learning-curve")["study_id"]
    for run in bench.get(f"/api/studies/{study}")["experiments"]:
        bench.post(f"/api/task-cancel/{run['task_id']}")
