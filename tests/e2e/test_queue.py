"""The queue, the orders in the history and their acknowledgement, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from storage.database import write_session
from storage.entities import Status
from storage.models import Experiment, WorkerRow
from storage.settings import settings
from storage.stores.datasets import DatasetStore, ReadyFacts
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.runs import RunStore
from storage.stores.workers import WorkerStore
from tests.e2e.conftest import NARROW, WIDE, assert_no_sideways_scroll, open_page
from tests.support.bench import Bench
from tests.support.web import serving

LEASE_SECONDS = 600.0
ACKNOWLEDGED_MS = 1000
WATCH = """() => {
    const chip = document.getElementById("monitor-chip");
    document.getElementById("monitor-pause").addEventListener("click", () => {
        const began = performance.now();
        const seen = new MutationObserver(() => {
            if (chip.textContent.includes("pausing") && !chip.dataset.took)
                chip.dataset.took = String(performance.now() - began);
        });
        seen.observe(chip, { childList: true, subtree: true, characterData: true });
    }, true);
}"""


@pytest.fixture
def served(sqlite: str) -> Iterator[Bench]:
    """Serve a bench with one run that runs and three that wait; its worker only says it lives."""
    facts = ReadyFacts("f" * 64, "x", 10, 5, 1, 150, None, ["a", "b"], 1, 128)
    data = DatasetStore().create("Bearing rig with quite a long name, 12 kHz", source="upload")
    DatasetStore().set_ready(data.id, facts)
    for number, forecast in enumerate((600.0, 300.0, None, 60.0)):
        kept = {"low": 1.0, "mid": forecast, "high": 900.0, "basis": "test"} if forecast else None
        ExperimentStore().create(
            NewExperiment(f"run {number}", "cnn1d", data.id, {}, epochs_total=9, forecast=kept)
        )
    WorkerStore().beat("host:1", "host", 1, {"threads_per_run": 2, "pid": 1})
    with write_session() as session:
        session.execute(update(WorkerRow).values(seen_at=WorkerRow.seen_at + LEASE_SECONDS))
    assert RunStore().claim_next("host:1", "host", LEASE_SECONDS) is not None
    with serving() as bench:
        yield bench


@pytest.fixture(params=["wide", "narrow"])
def page(browser: Browser, served: Bench, request: pytest.FixtureRequest) -> Iterator[Page]:
    yield from open_page(browser, served, WIDE if request.param == "wide" else NARROW)


@pytest.fixture
def wide_page(browser: Browser, served: Bench) -> Iterator[Page]:
    yield from open_page(browser, served, WIDE)


def waiting(page: Page) -> list[str]:
    return page.locator("#queue-waiting .queue-title").all_inner_texts()


def test_the_queue_says_who_starts_when_and_can_be_put_in_another_order(page: Page) -> None:
    page.goto("/queue")
    page.locator("#queue-waiting .queue-title").first.wait_for()
    expect(page.locator("#queue-summary")).to_have_text("1 of 1 place taken, 3 runs wait")
    assert waiting(page) == ["run 1", "run 2", "run 3"]
    rows = page.locator("#queue-waiting tbody tr")
    expect(rows.nth(0)).to_contain_text("in about 10 min")
    expect(rows.nth(1)).to_contain_text("in about 15 min")
    expect(rows.nth(2)).to_contain_text("not known")
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Run “run 3” first").click()
    expect(rows.nth(0)).to_contain_text("run 3")
    assert waiting(page) == ["run 3", "run 1", "run 2"]
    page.get_by_role("button", name="Lower the priority of “run 1”").click()
    expect(rows.nth(2)).to_contain_text("4, normal")
    expect(page.get_by_role("button", name="Lower the priority of “run 1”")).to_be_focused()
    page.get_by_role("button", name="Cancel “run 2”").click()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("#queue-summary")).to_have_text("1 of 1 place taken, 2 runs wait")
    assert waiting(page) == ["run 3", "run 1"]


def test_the_row_menu_orders_one_run_and_the_selection_several(wide_page: Page) -> None:
    page = wide_page
    page.goto("/experiments")
    page.locator(".ag-row[row-index='3'] .cell-name a").wait_for()
    for key in "jm":
        page.keyboard.press(key)
    menu = page.get_by_role("menu", name="Actions of the experiment")
    shown = menu.get_by_role("menuitem").all_inner_texts()
    assert [word.strip() for word in shown[:4]] == ["View", "Monitor and log", "Pause", "Cancel …"]
    menu.get_by_role("menuitem", name="Pause").press("Enter")
    expect(page.locator(".ag-row[row-index='0'] .chip")).to_have_text("paused")
    page.keyboard.press("Escape")
    for row in (1, 2, 3):
        page.locator(f".ag-row[row-index='{row}'] .ag-selection-checkbox").click()
    page.get_by_role("button", name="Actions", exact=True).click()
    expect(menu.get_by_role("menuitem", name="Cancel")).to_contain_text("3")
    menu.get_by_role("menuitem", name="Cancel").click()
    page.get_by_role("button", name="Cancel 3 runs").click()
    expect(page.get_by_text("Cancelling 3 runs.")).to_be_visible()
    expect(page.locator(".ag-row[row-index='3'] .chip")).to_have_text("cancelling …")
    counts = ExperimentStore().status_counts()
    assert counts == {Status.PAUSED: 1, Status.CANCELLED: 2, Status.RUNNING: 1}


def test_a_press_is_acknowledged_at_once_and_the_place_in_the_queue_is_said(
    wide_page: Page,
) -> None:
    page = wide_page
    page.goto("/experiment/2/monitor")
    page.locator("#monitor-answer .progress-track").wait_for()
    expect(page.locator("#monitor-answer")).to_contain_text("next in the queue, starts in about")
    page.goto("/experiment/1/monitor")
    page.locator("#monitor-answer .progress-track").wait_for()
    expect(page.locator("#monitor-chip")).to_have_text("running")
    page.evaluate(WATCH)
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Pausing …")).to_be_visible()
    expect(page.locator("#monitor-chip")).to_have_text("pausing …")
    took = float(page.locator("#monitor-chip").get_attribute("data-took") or "inf")
    assert took < ACKNOWLEDGED_MS
    assert ExperimentStore().get(1).control == "pause"


def test_a_silent_worker_is_said_on_the_monitor_and_in_the_queue(wide_page: Page) -> None:
    page = wide_page
    with write_session() as session:
        silent = Experiment.lease_until - (LEASE_SECONDS - settings().lease_seconds) - 7.0
        session.execute(update(Experiment).where(Experiment.id == 1).values(lease_until=silent))
    page.goto("/experiment/1/monitor")
    page.get_by_text("Its worker fell silent").wait_for()
    expect(page.locator("#monitor-notice")).to_contain_text("takes the run up from its last")
    page.goto("/queue")
    page.locator("#queue-running").get_by_text("Its worker fell silent").wait_for()
