"""The PDF report: what it says, how it is built, and names that try to break it."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from integrations.core.config import SplitStrategy
from integrations.core.evaluation.store import METRICS
from integrations.core.figures.chart import Axis, Heatmap
from storage.artifacts import artifacts
from storage.entities import DatasetStatus
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from tasks.pdf.content import ReportContent
from tasks.pdf.document import build_pdf
from tasks.pdf.numbers import percent, span
from tasks.report_options import ReportOptions, Section, keep_report_options, report_options
from tasks.reports import ReportError, load_content, make_report
from tests.support.environment import forget
from tests.support.finished_run import Toy, finished_run

pytestmark = pytest.mark.usefixtures("sqlite")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTHING_MORE = ReportOptions(sections=())
POINTS_PER_MM = 72 / 25.4
HOSTILE = (
    '<img src="file:///etc/passwd"/>',
    "<font color=\"__import__('os').system('x')\">red</font>",
    "</para><b>bold & <br/>&nbsp;",
    "$\\frac{1}{2}$ 100 % µΩ ≥ – × → Жук 轴承 🚀",
    "=cmd|' /C calc'!A0",
    "_hidden\x00\x1b\u202e\ud7ff",
    "W" * 180,
)


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path
) -> tuple[ReportContent, Path]:
    """Make one full report of a run with explanations, a rival, tags and a note."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copyfile(migrated_sqlite, folder / "signalbench.db")
    options = ReportOptions(author="E. Person", organisation="Rotor Works", note="Project 4711")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "REDIS_URL", "ARTIFACT_URL"):
            patch.delenv(name, raising=False)
        patch.setenv("SIGNALBENCH_DATA", str(folder))
        forget()
        toy = Toy(explained=True, noise=6.0, recordings_per_class=12, tags=("bearing", "first"))
        toy = replace(toy, note="A note")
        finished_run(replace(toy, name="Another run"), "other")
        content = load_content(finished_run(toy), NOON, options)
        path = built(content, folder)
    forget()
    return content, path


def built(content: ReportContent, folder: Path) -> Path:
    path = folder / "out.pdf"
    build_pdf(content, path)
    return path


def content_of(toy: Toy, *sections: Section, key: str = "toy") -> ReportContent:
    return load_content(finished_run(toy, key), NOON, ReportOptions(sections=sections))


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        pages = [page_text(document, number) for number in range(len(document))]
    return re.sub(r"\s+", " ", " ".join(pages).replace("\ufffe", ""))


def page_text(document: pypdfium2.PdfDocument, number: int) -> str:
    page = document[number]
    words = page.get_textpage()
    text = str(words.get_text_bounded())
    words.close()
    page.close()
    return text


def page_count(path: Path) -> int:
    with pypdfium2.PdfDocument(path) as document:
        return len(document)


def bookmarks(path: Path) -> dict[str, int]:
    """Give the page, from 1, of each bookmark."""
    with pypdfium2.PdfDocument(path) as document:
        return {b.get_title(): b.get_dest().get_index() + 1 for b in document.get_toc()}


def complaints(path: Path) -> str:
    """Give what a strict reader says on its error stream while drawing every page."""
    command = ["pdftoppm", "-r", "20", "-png", str(path), str(path.with_suffix(""))]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def ink_margins_mm(path: Path) -> tuple[float, float, float, float]:
    """Give how far the ink of all pages stays from the left, top, right and bottom edges."""
    dots_per_mm, found = 2.0, []
    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            shown = page.render(scale=dots_per_mm / POINTS_PER_MM, grayscale=True).to_numpy()
            page.close()
            dark = np.asarray(shown).reshape(shown.shape[0], -1)[:, : shown.shape[1]] < 200
            rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
            tall, wide = dark.shape
            found.append((columns[0], rows[0], wide - 1 - columns[-1], tall - 1 - rows[-1]))
    left, top, right, bottom = np.min(found, axis=0) / dots_per_mm
    return float(left), float(top), float(right), float(bottom)


def test_the_report_is_kept_as_the_runs_artifact_and_a_second_replaces_it() -> None:
    experiment_id = finished_run(Toy())
    make_report(experiment_id, NOTHING_MORE)
    made = make_report(experiment_id, NOTHING_MORE)
    rows = ExperimentStore().artifacts(experiment_id)
    assert [item.name for item in rows].count("report.pdf") == 1
    stored = {item.name: item for item in rows}["report.pdf"]
    path = artifacts().path(stored.path)
    assert (stored.kind, stored.path) == ("report", made.path)
    assert path.read_bytes().startswith(b"%PDF-")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == stored.sha256


