"""The wizard in a real browser: few steps to a running training, and nothing is lost on the way."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from dash_app.forms import all_fields, as_client_spec
from dash_app.forms.validation import NUMBERS, complaint
from integrations.registry import family
from tests.e2e.conftest import assert_no_sideways_scroll
from tests.support.bench import Bench

expect.set_options(timeout=20_000)


def open_wizard(page: Page, bench: Bench, query: str = "") -> None:
    page.goto(f"/experiment/new?dataset={bench.ready_dataset('Gun')}{query}")
    expect(page.locator("#wizard-summary")).to_contain_text("Time")


def go_on(page: Page, heading: str) -> None:
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("region", name=heading)).to_be_visible()


def open_expert_form(page: Page) -> None:
    page.get_by_role("radio", name=re.compile("^1D CNN")).click()
    expect(page.locator("#wizard-summary")).to_contain_text("1D CNN")
    go_on(page, "Configure")
    page.get_by_role("switch", name="Set every parameter").check()
    expect(page.get_by_label("Epochs", exact=True)).to_be_visible()


def test_next_next_start_leads_to_the_monitor(page: Page, bench: Bench) -> None:
    open_wizard(page, bench)
    go_on(page, "Configure")
    page.get_by_role("radio", name=re.compile("^Quick test")).click()
    expect(page.locator("#wizard-summary")).to_contain_text("Quick test")
    go_on(page, "Review")
    expect(page.get_by_label("Name", exact=True)).to_have_value(re.compile("quick test$"))
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Start training", exact=True).click()
    page.wait_for_url("**/experiment/*/monitor")


def test_a_typing_error_is_told_at_its_field_and_holds_the_way_on(page: Page, bench: Bench) -> None:
    open_wizard(page, bench)
    open_expert_form(page)
    rate = page.get_by_label("Learning rate", exact=True)
    rate.fill("1e-3x")
    expect(page.get_by_text("“1e-3x” is not a number. Enter one, e.g. 1e-3.")).to_be_visible()
    expect(rate).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#wizard-steps")).to_contain_text("1 to mend")
    page.get_by_role("button", name="Next").click()
    expect(rate).to_be_focused()
    rate.fill("1e-3")
    expect(page.locator("#wizard-steps")).not_to_contain_text("to mend")
    go_on(page, "Review")
    page.get_by_text("Full configuration (YAML)").click()
    expect(page.locator("#wizard-yaml")).to_contain_text("learning_rate: 0.001")


def test_reload_and_the_back_button_lose_nothing(page: Page, bench: Bench) -> None:
    open_wizard(page, bench)
    open_expert_form(page)
    page.get_by_label("Epochs", exact=True).fill("7")
    expect(page.locator("#wizard-summary")).to_contain_text("1 setting changed")
    page.reload()
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("7 passes")
    go_on(page, "Review")
    page.go_back()
    expect(page.get_by_role("region", name="Configure")).to_be_visible()
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("7 passes")
    page.go_back()
    expect(page.get_by_role("region", name="Select model")).to_be_visible()
    page.go_forward()
    page.go_forward()
    expect(page.get_by_role("region", name="Review")).to_be_visible()
    expect(page.locator("#wizard-yaml")).to_contain_text("epochs: 7")


def test_the_wizard_goes_by_keyboard_alone(wide_page: Page, bench: Bench) -> None:
    page = wide_page
    open_wizard(page, bench)
    page.get_by_role("radio", checked=True).first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Configure")).to_be_visible()
    page.get_by_label("Window overlap").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Review")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("By keyboard")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/experiment/*/monitor")
    newest = bench.get("/api/experiments?limit=1")["items"][0]
    assert newest["name"] == "By keyboard"


def test_a_preset_of_ones_own_stands_beside_the_shipped_ones(wide_page: Page, bench: Bench) -> None:
    page = wide_page
    open_wizard(page, bench)
    open_expert_form(page)
    page.get_by_label("Epochs", exact=True).fill("9")
    expect(page.locator("#wizard-summary")).to_contain_text("1 setting changed")
    go_on(page, "Review")
    page.get_by_role("button", name="Save as preset").click()
    page.get_by_label("Name of the preset").fill("Nine epochs")
    page.get_by_role("button", name="Save preset").click()
    expect(page.locator("#wizard-summary")).to_contain_text("Nine epochs")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("radio", name=re.compile("^Nine epochs"))).to_be_checked()


def test_a_clone_marks_what_differs_from_its_original(wide_page: Page, bench: Bench) -> None:
    page = wide_page
    created = bench.post(
        "/api/experiments",
        {"family": "cnn1d", "dataset_id": bench.ready_dataset("Gun"), "preset": "quick_test"},
    )
    page.goto(f"/experiment/clone/{created['experiment_id']}")
    epochs = page.get_by_label("Epochs", exact=True)
    former = epochs.input_value().split()[0]
    epochs.fill("3")
    expect(page.get_by_text(f"was {former}", exact=True)).to_be_visible()
    go_on(page, "Review")
    row = page.get_by_role("row", name=re.compile("^Epochs"))
    expect(row).to_contain_text(former)
    expect(row).to_contain_text("3")


def test_starting_over_forgets_the_choices(wide_page: Page, bench: Bench) -> None:
    page = wide_page
    open_wizard(page, bench)
    go_on(page, "Configure")
    page.get_by_role("radio", name=re.compile("^Quick test")).click()
    expect(page.locator("#wizard-summary")).to_contain_text("Quick test")
    page.get_by_role("button", name="Start over").click()
    expect(page.get_by_role("region", name="Select model")).to_be_visible()
    expect(page.locator("#wizard-summary")).to_contain_text("Standard")


def test_the_browser_says_the_same_of_a_value_as_the_server(wide_page: Page, bench: Bench) -> None:
    page = wide_page
    open_wizard(page, bench)
    typed = ["", "abc", "1e-3", "0,5", "-1", "1e9", "2.5", "nan", "3", 0, 7, 2.5, None, "0x10"]
    for spec in all_fields(family("cnn1d").Config).values():
        cases = [raw for raw in typed if spec.kind in NUMBERS]
        answers = page.evaluate(
            "([spec, cases]) => cases.map((raw) => dash_clientside.wizard.complaint(spec, raw))",
            [as_client_spec(spec), cases],
        )
        assert [answer or "" for answer in answers] == [complaint(spec, raw) for raw in cases]


def test_every_input_of_the_wizard_has_a_name_for_screen_readers(
    wide_page: Page, bench: Bench
) -> None:
    page = wide_page
    open_wizard(page, bench)
    open_expert_form(page)
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('.wizard input, .wizard [role=slider]')]
            .filter((item) => item.type !== 'hidden' && item.offsetParent)
            .filter((item) => !(item.labels && item.labels.length) && !item.ariaLabel
                && !item.getAttribute('aria-labelledby'))
            .map((item) => item.outerHTML)"""
    )
    assert unnamed == []
