"""The PDF report: what it says, how it is built, and names that try to break it."""

from __future__ import annotations

import hashlib
import re
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
from tasks.reports import ReportError, load_content, make_report
from tests.support.finished_run import Toy, finished_run

pytestmark = pytest.mark.usefixtures("sqlite")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = (
    '<img src="file:///etc/passwd"/>',
    "<font color=\"__import__('os').system('x')\">red</font>",
    "</para><b>bold & <br/>&nbsp;",
    "$\\frac{1}{2}$ 100 % µΩ ≥ – × → Жук 轴承 🚀",
    "=cmd|' /C calc'!A0",
    "_hidden\x00\x1b\u202e\ud7ff",
    "W" * 180,
)


def built(content: ReportContent, folder: Path) -> Path:
    path = folder / "out.pdf"
    build_pdf(content, path)
    return path


def content_of(toy: Toy) -> ReportContent:
    return load_content(finished_run(toy), NOON)


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        pages = []
        for page in document:
            words = page.get_textpage()
            pages.append(words.get_text_bounded())
            words.close()
            page.close()
    return re.sub(r"\s+", " ", " ".join(pages).replace("\ufffe", ""))


def page_count(path: Path) -> int:
    with pypdfium2.PdfDocument(path) as document:
        return len(document)


def complaints(path: Path) -> str:
    """Give what a strict reader says on its error stream while drawing every page."""
    command = ["pdftoppm", "-r", "20", "-png", str(path), str(path.with_suffix(""))]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def test_the_report_is_kept_as_the_runs_artifact() -> None:
    experiment_id = finished_run(Toy())
    made = make_report(experiment_id)
    stored = {item.name: item for item in ExperimentStore().artifacts(experiment_id)}["report.pdf"]
    path = artifacts().path(stored.path)
    assert (stored.kind, stored.path) == ("report", made.path)
    assert path.read_bytes().startswith(b"%PDF-")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == stored.sha256


def test_a_second_report_replaces_the_first() -> None:
    experiment_id = finished_run(Toy())
    make_report(experiment_id)
    make_report(experiment_id)
    names = [item.name for item in ExperimentStore().artifacts(experiment_id)]
    assert names.count("report.pdf") == 1


def test_the_text_can_be_searched_for_every_key_figure(tmp_path: Path) -> None:
    content = content_of(Toy())
    text = text_of(built(content, tmp_path)).replace("\u00a0", " ")
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


def test_there_are_six_pages_or_more_numbered_with_bookmarks_and_metadata(tmp_path: Path) -> None:
    content = content_of(Toy(tags=("bearing", "first")))
    path = built(content, tmp_path)
    pages = page_count(path)
    assert pages >= 6
    assert f"Page 1 of {pages}" in text_of(path)
    assert f"Page {pages} of {pages}" in text_of(path)
    with pypdfium2.PdfDocument(path) as document:
        titles = [bookmark.get_title() for bookmark in document.get_toc()]
        facts = document.get_metadata_dict()
    wanted = {"Summary", "Limits", "Methods", "Data card", "Results", "Mistakes", "Configuration"}
    assert wanted <= set(titles)
    assert facts["Author"] == "Signalbench"
    assert facts["Title"].startswith("Toy run")
    assert content.result.info.fingerprint in facts["Subject"]
    assert f"Experiment {content.experiment_id}" in facts["Subject"]
    assert facts["CreationDate"].startswith("D:20260301120000")


def test_a_strict_reader_has_nothing_to_complain_about(tmp_path: Path) -> None:
    assert complaints(built(content_of(Toy()), tmp_path)) == ""


def test_two_reports_of_one_run_differ_only_in_their_date(tmp_path: Path) -> None:
    content = content_of(Toy())
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
    path = built(content_of(toy), tmp_path)
    text = text_of(path)
    assert '<img src="file:///etc/passwd"/>' in text
    assert "</para><b>bold & <br/>&nbsp;" in text
    assert "__import__('os').system('x')" in text
    assert complaints(path) == ""


def test_three_hundred_classes_fill_tables_over_pages(tmp_path: Path) -> None:
    toy = Toy(classes=tuple(f"class {i:03d}" for i in range(300)), recordings_per_class=3)
    path = built(content_of(toy), tmp_path)
    assert text_of(path).count("Precision Recall F1") >= 5  # the head is repeated
    assert "class 299" in text_of(path)
    assert path.stat().st_size < 2_000_000
    assert complaints(path) == ""


def test_what_is_not_a_number_becomes_a_dash(tmp_path: Path) -> None:
    content = content_of(Toy(poisoned=True))
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
    path = built(content, tmp_path)
    with pypdfium2.PdfDocument(path) as document:
        words = document[0].get_textpage()
        first = words.get_text_bounded()
        words.close()
    assert "Leaky split." in first


def test_few_test_groups_are_a_limit_that_is_said(tmp_path: Path) -> None:
    content = content_of(Toy(classes=("a", "b"), recordings_per_class=3))
    assert "test groups" in text_of(built(content, tmp_path))


def test_a_family_that_cannot_draw_costs_its_panels_only(tmp_path: Path) -> None:
    content = replace(content_of(Toy()), panels=(), panel_problem="The family could not draw.")
    assert "The family could not draw." in text_of(built(content, tmp_path))


def test_the_report_shows_what_the_model_looked_at(tmp_path: Path) -> None:
    content = content_of(Toy(explained=True, noise=6.0))
    mistake, hit = content.windows
    assert "→" in mistake.title
    assert "right with" in hit.title
    text = text_of(built(content, tmp_path))
    assert "What the model looked at" in text
    assert "The network looked most at" in text
    assert "rests most on" in text
    assert "over the floor" in text


@pytest.mark.parametrize("toy", [Toy(), Toy(explained=True, poisoned=True)])
def test_explanations_that_are_missing_or_no_numbers_cost_nothing(toy: Toy, tmp_path: Path) -> None:
    content = content_of(toy)
    assert bool(content.windows) == toy.explained
    assert "looked most at" not in text_of(built(content, tmp_path))


def test_a_map_of_a_family_is_printed(tmp_path: Path) -> None:
    places = tuple(np.linspace(0, 1, 40).tolist())
    values = tuple(tuple(a * b for b in places) for a in places)
    axis = Axis("Time", "s")
    drawn = Heatmap("map", "A map of time and time", axis, axis, places, places, values)
    path = built(replace(content_of(Toy()), panels=(drawn,)), tmp_path)
    assert "A map of time and time" in text_of(path)
    assert complaints(path) == ""


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


def test_no_heading_stands_alone_at_the_foot_of_a_page(tmp_path: Path) -> None:
    toys = (Toy(), Toy(classes=tuple(f"class {i:02d}" for i in range(41)), recordings_per_class=3))
    for number, toy in enumerate(toys):
        path = built(load_content(finished_run(toy, f"toy{number}"), NOON), tmp_path)
        with pypdfium2.PdfDocument(path) as document:
            titles = {bookmark.get_title() for bookmark in document.get_toc()}
            for page in document:
                words = page.get_textpage()
                lines = [line.strip() for line in words.get_text_bounded().splitlines()]
                words.close()
                page.close()
                assert not titles & {line for line in lines[-3:] if line}


def test_every_font_is_embedded(tmp_path: Path) -> None:
    path = built(content_of(Toy()), tmp_path)
    command = ["pdffonts", str(path)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    embedded = [row.split()[-5] for row in listed.stdout.splitlines()[2:]]
    assert embedded
    assert set(embedded) == {"yes"}
