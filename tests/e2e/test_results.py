"""The results in a real browser, of a real run."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from integrations.core.data.dataset import Dataset
from tests.e2e.conftest import assert_no_sideways_scroll
from tests.e2e.test_monitor import start
from tests.support.bench import Bench, wait_until


@pytest.fixture(scope="module")
def finished(bench: Bench) -> dict[str, Any]:
    """Train one small network to its end."""
    run = start(bench, epochs=8)

    def entity() -> dict[str, Any]:
        return dict(bench.get(f"/api/experiments/{run['experiment_id']}"))

    wait_until(lambda: entity()["status"] in ("completed", "failed"), 120, "the run to end")
    assert entity()["status"] == "completed"
    return entity()


def open_tab(page: Page, run: dict[str, Any], name: str) -> None:
    page.goto(f"/experiment/{run['id']}/results")
    page.get_by_role("tab", name=name).click()


def test_the_verdict_stands_on_top_with_its_interval(page: Page, finished: dict[str, Any]) -> None:
    page.goto(f"/experiment/{finished['id']}/results")
    figure = f"{finished['accuracy'] * 100:.1f} %"
    expect(page.locator("#results-verdict")).to_contain_text(
        re.compile(rf"Correct on {re.escape(figure)} \(\d+\.\d–\d+\.\d\) of \d+ test windows")
    )
    expect(page.get_by_text("What follows from the numbers")).to_be_visible()
    assert_no_sideways_scroll(page)


@pytest.mark.parametrize("name", ["Metrics", "Visualisations", "Artifacts"])
def test_each_tab_opens_and_fits_the_window(
    page: Page, finished: dict[str, Any], name: str
) -> None:
    open_tab(page, finished, name)
    panel = page.get_by_role("tabpanel", name=name)
    expect(panel.locator("h2").first).to_be_visible()
    page.wait_for_timeout(500)
    assert_no_sideways_scroll(page)


def test_a_cell_of_the_confusion_matrix_shows_its_recordings(
    wide_page: Page, finished: dict[str, Any]
) -> None:
    open_tab(wide_page, finished, "Metrics")
    plot = wide_page.locator(".confusion .js-plotly-plot .nsewdrag").first
    expect(plot).to_be_visible()
    box = plot.bounding_box()
    assert box is not None
    wide_page.mouse.click(box["x"] + 20, box["y"] + 20)
    expect(wide_page.locator("#results-cell")).to_contain_text(
        re.compile("recognised|in this cell")
    )


def test_counts_replace_shares_on_request(wide_page: Page, finished: dict[str, Any]) -> None:
    open_tab(wide_page, finished, "Metrics")
    cell = wide_page.locator(".confusion .heatmap-label").first
    expect(cell).to_contain_text("%", timeout=30_000)
    wide_page.get_by_text("Windows", exact=True).last.click()
    expect(cell).not_to_contain_text("%", timeout=30_000)


def test_an_alarm_follows_its_costs_in_the_browser(
    wide_page: Page, finished: dict[str, Any]
) -> None:
    open_tab(wide_page, finished, "Metrics")
    words = wide_page.locator("#metrics-operating-words")
    expect(words).to_contain_text("never raising it costs 2\u202f500", timeout=30_000)
    wide_page.locator("#metrics-cost-miss").fill("20")
    expect(words).to_contain_text("never raising it costs 5\u202f000")
    slider = wide_page.get_by_role("slider", name="Threshold")
    before = words.inner_text()
    slider.press("End")
    expect(words).not_to_have_text(before)
    expect(wide_page.locator("#metrics-operating-table")).to_contain_text("missed")
    wide_page.get_by_role("button", name="Cheapest on validation").click()
    expect(words).to_have_text(before)


def test_robustness_is_measured_in_the_background_and_drawn(
    wide_page: Page, finished: dict[str, Any]
) -> None:
    open_tab(wide_page, finished, "Metrics")
    wide_page.get_by_role("button", name="Measure robustness").click()
    heading = wide_page.get_by_role("heading", name=re.compile("Noise (down to|at)"))
    expect(heading).to_be_visible(timeout=120_000)
    wide_page.get_by_role("button", name="Calibrate with validation data").click()
    expect(wide_page.locator("#metrics-calibration")).to_contain_text(
        re.compile(r"Temperature \d|at least 5 mistakes")
    )


@pytest.mark.parametrize("kind", ["PNG", "SVG", "CSV"])
def test_a_chart_is_saved_as_picture_drawing_and_values(
    wide_page: Page, finished: dict[str, Any], kind: str
) -> None:
    open_tab(wide_page, finished, "Visualisations")
    wide_page.get_by_role("button", name="Export “Loss while training”").click()
    with wide_page.expect_download() as saved:
        wide_page.get_by_role("menuitem", name=re.compile(kind)).click()
    content = Path(saved.value.path()).read_bytes()
    assert saved.value.suggested_filename == f"loss.{kind.lower()}"
    starts = {"PNG": b"\x89PNG", "SVG": b"<svg", "CSV": b"\xef\xbb\xbfseries,Epoch"}
    assert content.startswith(starts[kind])
    if kind == "CSV":
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
        assert {row["series"] for row in rows} == {"Training", "Validation"}
        assert len(rows) == 16


def test_files_can_be_downloaded(wide_page: Page, finished: dict[str, Any]) -> None:
    open_tab(wide_page, finished, "Artifacts")
    with wide_page.expect_download() as saved:
        wide_page.get_by_role("link", name="Download config.yaml").click()
    assert "family: cnn1d" in Path(saved.value.path()).read_text(encoding="utf-8")


def test_the_report_is_made_in_the_background_and_downloaded(
    wide_page: Page, finished: dict[str, Any]
) -> None:
    open_tab(wide_page, finished, "Artifacts")
    wide_page.get_by_role("button", name="Make the report").click()
    link = wide_page.get_by_role("link", name=re.compile("Download the PDF"))
    expect(link).to_be_visible(timeout=120_000)
    with wide_page.expect_download() as saved:
        link.click()
    assert Path(saved.value.path()).read_bytes().startswith(b"%PDF")


def test_a_run_without_results_says_why_and_leads_to_its_monitor(
    wide_page: Page, bench: Bench
) -> None:
    run = start(bench, epochs=2000)
    wide_page.goto(f"/experiment/{run['experiment_id']}/results")
    expect(wide_page.get_by_text("No results yet")).to_be_visible()
    bench.post(f"/api/task-cancel/{run['task_id']}")
    wide_page.get_by_role("link", name="Open the monitor").click()
    wide_page.wait_for_url("**/monitor")


def test_a_result_is_registered_and_promoted(wide_page: Page, finished: dict[str, Any]) -> None:
    page = wide_page
    page.goto(f"/experiment/{finished['id']}/results")
    page.get_by_role("button", name="Register").click()
    dialog = page.get_by_role("dialog", name="Register this model")
    name = dialog.get_by_role("textbox", name="Model")
    expect(name).to_have_value(re.compile(r"^Classification · "))
    name.fill("Gun or point")
    dialog.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Gun or point")).to_be_visible()
    page.get_by_role("button", name="Promote to production: version 1").click()
    question = page.get_by_role("dialog", name="Promote to production: version 1?")
    question.get_by_role("textbox").fill("The first one.")
    question.get_by_role("button", name="Promote to production").click()
    expect(page.locator(".stage-production")).to_be_visible()
    expect(page.locator(".models-history")).to_contain_text("The first one.")
    page.goto("/models")
    expect(page.get_by_role("link", name="Gun or point")).to_be_visible()
    assert_no_sideways_scroll(page)


def test_new_recordings_are_predicted_and_the_model_is_taken_away(
    wide_page: Page, finished: dict[str, Any], bench: Bench, tmp_path: Path
) -> None:
    data = Dataset(next(bench.data.glob("datasets/builtin-basic_motions")))
    files = [tmp_path / "known.csv", tmp_path / "short.csv"]
    for file, length in zip(files, (100, 50), strict=True):
        np.savetxt(
            file, data.signal(0)[:, :length].T, delimiter=",", header=",".join(data.info.channels),
            comments="",
        )  # fmt: skip
    open_tab(wide_page, finished, "Use")
    with wide_page.expect_file_chooser() as chooser:
        wide_page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(files)
    result = wide_page.locator("#use-result")
    expect(result).to_contain_text("Enter it", timeout=60_000)
    wide_page.get_by_label("Sampling rate of files that do not say it").fill("10")
    wide_page.get_by_role("button", name="Send again").click()
    expect(result).to_contain_text("It holds 50 samples", timeout=60_000)
    heading = "What the one window of “known.csv” says"
    expect(result.get_by_role("heading", name=heading)).to_be_visible()

    wide_page.get_by_role("tab", name="Artifacts").click()
    wide_page.get_by_role("button", name="Make Predictions as Parquet").click()
    link = wide_page.get_by_role("link", name="Download Predictions as Parquet")
    expect(link).to_be_visible(timeout=60_000)
    expect(wide_page.locator("#results-files")).to_contain_text("predictions.parquet")