def test_the_text_can_be_searched_for_every_key_figure(whole: tuple[ReportContent, Path]) -> None:
    content, path = whole
    text = text_of(path).replace("\u00a0", " ")
    for interval in content.evaluation.headline.values():
        assert percent(interval.value).replace("\u00a0", " ") in text
        assert span(interval) in text
    for row in content.evaluation.per_class:
        assert row.name in text
    assert content.result.info.fingerprint in text
    assert content.evaluation.split.digest in text
    assert "python app.py train --family cnn1d --dataset 'Toy bearing'" in text
    assert "window_samples: 64" in text
    assert "Loss while training" in text
    assert "False positive rate" in text  # inside a vector figure


def test_the_report_says_what_a_reader_needs_to_judge_it(whole: tuple[ReportContent, Path]) -> None:
    content, path = whole
    text = text_of(path).replace("\u00a0", " ")
    for heading in ("What was found", "What it rests on", "What it cannot say", "References"):
        assert heading in text
    assert "E. Person · Rotor Works" in text
    assert "Project 4711" in text
    assert "taken for" in text  # failure gallery
    assert "The true class had" in text
    assert "Against “Another run”" in text
    assert content.rivals[0].judgement.sentence.split(".")[0] in text
    assert content.advice
    assert content.advice[0].title in text
    assert "Wilson's [" in text
    assert "Probable inference" in text
    assert "The network looked most at" in text
    assert "rests most on" in text


def test_pages_are_numbered_with_bookmarks_and_metadata(whole: tuple[ReportContent, Path]) -> None:
    content, path = whole
    pages = page_count(path)
    assert 9 <= pages <= 15
    assert f"Page 1 of {pages}" in text_of(path)
    assert f"Page {pages} of {pages}" in text_of(path)
    wanted = {"Executive summary", "Limits", "Methods", "Data", "Results", "Failure gallery"}
    wanted |= {"Comparison with the baseline", "Recommendations", "Configuration"}
    assert wanted | {"Reproducibility", "References"} <= set(bookmarks(path))
    with pypdfium2.PdfDocument(path) as document:
        facts = document.get_metadata_dict()
    assert facts["Author"] == "E. Person, Rotor Works"
    assert facts["Title"].startswith("Toy run")
    assert content.result.info.fingerprint in facts["Subject"]
    assert content.evaluation.split.digest in facts["Subject"]
    assert f"Experiment {content.experiment_id}," in facts["Subject"]
    assert facts["CreationDate"].startswith("D:20260301120000")


