"""The summary report over several runs: what it says, and who may order it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from pydantic import ValidationError

from storage.entities import ConflictError, JobStatus, NotFoundError
from storage.stores.job_runs import JobRunStore
from storage.stores.jobs import JobStore
from tasks.job_kinds import run_job
from tasks.report_options import ReportOptions
from tasks.report_orders import order_summary, summary_file, summary_job
from tests.support.finished_run import Toy, finished_run

pytestmark = pytest.mark.usefixtures("sqlite")


def made(*ids: int, options: ReportOptions | None = None) -> Path:
    """Order a summary report and do its job; gives the PDF."""
    job = order_summary(ids, options)
    lease = JobRunStore().claim_next("test", 60.0)
    assert lease is not None
    JobRunStore().done(lease, run_job(job, lambda _share, _words: None))
    assert summary_job(job.id).status is JobStatus.DONE
    return summary_file(job.id)


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    return " ".join(" ".join(pages).replace("\ufffe", "").split())


def test_runs_on_one_split_are_ranked_and_judged() -> None:
    toy = Toy(recordings_per_class=12)
    ids = [finished_run(replace(toy, name=name), name) for name in ("first", "second")]
    path = made(*ids, options=ReportOptions(title="Which one?", author="E. Person"))
    text = text_of(path)
    assert "Which one?" in text
    assert "Pair by pair" in text
    assert "cannot be told apart" in text or "equally well" in text
    assert "Settings that differ" in text
    assert text.count("#1 first") >= 2
    with pypdfium2.PdfDocument(path) as document:
        assert 3 <= len(document) <= 10
        assert document.get_metadata_dict()["Author"] == "E. Person"


def test_runs_on_different_data_are_refused_a_verdict_and_shown_apart() -> None:
    toy = Toy(name="first")
    other = replace(toy, name="second", noise=2.0, dataset="Other bearing")
    text = text_of(made(finished_run(toy, "a"), finished_run(other, "b")))
    assert "different data sets" in text
    assert "cannot be set against one another" in text
    assert "Other bearing" in text


def test_fewer_than_two_runs_with_results_are_refused() -> None:
    run = finished_run(Toy())
    for ids in ((run,), (run, run), (run, 99), tuple(range(11))):
        with pytest.raises(ConflictError):
            order_summary(ids)


def test_a_report_that_is_not_there_is_said_in_a_sentence() -> None:
    with pytest.raises(NotFoundError, match="no summary report 7"):
        summary_job(7)
    other = JobStore().create("report", {})
    with pytest.raises(NotFoundError, match="no summary report"):
        summary_file(other.id)


def test_unknown_sections_are_refused() -> None:
    with pytest.raises(ValidationError):
        ReportOptions.model_validate({"sections": ["horoscope"]})
