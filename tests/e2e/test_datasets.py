"""Data sets in the browser: built-in ones, an upload corrected and imported, windows, deletion."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import assert_no_sideways_scroll
from tests.support.bench import Bench, wait_until

pytestmark = pytest.mark.e2e
PATIENCE = 60_000
expect.set_options(timeout=20_000)


def recordings(folder: Path) -> Path:
    """Write a folder as a tester would: two classes in the names, one broken file among them."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(6):
        name = f"{1730 + 67 * (number % 2)}_{'B' if number < 3 else 'IR'}_{7 * (number % 3 + 1)}"
        np.savez(folder / f"{name}.npz", DE=rng.normal(size=4000).astype("f4"))
    (folder / "1730_B_99.npz").write_bytes(b"broken")
    return folder


def multipart(bench: Bench, files: dict[str, bytes], **fields: str) -> tuple[int, bytes]:
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
        for k, v in fields.items()
    ]
    parts += [
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; '
        f'filename="{k}"\r\n\r\n'.encode()
        + v
        + b"\r\n"
        for k, v in files.items()
    ]
    request = urllib.request.Request(  # noqa: S310
        bench.url + "/api/datasets",
        data=b"".join(parts) + f"--{boundary}--\r\n".encode(),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_built_in_sets_are_there_at_once(page: Page) -> None:
    page.goto("/datasets")
    motions = page.get_by_role("link", name="Basic motions (smart watch)")
    expect(motions).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("badminton").first).to_be_visible()
    assert_no_sideways_scroll(page)


def test_the_list_can_be_filtered_and_shown_as_a_table(wide_page: Page) -> None:
    wide_page.goto("/datasets")
    wide_page.get_by_label("Filter data sets").fill("badminton")
    expect(wide_page.locator(".dataset-card")).to_have_count(1)
    wide_page.get_by_text("Table", exact=True).click()
    wide_page.get_by_role("link", name="Basic motions (smart watch)").click()
    expect(wide_page.get_by_text("Train a model on it")).to_be_visible()


def test_a_data_set_shows_waves_windows_and_origin(page: Page) -> None:
    page.goto("/datasets")
    page.get_by_role("link", name="Gun or point (hand motion)").click()
    expect(page.get_by_text("Spectrum of", exact=False).first).to_be_visible()
    page.get_by_label("Window length").fill("50")
    expect(page.get_by_text("1\u202f000 windows in all")).to_be_visible()
    page.get_by_label("Window length").fill("900")
    expect(page.get_by_text("Choose a window that fits")).to_be_visible()
    expect(page.get_by_text("Ratanamahatana", exact=False)).to_be_visible()
    assert_no_sideways_scroll(page)


def test_a_folder_is_uploaded_corrected_imported_and_deleted(page: Page, tmp_path: Path) -> None:
    page.goto("/datasets")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(recordings(tmp_path / "bearing"))
    page.wait_for_url(re.compile(r"/datasets/\d+$"), wait_until="commit", timeout=PATIENCE)
    button = page.locator("#review-import")
    expect(button).to_have_text("Import 6 recordings", timeout=PATIENCE)
    expect(page.get_by_text("What is the sampling rate?", exact=False)).to_be_visible()
    expect(page.get_by_text("1 will not; the list below says why", exact=False)).to_be_visible()
    page.get_by_label("File names look like").fill("{rpm")
    expect(page.get_by_text("A brace is open", exact=False)).to_be_visible()
    expect(button).to_be_disabled()
    page.get_by_label("File names look like").fill("{rpm}_{fault}_{size}")
    expect(page.get_by_text("A brace is open", exact=False)).to_have_count(0)
    page.get_by_label("Rate if unknown").fill("12000")
    expect(page.get_by_text("12 kHz (6)")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Rate if unknown")).to_have_value("12000 Hz")
    assert_no_sideways_scroll(page)
    button.click()
    expect(page.get_by_text("Train a model on it")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("1 file or recording was left out", exact=False)).to_be_visible()
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url(re.compile(r"/datasets$"), wait_until="commit")
    expect(page.get_by_role("link", name="bearing", exact=True)).to_have_count(0)


def test_dropped_files_are_taken_and_a_refusal_is_said_where_they_were_dropped(
    wide_page: Page,
) -> None:
    wide_page.goto("/datasets")
    expect(wide_page.locator("#datasets-drop")).to_be_visible()
    nothing = wide_page.evaluate_handle("new DataTransfer()")
    wide_page.dispatch_event("#datasets-drop", "drop", {"dataTransfer": nothing})
    expect(wide_page.locator("#upload-error")).to_contain_text("There were no files in it")
    rows = "x,label\n" + "".join(f"{i},{'ab'[i // 50]}\n" for i in range(100))
    dropped = wide_page.evaluate_handle(
        "rows => { const t = new DataTransfer(); t.items.add(new File([rows], 'table.csv'));"
        " return t; }",
        rows,
    )
    wide_page.dispatch_event("#datasets-drop", "drop", {"dataTransfer": dropped})
    expect(wide_page.locator("#review-import")).to_have_text(
        "Import 2 recordings", timeout=PATIENCE
    )
    wide_page.get_by_role("button", name="Rename").click()
    wide_page.get_by_role("dialog").get_by_label("Name").fill("renamed table")
    wide_page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(wide_page.get_by_role("heading", name="renamed table")).to_be_visible()


def test_an_upload_over_rest_is_imported_without_a_person(bench: Bench) -> None:
    rows = "time,x,label\n" + "".join(
        f"{i / 50},{i % 7},{'a' if i < 500 else 'b'}\n" for i in range(1000)
    )
    status, body = multipart(bench, {"../../a.csv": rows.encode(), "b.csv": b""}, name="rest")
    assert status == 201
    number = int(re.findall(rb'"id":(\d+)', body)[0])
    found = wait_until(
        lambda: (d := bench.get(f"/api/datasets/{number}"))["status"] == "ready" and d, 60, "it"
    )
    assert found["classes"] == ["a", "b"]
    assert found["sampling_rate_hz"] == 50
    assert [item["name"] for item in found["left_out"]] == ["b.csv"]


@pytest.mark.parametrize(
    ("files", "fields", "status", "words"),
    [
        ({}, {"name": "x"}, 422, b"No files"),
        ({"a.csv": b"1,2\n"}, {"options": "{"}, 422, b"options"),
        ({"a.csv": b"1,2\n"}, {"options": '{"nan_policy":"guess"}'}, 422, b"nan_policy"),
        ({"a.csv": b"1,2\n"}, {"kind": "soup"}, 422, b"kind"),
        ({"..": b"1"}, {}, 422, b"No files"),
    ],
)
def test_a_wrong_upload_is_refused_in_words_and_leaves_nothing(
    bench: Bench, files: dict[str, bytes], fields: dict[str, str], status: int, words: bytes
) -> None:
    before = bench.get("/api/datasets")["total"]
    got, body = multipart(bench, files, **fields)
    assert (got, words in body) == (status, True)
    assert bench.get("/api/datasets")["total"] == before
    assert not list((bench.data / "uploads").glob(".incoming-*"))
