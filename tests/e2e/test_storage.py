"""Settings → Storage in a real browser: see, choose, clean up, export, import."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from storage.database import write_session
from storage.entities import JobEntity
from storage.models import Experiment, utc_now
from storage.settings import settings
from storage.stores.experiments import ExperimentStore
from storage.stores.job_runs import JobRunStore
from storage.stores.jobs import JobStore
from tasks.job_kinds import run_job
from tasks.retention_policy import load_policy
from tests.e2e.conftest import NARROW, WIDE, open_page
from tests.support.bench import Bench
from tests.support.finished_run import Toy, finished_run
from tests.support.web import serving

LONG = "A failed run with quite a long name that a person could not keep short at all"


@pytest.fixture
def served(sqlite: str) -> Iterator[Bench]:
    """Serve a bench without Redis and worker that holds a result and an old checkpoint."""
    run_id = finished_run(Toy(name=LONG))
    folder = settings().runs_folder / str(run_id) / "attempt-1"
    folder.mkdir(parents=True)
    (folder / "epoch-0001.pt").write_bytes(b"x" * 2_000_000)
    with write_session() as session:
        session.get_one(Experiment, run_id).finished_at = utc_now() - timedelta(days=31)
    finished_run(Toy(name="A young one"), key="young")
    with serving() as bench:
        yield bench


@pytest.fixture
def page(browser: Browser, served: Bench) -> Iterator[Page]:
    yield from open_page(browser, served, WIDE)


def do_next_job() -> JobEntity:
    """Do what waits first, as a worker would."""
    lease = JobRunStore().claim_next("test", 60.0)
    assert lease is not None
    job = JobStore().get(lease.id)
    JobRunStore().done(lease, run_job(job, lambda _share, _what: None))
    return JobStore().get(job.id)


def test_what_goes_is_seen_chosen_and_removed(page: Page, served: Bench) -> None:
    page.goto("/settings?tab=storage")
    expect(page.get_by_role("meter")).to_be_visible()
    preview = page.locator("#storage-preview")
    expect(preview).to_contain_text(f"Checkpoints of “{LONG}”")
    expect(preview).to_contain_text("due now")
    expect(preview).to_contain_text("2.0 MB")
    expect(preview).to_contain_text("Nothing goes by itself before")
    days = page.get_by_label("Intermediate checkpoints")
    days.fill("40")
    days.press("Tab")
    expect(preview).to_contain_text("in 8 days")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    days.fill("")
    days.press("Tab")
    expect(preview).not_to_contain_text("Checkpoints of")
    days.fill("31")
    days.press("Tab")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It counts from now on")).to_be_visible()
    assert load_policy().intermediate_days == 31
    page.get_by_role("button", name="Clean up now").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 entry goes and 2.0 MB come back")
    dialog.get_by_role("button", name="Remove for good").click()
    expect(page.locator("#storage-work")).to_contain_text("waiting for a worker")
    do_next_job()
    expect(page.locator("#storage-work")).to_contain_text("1 entry removed, 2.0 MB given back")
    expect(preview).not_to_contain_text("due now")
    assert ExperimentStore().get(1).trimmed_at is not None


def test_experiments_are_exported_and_imported(page: Page, served: Bench, tmp_path: Path) -> None:
    page.goto("/experiments")
    page.locator(".ag-center-cols-container .ag-row").first.wait_for()
    page.get_by_role("button", name="Actions").first.click()
    page.get_by_role("menuitem", name="Export (zip)").click()
    page.wait_for_url("**/settings?tab=storage")
    work = page.locator("#storage-work")
    expect(work).to_contain_text("waiting for a worker")
    assert do_next_job().result["experiments"] == 1
    expect(work).to_contain_text("1 experiment")
    with page.expect_download() as started:
        work.get_by_role("link", name="Download").click()
    started.value.save_as(tmp_path / "sent.zip")
    with zipfile.ZipFile(tmp_path / "sent.zip") as archive:
        assert "experiments.jsonl" in archive.namelist()
    for number in (1, 2):
        ExperimentStore().delete(number)
    page.reload()
    page.get_by_role("button", name=f"Bring back {LONG}").click()
    expect(page.get_by_text("is back under Experiments")).to_be_visible()
    assert ExperimentStore().get(1).name == LONG
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose an archive").click()
    chooser.value.set_files(tmp_path / "sent.zip")
    expect(page.locator("#storage-import-state")).to_contain_text("was sent")
    expect(work).to_contain_text("waiting for a worker")
    assert do_next_job().result["imported"] == [3]
    expect(work).to_contain_text("1 experiment came in")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    # The frame folds its rail away within a moment.
    page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")
    page.goto("/experiment/3/results")
    expect(page.get_by_role("heading", level=1)).to_have_text("A young one")
    page.get_by_role("button", name="Export").click()
    page.wait_for_url("**/settings?tab=storage")
