"""The history in a real browser, on rows of every kind."""

from __future__ import annotations

import csv
import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import insert, update

from storage.database import write_session
from storage.models import Experiment, utc_now
from storage.stores.datasets import DatasetStore, ReadyFacts
from storage.stores.experiments import ExperimentQuery, ExperimentStore
from tests.e2e.conftest import NARROW, WIDE, assert_no_sideways_scroll, open_page
from tests.support.bench import Bench
from tests.support.web import serving

expect.set_options(timeout=15_000)
HOSTILE = '<img src=x onerror="console.error(1)"> =HYPERLINK("x")'
MANY = 300


@pytest.fixture
def served(sqlite: str) -> Iterator[Bench]:
    """Serve an empty bench without Redis and worker."""
    with serving() as bench:
        yield bench


@pytest.fixture
def page(browser: Browser, served: Bench) -> Iterator[Page]:
    fill()
    yield from open_page(browser, served, WIDE)


def fill() -> None:
    """Store runs of every kind, the newest first in the list."""
    facts = ReadyFacts("f" * 64, "x", 10, 5, 1, 150, None, ["a", "b"], 1, 128)
    numbers = []
    for name in ("Gun or point", "Bearing rig with quite a long name, 12 kHz"):
        entity = DatasetStore().create(name, source="upload")
        DatasetStore().set_ready(entity.id, facts)
        numbers.append(entity.id)
    with write_session() as session:
        session.execute(insert(Experiment), [_row(n, numbers) for n in range(MANY)])


def _row(number: int, datasets: list[int]) -> dict[str, Any]:
    status = ("completed", "completed", "failed", "stopped")[number % 4]
    scored = status in ("completed", "stopped")
    accuracy = 0.5 + (number * 37 % MANY) / (2 * MANY) if scored else None
    special = {0: {"status": "running", "accuracy": None}, 1: {"name": HOSTILE}}
    return {
        "task_id": str(uuid.uuid4()),
        "name": f"run {number:03d}",
        "family": "cnn1d" if number % 3 else "classical",
        "dataset_id": datasets[number % 2],
        "dataset_fingerprint": "f" * 64,
        "config": {},
        "status": status,
        "accuracy": accuracy,
        "macro_f1": accuracy,
        "metrics": {"accuracy_low": 0.4, "accuracy_high": 0.99} if scored else {},
        "split_name": "by group",
        "leaky": number % 5 == 0,
        "seconds": float(number),
        "created_at": utc_now() - timedelta(minutes=number),
        **special.get(number, {}),
    }


def count(page: Page) -> Locator:
    return page.locator("#history-count")


def names(page: Page) -> list[str]:
    return page.locator(".ag-row .cell-name a").all_inner_texts()


def open_history(page: Page, query: str = "") -> None:
    page.goto(f"/experiments{query}")
    expect(count(page)).to_contain_text("experiment")


def row_menu(page: Page, name: str, action: str) -> None:
    page.get_by_role("button", name=f"Actions of {name}").click()
    page.get_by_role("menuitem", name=action).click()


def test_search_filter_and_sort_stand_in_the_address_and_outlive_a_reload(page: Page) -> None:
    open_history(page)
    expect(count(page)).to_have_text(f"{MANY} experiments")
    page.get_by_role("combobox", name="Search experiments").fill("bearing RIG")
    expect(count(page)).to_have_text("150 experiments match")
    page.get_by_role("columnheader", name="Accuracy").click()
    page.locator("#history-status").click()
    page.get_by_role("option", name="Completed").click()
    expect(count(page)).to_have_text("75 experiments match")
    expect(page).to_have_url(
        re.compile(r"q=bearing\+RIG&status=completed&sort=accuracy&order=desc$")
    )
    best = ExperimentStore().page(
        ExperimentQuery(search="bearing", statuses=("completed",), sort=(("accuracy", True),))
    )
    page.reload()
    expect(count(page)).to_have_text("75 experiments match")
    expect(page.locator(".ag-row[row-index='0'] .cell-name a")).to_have_text(best.items[0].name)
    page.get_by_role("button", name="Clear filters").click()
    expect(count(page)).to_have_text(f"{MANY} experiments")


def test_names_are_text_and_scores_have_intervals(page: Page) -> None:
    open_history(page)
    row = page.locator(".ag-row[row-index='1']")
    expect(row.filter(has_text=HOSTILE).first).to_be_visible()
    assert page.locator("#history-grid img").count() == 0
    expect(page.locator(".ag-row[row-index='3'] [col-id=accuracy]")).to_contain_text("(40.0–99.0)")


def test_rows_further_down_are_fetched_while_scrolling(page: Page) -> None:
    open_history(page)
    page.locator(".ag-row[row-index='2'] .cell-name a").wait_for()
    page.locator(".ag-body-viewport").evaluate("box => box.scrollTo(0, 40 * 290)")
    expect(page.locator(".cell-name a", has_text="run 291")).to_be_visible()


def test_the_keyboard_moves_selects_and_opens(page: Page) -> None:
    open_history(page)
    page.locator(".ag-row[row-index='4'] .cell-name a").wait_for()
    for key in "jjjxjx":
        page.keyboard.press(key)
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/experiment/3/monitor$"))


