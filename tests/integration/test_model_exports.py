"""Models taken away: graphs that give what the model gives, tables, logs, one package."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow.parquet as pq
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from integrations.core.data.dataset import Dataset
from integrations.core.data.windows import WindowIndex, gather
from integrations.core.evaluation.store import load_predictions
from integrations.registry import families
from storage.artifacts import artifacts
from storage.entities import ConflictError, ExperimentEntity
from storage.settings import settings
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from tasks.export_orders import (
    Export,
    export_states,
    int8_report,
    onnx_report,
    order_export,
    why_not,
)
from tasks.model_exports import export
from tasks.predictors import model_folder
from tests.support.usable_model import usable_model


def quiet(_share: float, _words: str) -> None:
    """Say nothing."""


@pytest.fixture
def model(sqlite: str) -> ExperimentEntity:
    return usable_model()


def kept(model: ExperimentEntity, name: str) -> Path:
    rows = {row.name: row for row in ExperimentStore().artifacts(model.id)}
    return artifacts().path(rows[name].path)


def test_graphs_say_what_the_model_says_and_the_package_runs_without_us(
    model: ExperimentEntity, tmp_path: Path
) -> None:
    export(model, Export.INT8, quiet)
    export(model, Export.PACKAGE, quiet)
    files = ExperimentStore().artifacts(model.id)
    stored = load_predictions(model_folder(model), "test")

    whole = onnx_report(files)
    assert whole is not None
    assert whole.largest_difference <= 1e-5
    assert whole.windows_checked == len(stored.truth)
    session = onnxruntime.InferenceSession(str(kept(model, "model.onnx")))
    index = WindowIndex(stored.recording, stored.start, 128)
    windows = gather(Dataset(settings().datasets_folder / "toy"), index)
    for count in (1, 5, len(windows)):
        told = session.run(["probability"], {"windows": windows[:count]})[0]
        assert np.abs(told - stored.probability[:count]).max() <= 1e-5

    small = int8_report(files)
    assert small is not None
    assert small.bytes < small.float_bytes
    assert small.quantised_layers >= 3
    assert small.difference.low <= small.difference.value <= small.difference.high
    assert small.difference.value == pytest.approx(small.accuracy - small.float_accuracy)

    with zipfile.ZipFile(kept(model, "model-package.zip")) as archive:
        archive.extractall(tmp_path / "package")
    told_rows = _run_script(tmp_path / "package")
    assert np.abs(told_rows - stored.probability[: len(told_rows)]).max() <= 1e-5
    _check_manifest(tmp_path / "package")


def _run_script(folder: Path) -> np.ndarray:
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "predict.py"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert len((folder / "predict.py").read_text().splitlines()) <= 20
    rows = [line.split("\t")[1:] for line in done.stdout.splitlines()]
    return np.array(rows, dtype=np.float64)


def _check_manifest(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    listed = {entry["name"]: entry["sha256"] for entry in manifest["files"]}
    found = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert found == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert {"model.onnx", "model.safetensors", "README.md", "predictions.csv"} <= found


def test_log_opens_in_tensorboard_and_the_table_is_typed(model: ExperimentEntity) -> None:
    for _twice in range(2):
        names = export(model, Export.TENSORBOARD, quiet)
    log = EventAccumulator(str(kept(model, names[0])))
    log.Reload()
    losses = [event.value for event in log.Scalars("loss/validation")]
    rows = ExperimentStore().epochs(model.id)
    assert losses == pytest.approx([row.values["val_loss"] for row in rows])
    assert log.Scalars("test/accuracy")[0].value == pytest.approx(model.accuracy)

    export(model, Export.TABLE, quiet)
    table = pq.read_table(kept(model, "predictions.parquet"))
    stored = load_predictions(model_folder(model), "test")
    test = [row for row in table.to_pylist() if row["part"] == "test"]
    assert len(test) == len(stored.truth)
    assert test[0]["start"] == stored.start[0]
    assert test[0]["p class 0"] == stored.probability[0, 0]


def test_families_without_a_graph_say_why(model: ExperimentEntity) -> None:
    assert {state.cannot for state in export_states(model)} == {""}
    for family in families().values():
        stored = getattr(family, "no_graph", "")
        assert not stored or stored.endswith(".")
    with pytest.raises(ConflictError, match="no finished model"):
        order_export(_unfinished(), Export.ONNX)
    classical = replace(model, family="classical")
    assert "ONNX" in why_not(classical, Export.INT8)
    assert why_not(classical, Export.PACKAGE) == ""


def _unfinished() -> int:
    dataset = DatasetStore().all()[0]
    return ExperimentStore().create(NewExperiment("Waiting", "cnn1d", dataset.id, {})).id
