"""What is written decides as what was fitted, for every learner."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from integrations.classical.config import ModelConfig, ModelKind, Scaling
from integrations.classical.model import Learner
from integrations.classical.stored import StoredModel, arrays_of, read_model


def stored(kind: ModelKind, classes: int, folder: Path) -> tuple[Learner, StoredModel]:
    rng = np.random.default_rng(1)
    labels = np.arange(150) % classes
    table = rng.standard_normal((150, 7)) + labels[:, None] * rng.standard_normal(7)
    config = ModelConfig.model_validate({"kind": kind, "trees": 30, "iterations": 20})
    columns = np.array([0, 2, 3, 6])
    scaling = Scaling.ROBUST if kind is ModelKind.SVM else Scaling.STANDARD
    learner = Learner(config, scaling, columns, classes + 1, seed=0, threads=1)
    learner.fit(table, labels, np.ones(150), lambda: None)
    learner.calibrate(table, labels)
    arrays = arrays_of(kind, learner.model, learner.scaler) | {"columns": columns}
    card = {
        "kind": kind.value,
        "classes": [str(k) for k in range(classes + 1)],
        "temperature": learner.temperature,
    }
    StoredModel(arrays, card).write(folder)
    return learner, read_model(folder)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("kind", list(ModelKind))
def test_stored_model_gives_the_same_probabilities(
    kind: ModelKind, classes: int, tmp_path: Path
) -> None:
    learner, read = stored(kind, classes, tmp_path)
    table = np.random.default_rng(2).standard_normal((80, 7)) * 2
    assert np.allclose(read.probability(table), learner.probability(table), atol=1e-6)
    assert read.probability(table).shape == (80, classes + 1)


def test_damaged_model_file_is_refused(tmp_path: Path) -> None:
    stored(ModelKind.SVM, 3, tmp_path)
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        read_model(tmp_path)
