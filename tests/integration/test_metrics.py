"""Sealed metric histories: exact when small, extremes kept when coarse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from storage.database import write_session
from storage.entities import DatasetStatus
from storage.models import EpochRow
from storage.stores import metrics
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore, NewExperiment
from storage.stores.metrics import MetricStore

STEPS = 5000
SPIKE_AT = 3210


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    series = np.sin(np.arange(STEPS) / 50)
    series[SPIKE_AT] = 99.0
    return series


@pytest.fixture
def experiment_id(any_database: str, values: np.ndarray) -> int:
    dataset = DatasetStore().create("toy", source="upload", status=DatasetStatus.READY)
    run = ExperimentStore().create(NewExperiment("run", "cnn1d", dataset.id, {}))
    with write_session() as session:
        rows = [
            {"experiment_id": run.id, "epoch": i, "values": {"loss": float(v), "gap": None}}
            for i, v in enumerate(values, 1)
        ]
        session.execute(insert(EpochRow), rows)
    return run.id


def test_a_sealed_history_is_exact_and_equals_the_open_one(
    experiment_id: int, values: np.ndarray
) -> None:
    opened = MetricStore().history(experiment_id, "loss", STEPS)
    seal(experiment_id)
    sealed = MetricStore().history(experiment_id, "loss", STEPS)
    for history in (opened, sealed):
        np.testing.assert_array_equal(history.steps, np.arange(1, STEPS + 1))
        np.testing.assert_array_equal(history.low, values)
        np.testing.assert_array_equal(history.high, values)


@pytest.mark.parametrize("points", [10, 100, 1000])
def test_a_coarse_history_keeps_the_spike(experiment_id: int, points: int) -> None:
    seal(experiment_id)
    history = MetricStore().history(experiment_id, "loss", points)
    assert len(history.steps) <= points
    assert history.high.max() == 99.0
    assert history.low.min() == pytest.approx(-1.0, abs=0.01)


@given(st.lists(st.integers(1, 2**31 - 1), unique=True).map(sorted), st.integers(1, 9))
def test_steps_come_back_whole_whether_evenly_spaced_or_not(some: list[int], stride: int) -> None:
    even = np.arange(7, 7 + 40 * stride, stride, dtype=np.int32)
    assert len(metrics._packed(even)) == 2
    for steps in (np.array(some, dtype=np.int32), even):
        again = metrics._unpacked(metrics._packed(steps), len(steps))
        np.testing.assert_array_equal(again, steps)


def test_missing_values_stay_missing(experiment_id: int) -> None:
    seal(experiment_id)
    assert np.isnan(MetricStore().history(experiment_id, "gap", 100).low).all()
    assert MetricStore().series(experiment_id) == ["gap", "loss"]
    assert len(MetricStore().history(experiment_id, "unknown").steps) == 0


def seal(experiment_id: int) -> None:
    with write_session() as session:
        metrics.seal(session, experiment_id)
