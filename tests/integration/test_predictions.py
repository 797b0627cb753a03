"""New recordings for a finished model: read, checked, predicted, placed, and not kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from integrations.core.data.dataset import Dataset, DatasetWriter, Recording
from integrations.core.data.windows import WindowIndex
from integrations.core.evaluation.calibration import calibrated
from integrations.core.evaluation.store import load_predictions
from integrations.core.prediction.options import PredictionOptions
from integrations.core.prediction.outcome import PredictionOutcome
from integrations.core.testing import TOY_RATE_HZ
from storage.artifacts import artifacts, record
from storage.entities import ExperimentEntity, JobEntity
from storage.settings import settings
from storage.stores.experiments import ExperimentStore
from storage.stores.job_runs import JobRunStore
from storage.stores.jobs import JobStore
from tasks.job_kinds import JobFailed, run_job
from tasks.predict_command import PredictRequest
from tasks.predict_command import predict as predict_command
from tasks.prediction_orders import (
    order_prediction,
    prediction_outcome,
    predictions_folder,
)
from tasks.predictors import model_folder, predictor_of
from tests.support.usable_model import toy_recording, usable_model, write_csv
from tests.support.web import serving


@pytest.fixture
def model(sqlite: str) -> ExperimentEntity:
    return usable_model()


def predict(
    model: ExperimentEntity, tmp_path: Path, *files: Path, **allowed: Any
) -> PredictionOutcome:
    """Order a prediction, do its job as a worker would, and read what came out."""
    folder = tmp_path / "given"
    folder.mkdir()  # taken over by the order
    for file in files:
        shutil.copyfile(file, folder / file.name)
    job = order_prediction(model.id, folder, PredictionOptions(**allowed))
    return prediction_outcome(done(job))


def predict_numbers(
    model: ExperimentEntity, tmp_path: Path, *recordings: np.ndarray
) -> PredictionOutcome:
    """Predict samples that need no reading."""
    folder = tmp_path / "given"
    with DatasetWriter(folder, name="sent", channels=["channel 1"]) as writer:
        for number, samples in enumerate(recordings):
            name = f"sent {number}"
            writer.add(samples, Recording(name, "all", name, 0, TOY_RATE_HZ))
    return prediction_outcome(done(order_prediction(model.id, folder, PredictionOptions())))


def done(job: JobEntity) -> JobEntity:
    lease = JobRunStore().claim_next("test", 60.0)
    assert lease is not None
    try:
        JobRunStore().done(lease, run_job(job, lambda share, words: None))
    except JobFailed as error:
        JobRunStore().fail(lease, str(error))
        raise
    return JobStore().get(job.id)


def csv_of(model: ExperimentEntity, tmp_path: Path, number: int, **how: Any) -> Path:
    return write_csv(tmp_path / f"r{number}.csv", toy_recording(model, number), **how)


def test_reloaded_model_says_what_the_run_stored(model: ExperimentEntity) -> None:
    stored = load_predictions(model_folder(model), "test")
    index = WindowIndex(stored.recording, stored.start, 128)
    told = predictor_of(model).probability(Dataset(settings().datasets_folder / "toy"), index)
    assert np.abs(told - stored.probability).max() <= 1e-5


def test_recordings_get_the_vote_of_their_windows_and_are_not_kept(
    model: ExperimentEntity, tmp_path: Path
) -> None:
    files = [csv_of(model, tmp_path, number) for number in range(3)]
    short = write_csv(tmp_path / "=short.csv", toy_recording(model, 0)[:100])
    outcome = predict(model, tmp_path, *files, short)
    assert [each.predicted for each in outcome.recordings] == ["class 0", "class 1", "class 2"]
    assert [len(each.windows) for each in outcome.recordings] == [7, 7, 7]
    first = outcome.recordings[0]
    assert np.allclose(first.probability, np.mean([w.probability for w in first.windows], axis=0))
    assert not any(each.unlike for each in outcome.recordings)
    assert "100 samples" in outcome.left_out[0].sentence
    kept = sorted(path.name for path in predictions_folder().rglob("*") if path.is_file())
    assert kept == ["prediction.json", "predictions.csv", "windows.csv"]
    table = next(predictions_folder().rglob("predictions.csv")).read_text("utf-8-sig")
    assert "\n'=short.csv" in table


def test_what_lies_outside_the_training_data_is_warned_of(
    model: ExperimentEntity, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    bursts = np.cumsum(rng.standard_normal(512)) * (rng.random(512) > 0.9)
    outcome = predict_numbers(model, tmp_path, bursts, toy_recording(model, 4))
    odd, usual = outcome.recordings
    assert odd.distance is not None
    assert usual.distance is not None
    assert odd.distance > 1 > usual.distance
    assert odd.unlike
    assert "training data" in odd.warning
    assert not usual.warning
    assert "outliers.npz" in [row.name for row in ExperimentStore().artifacts(model.id)]


def test_other_rates_need_leave_and_a_single_channel_fits_by_any_name(
    model: ExperimentEntity, tmp_path: Path
) -> None:
    file = csv_of(model, tmp_path, 1, rate_hz=2 * TOY_RATE_HZ, channel="another")
    with pytest.raises(JobFailed, match="Allow “Resample”"):
        predict(model, tmp_path, file)
    assert not list(predictions_folder().iterdir())
    outcome = predict(model, tmp_path, file, resample=True)
    assert outcome.recordings[0].sampling_rate_hz == TOY_RATE_HZ
    assert outcome.recordings[0].n_samples == 256
    assert "“another” as “channel 1”" in outcome.notes[0]


def test_files_that_cannot_be_read_are_told_in_a_sentence(
    model: ExperimentEntity, tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_bytes(b"\x00\xff not a table")
    with pytest.raises(JobFailed, match=r"No file could be read\. x\.csv: "):
        predict(model, tmp_path, tmp_path / "x.csv")


def test_stored_temperature_is_applied(model: ExperimentEntity, tmp_path: Path) -> None:
    recording = toy_recording(model, 2)
    before = predict_numbers(model, tmp_path, recording).recordings[0]
    figures = {
        "ece": {"value": 0.1, "low": 0.0, "high": 0.2}, "brier": 0.1, "log_loss": 0.1,
    }  # fmt: skip
    path = tmp_path / "calibration.json"
    path.write_text(
        json.dumps(
            {
                "temperature": 2.0, "windows": 50, "mistakes": 9,
                "made_at": "2026-01-01T00:00:00Z", "validation_before": figures,
                "validation_after": figures, "test_before": figures, "test_after": figures,
            }
        )
    )  # fmt: skip
    record(model.id, artifacts().put(model.id, 0, path, path.name, "result"))
    outcome = predict_numbers(model, tmp_path, recording)
    rows = calibrated([window.probability for window in before.windows], 2.0)
    assert outcome.temperature == 2.0
    assert np.allclose(outcome.recordings[0].probability, rows.mean(axis=0))


@pytest.fixture
def client(model: ExperimentEntity) -> Iterator[httpx.Client]:
    with serving() as bench, httpx.Client(base_url=bench.url, timeout=60) as client:
        yield client


def test_rest_takes_files_and_numbers_and_gives_tables(
    client: httpx.Client, model: ExperimentEntity, tmp_path: Path
) -> None:
    path = f"/api/experiments/{model.id}/predict"
    content = csv_of(model, tmp_path, 0).read_bytes()
    sent = client.post(path, files=[("files", ("a.csv", content))], data={"options": "{}"})
    assert sent.status_code == 202
    answer = client.get(sent.json()["url"]).json()
    assert answer["status"] == "queued"
    assert client.get(sent.json()["url"] + "/predictions.csv").status_code == 404
    lease = JobRunStore().claim_next("test", 60.0)
    assert lease is not None
    JobRunStore().done(lease, {})

    samples = toy_recording(model, 2).tolist()
    numbers = {"name": "live", "channels": [samples], "sampling_rate_hz": TOY_RATE_HZ}
    sent = client.post(path, json={"recordings": [numbers]})
    assert sent.status_code == 202
    done(JobStore().get(sent.json()["id"]))
    answer = client.get(sent.json()["url"] + "?windows=false").json()
    assert answer["outcome"]["recordings"][0]["predicted"] == "class 2"
    assert answer["outcome"]["recordings"][0]["windows"] == []
    assert "live,class 2" in client.get(sent.json()["url"] + "/predictions.csv").text

    refused = client.post(path, json={"recordings": [{"channels": [["x"]]}]})
    assert refused.status_code == 422
    assert client.post("/api/experiments/999/predict", json={}).status_code == 404
    assert client.get("/api/predictions/999").status_code == 404
    uneven = {"recordings": [{"channels": [[1.0, 2.0], [1.0]]}]}
    assert client.post(path, json=uneven).status_code == 422
    assert not list(predictions_folder().glob(".incoming-*"))


def test_command_line_tells_what_the_model_says_and_leaves_nothing_behind(
    model: ExperimentEntity, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = csv_of(model, tmp_path, 1)
    table = tmp_path / "table.csv"
    assert predict_command(PredictRequest(model.id, (str(file),), output=str(table))) == 0
    assert "r1.csv  class 1  " in capsys.readouterr().out
    assert table.read_text("utf-8-sig").splitlines()[1].startswith("r1.csv,class 1,")
    assert not list(predictions_folder().iterdir())
    assert predict_command(PredictRequest(model.id, (str(tmp_path / "absent.csv"),))) == 1
    assert predict_command(PredictRequest(model.id + 1, (str(file),))) == 1
    told = capsys.readouterr().err
    assert "There is no file" in told
    assert "There is no experiment" in told
