"""Simulating a data set in the browser: preset, settings, preview, progress, the finished set."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import assert_no_sideways_scroll

pytestmark = pytest.mark.e2e
PATIENCE = 90_000


def test_a_simulated_set_is_a_few_clicks_away(page: Page) -> None:
    page.goto("/datasets")
    page.get_by_role("link", name="Simulate", exact=True).click()
    expect(page.get_by_role("heading", name="Simulate a bearing")).to_be_visible()
    estimate = page.get_by_label("What will be made")
    expect(estimate.get_by_text(re.compile("1.430 in 11 classes"))).to_be_visible()
    expect(page.get_by_role("heading", name="Wave of normal, X")).to_be_visible()
    assert_no_sideways_scroll(page)

    page.get_by_role("textbox", name="Signals per class").fill("6")
    page.get_by_role("textbox", name="Machines").fill("3")
    expect(estimate.get_by_text(re.compile("66 in 11 classes"))).to_be_visible()
    page.get_by_role("button", name="Simulate").click()

    expect(page).to_have_url(re.compile(r"/datasets/\d+$"))
    expect(page.get_by_text("simulated", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Machines", exact=True).first).to_be_visible()
    expect(page.get_by_text("a split by group never divides one")).to_be_visible()
    expect(page.get_by_text(re.compile("severity, faults: to look at"))).to_be_visible()
    assert_no_sideways_scroll(page)


def test_another_class_and_the_rolling_preset_change_the_preview(wide_page: Page) -> None:
    wide_page.goto("/datasets/simulate")
    expect(wide_page.get_by_role("heading", name="Orbit of all frequencies")).to_be_visible()
    wide_page.get_by_role("textbox", name="A look at one signal of").click()
    wide_page.get_by_role("option", name="oil whirl").click()
    expect(wide_page.get_by_role("heading", name="Wave of oil whirl, X")).to_be_visible()
    wide_page.get_by_role("radio", name=re.compile("^Rolling bearing")).click()
    expect(wide_page.get_by_text(re.compile("520 in 4 classes"))).to_be_visible()
    expect(wide_page.get_by_label("Lightest unit load")).to_be_hidden()
    expect(wide_page.get_by_role("heading", name="Wave of normal, X")).to_be_visible()
    expect(wide_page.get_by_role("heading", name="Orbit of all frequencies")).to_have_count(0)


def test_what_cannot_be_made_is_said_at_its_field_and_cannot_start(wide_page: Page) -> None:
    wide_page.goto("/datasets/simulate")
    start = wide_page.get_by_role("button", name="Simulate")
    expect(start).to_be_enabled()
    wide_page.get_by_role("textbox", name="Strongest fault").fill("0.3")
    expect(wide_page.get_by_text("The lowest severity (0.45) is above")).to_be_visible()
    expect(start).to_be_disabled()
    wide_page.get_by_role("textbox", name="Strongest fault").fill("0.8")
    expect(start).to_be_enabled()