def test_the_contents_name_the_pages_and_lead_to_them(whole: tuple[ReportContent, Path]) -> None:
    _, path = whole
    with pypdfium2.PdfDocument(path) as document:
        page = document[1]
        links = sum(
            bool(pypdfium2.raw.FPDFLink_GetLinkAtPoint(page.raw, 200.0, float(y)))
            for y in range(842)
        )
        page.close()
    command = ["pdftotext", "-layout", "-f", "2", "-l", "2", str(path), "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    places = bookmarks(path)
    for title in ("Methods", "Failure gallery", "Reproducibility", "References"):
        assert re.search(rf"{title}\s+{places[title]}\n", told)
    assert links > 150  # points of the page's height that lead somewhere


def test_a_strict_reader_has_nothing_to_complain_about(whole: tuple[ReportContent, Path]) -> None:
    assert complaints(whole[1]) == ""


def test_nothing_runs_over_the_margins(whole: tuple[ReportContent, Path]) -> None:
    left, top, right, bottom = ink_margins_mm(whole[1])
    assert left >= 18
    assert right >= 18
    assert top >= 10
    assert bottom >= 9


def test_every_font_is_embedded(whole: tuple[ReportContent, Path]) -> None:
    command = ["pdffonts", str(whole[1])]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    embedded = [row.split()[-5] for row in listed.stdout.splitlines()[2:]]
    assert embedded
    assert set(embedded) == {"yes"}


def test_no_heading_stands_alone_at_the_foot_of_a_page(
    whole: tuple[ReportContent, Path], tmp_path: Path
) -> None:
    many = Toy(classes=tuple(f"class {i:02d}" for i in range(41)), recordings_per_class=3)
    for path in (whole[1], built(content_of(many, Section.DATA, Section.RESULTS), tmp_path)):
        titles = set(bookmarks(path))
        with pypdfium2.PdfDocument(path) as document:
            for number in range(2, len(document)):
                lines = [line.strip() for line in page_text(document, number).splitlines()]
                # The last lines are the foot: identity and page number.
                assert not titles & {line for line in lines[-3:] if line}


def test_two_reports_of_one_run_differ_only_in_their_date(tmp_path: Path) -> None:
    content = content_of(Toy(), Section.METHODS, Section.TRAINING)
    first = built(content, tmp_path).read_bytes()
    assert built(content, tmp_path).read_bytes() == first
    later = built(replace(content, made_at=NOON.replace(hour=13)), tmp_path).read_bytes()
    assert later != first
    assert len(later) == pytest.approx(len(first), abs=64)


def test_names_are_text_and_never_markup(tmp_path: Path) -> None:
    toy = Toy(
        classes=HOSTILE, name=HOSTILE[0], dataset=HOSTILE[1], note="\n".join(HOSTILE * 40),
        tags=HOSTILE, channels=(HOSTILE[2],),
    )  # fmt: skip
    path = built(content_of(toy, Section.METHODS, Section.DATA, Section.RESULTS), tmp_path)
    text = text_of(path)
    assert '<img src="file:///etc/passwd"/>' in text
    assert "</para><b>bold & <br/>&nbsp;" in text
    assert "__import__('os').system('x')" in text
    assert "characters that this report's typefaces lack" in text
    assert complaints(path) == ""
    assert ink_margins_mm(path)[2] >= 18


def test_three_hundred_classes_fill_tables_over_pages(tmp_path: Path) -> None:
    toy = Toy(classes=tuple(f"class {i:03d}" for i in range(300)), recordings_per_class=3)
    path = built(content_of(toy, Section.DATA, Section.RESULTS), tmp_path)
    assert text_of(path).count("Precision Recall F1") >= 5  # the head is repeated
    assert "class 299" in text_of(path)
    assert path.stat().st_size < 2_000_000
    assert complaints(path) == ""


def test_what_is_not_a_number_becomes_a_dash(tmp_path: Path) -> None:
    content = content_of(Toy(poisoned=True), Section.RESULTS, Section.TRAINING)
    empty = content.evaluation.headline["accuracy"].model_copy(
        update={"value": float("nan"), "low": float("nan"), "high": float("nan")}
    )
    headline = content.evaluation.headline | {"accuracy": empty}
    evaluation = content.evaluation.model_copy(update={"headline": headline})
    text = text_of(built(replace(content, evaluation=evaluation), tmp_path))
    assert "nan" not in text.lower().replace("finance", "")
    assert "95 %: –" in text


def test_a_leaky_split_is_said_in_words_on_the_first_page(tmp_path: Path) -> None:
    content = content_of(Toy(split=SplitStrategy.RANDOM_WINDOWS.value))
    with pypdfium2.PdfDocument(built(content, tmp_path)) as document:
        assert "Leaky split." in page_text(document, 0)


def test_few_test_groups_are_a_limit_that_is_said(tmp_path: Path) -> None:
    content = content_of(Toy(classes=("a", "b"), recordings_per_class=3))
    assert "test groups" in text_of(built(content, tmp_path))


def test_a_family_that_cannot_draw_costs_its_panels_only(tmp_path: Path) -> None:
    content = content_of(Toy(), Section.EXPLANATIONS)
    content = replace(content, panels=(), panel_problem="The family could not draw.")
    assert "The family could not draw." in text_of(built(content, tmp_path))


@pytest.mark.parametrize("toy", [Toy(), Toy(explained=True, poisoned=True)])
def test_explanations_that_are_missing_or_no_numbers_cost_nothing(toy: Toy, tmp_path: Path) -> None:
    content = replace(content_of(toy, Section.EXPLANATIONS), panels=())
    assert bool(content.windows) == toy.explained
    assert "looked most at" not in text_of(built(content, tmp_path))


def test_a_map_of_a_family_is_printed(tmp_path: Path) -> None:
    places = tuple(np.linspace(0, 1, 40).tolist())
    values = tuple(tuple(a * b for b in places) for a in places)
    axis = Axis("Time", "s")
    drawn = Heatmap("map", "A map of time and time", axis, axis, places, places, values)
    path = built(replace(content_of(Toy(), Section.EXPLANATIONS), panels=(drawn,)), tmp_path)
    assert "A map of time and time" in text_of(path)
    assert complaints(path) == ""


def test_sections_that_are_not_wanted_are_left_out(tmp_path: Path) -> None:
    content = content_of(Toy(), Section.TRAINING)
    titles = set(bookmarks(built(content, tmp_path)))
    assert {"Executive summary", "Training", "Limits", "Reproducibility"} <= titles
    assert not {"Methods", "Data", "Results", "Failure gallery", "Configuration"} & titles


def test_the_houses_choice_is_kept_without_the_title_of_one_report() -> None:
    assert report_options() == ReportOptions()
    chosen = ReportOptions(title="For one", author="E. Person", sections=(Section.RESULTS,))
    keep_report_options(chosen)
    assert report_options() == chosen.model_copy(update={"title": ""})


def test_a_run_without_results_is_refused_with_a_sentence() -> None:
    dataset = DatasetStore().create("empty", source="upload", status=DatasetStatus.READY)
    waiting = ExperimentStore().create(NewExperiment("waiting", "cnn1d", dataset.id, {}))
    with pytest.raises(ReportError, match="has no results yet"):
        make_report(waiting.id)


def test_damaged_results_are_refused_with_a_sentence() -> None:
    experiment_id = finished_run(Toy())
    stored = {item.name: item for item in ExperimentStore().artifacts(experiment_id)}[METRICS]
    artifacts().path(stored.path).write_text("{}")
    with pytest.raises(ReportError, match="missing or damaged"):
        make_report(experiment_id)