def test_a_run_is_described_and_deleted_from_its_menu(page: Page) -> None:
    open_history(page, "?search=run+002")
    row_menu(page, "run 002", "Name, tags, time limit …")
    page.get_by_role("textbox", name="Name").fill("Renamed & noted")
    page.get_by_role("textbox", name="Note").fill("<b>why</b>")
    page.get_by_label("Time limit").fill("3.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    described = ExperimentStore().page(ExperimentQuery(search="Renamed")).items[0]
    assert described.time_limit_seconds == 3.5 * 3600
    page.get_by_role("combobox", name="Search experiments").fill("why")
    expect(count(page)).to_have_text("1 experiment match")
    row_menu(page, "Renamed & noted", "Delete …")
    expect(page.get_by_text("Delete 1 experiment?")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("No experiment matches")).to_be_visible()
    assert ExperimentStore().page(ExperimentQuery()).total == MANY - 1


def test_several_are_tagged_and_deleted_but_never_one_that_runs(page: Page) -> None:
    open_history(page)
    page.locator(".ag-row[row-index='2'] .cell-name a").wait_for()
    for key in "jxjx":
        page.keyboard.press(key)
    page.get_by_role("button", name="Tags …").click()
    page.get_by_role("textbox", name="Tags").fill("night shift")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert ExperimentStore().page(ExperimentQuery(tags=("night shift",))).total == 2
    page.locator("body").click(position={"x": 400, "y": 880})
    for row in (0, 1):
        page.locator(f".ag-row[row-index='{row}'] .ag-checkbox-input").check(force=True)
    page.get_by_role("button", name="Delete …").click()
    expect(page.get_by_text("1 run has not ended and will be kept.")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(count(page)).to_have_text(f"{MANY - 1} experiments")
    assert ExperimentStore().get(1).name == "run 000"
    expect(page.get_by_text("1 experiment deleted.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(count(page)).to_have_text(f"{MANY} experiments")


def test_a_running_row_changes_by_itself(page: Page) -> None:
    open_history(page)
    status = page.locator(".ag-row[row-index='0'] [col-id=status]")
    expect(status).to_contain_text("running 0 %")
    for values, words in (
        ({"progress": 0.42}, "running 42 %"),
        ({"status": "completed", "accuracy": 0.9, "finished_at": utc_now()}, "completed"),
    ):
        with write_session() as session:
            session.execute(update(Experiment).where(Experiment.id == 1).values(values))
        expect(status).to_contain_text(words, timeout=15_000)


def test_the_export_holds_all_rows_under_the_filters(page: Page) -> None:
    open_history(page, "?status=failed")
    expect(count(page)).to_have_text("75 experiments match")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export").click()
        page.get_by_role("link", name="CSV").click()
    with waiting.value.path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 75
    assert {row["status"] for row in rows} == {"failed"}


def test_the_search_completes_and_says_what_is_wrong_and_where(page: Page) -> None:
    open_history(page)
    box = page.get_by_role("combobox", name="Search experiments")
    box.click()
    page.keyboard.type("fam")
    expect(page.get_by_role("option", name="family")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value("family ")
    page.keyboard.type("= cnn1d and acuracy > 0.9")
    error = page.locator("#history-search-error")
    expect(error).to_contain_text("Did you mean “accuracy”")
    expect(error.locator("mark")).to_have_text("acuracy")
    box.fill("family = cnn1d and accuracy > 0.9 or name ~ 'run 299'")
    expect(error).to_be_empty()
    found = ExperimentQuery(where="family = cnn1d and accuracy > 0.9 or name ~ 'run 299'")
    expect(count(page)).to_have_text(f"{ExperimentStore().page(found).total} experiments match")


def test_columns_groups_and_a_saved_view_are_found_again(page: Page) -> None:
    open_history(page)
    page.locator("#history-group").click()
    page.get_by_role("option", name="Family").click()
    expect(count(page)).to_have_text(f"{MANY} experiments, by family: mean ± sd")
    first = page.locator(".ag-row[row-index='0']")
    expect(first.locator("[col-id=status]")).to_contain_text("best of ")
    expect(first.locator("[col-id=accuracy]")).to_contain_text(" ± ")
    first.get_by_role("button", name="Unfold").click()
    expect(page.locator(".cell-name.is-inside").first).to_be_visible()
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("textbox", name="Find a column").fill("number")
    page.get_by_label("Number").check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("columnheader", name="Number")).to_be_visible()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Save as a new view").click()
    page.get_by_role("textbox", name="Name").fill("By family")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="By family")).to_be_visible()
    page.goto("/experiments?view=1")
    expect(count(page)).to_contain_text("by family")
    expect(page).to_have_url(re.compile(r"cols=.*tags%2Cid&group=family&view=1$"))


def test_an_empty_history_says_what_to_do(browser: Browser, served: Bench) -> None:
    pages = open_page(browser, served, WIDE)
    page = next(pages)
    page.goto("/experiments")
    expect(page.get_by_role("heading", name="No experiments yet")).to_be_visible()
    expect(page.get_by_role("link", name="Make the first one")).to_be_visible()
    next(pages, None)


def test_the_history_can_be_used_on_a_phone(browser: Browser, served: Bench) -> None:
    fill()
    pages = open_page(browser, served, NARROW)
    page = next(pages)
    open_history(page)
    page.locator(".ag-row[row-index='2'] .cell-name a").wait_for()
    assert_no_sideways_scroll(page)
    page.locator(".ag-row[row-index='2'] .cell-name a").click()
    expect(page).to_have_url(re.compile(r"/experiment/3/monitor$"))
    next(pages, None)
