"""Learners grown in portions, calibrated, and fed the features that separate classes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import StandardScaler

from integrations.classical.config import ModelConfig, ModelKind, Scaling
from integrations.classical.model import Learner, balanced_weights, strongest_features


def table(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 3
    values = rng.standard_normal((n, 6))
    values[:, 4] += 2.5 * labels
    values[:, 5] = 1.0
    return values, labels


def fitted(kind: ModelKind, n_classes: int = 3, **knobs: object) -> Learner:
    values, labels = table()
    config = ModelConfig.model_validate({"kind": kind, "trees": 60, "iterations": 30, **knobs})
    learner = Learner(config, Scaling.STANDARD, np.arange(6), n_classes, seed=0, threads=1)
    learner.fit(values, labels, balanced_weights(labels, True), lambda: None)
    return learner


@pytest.mark.parametrize("kind", list(ModelKind))
def test_classes_never_met_get_probability_zero(kind: ModelKind) -> None:
    probability = fitted(kind, n_classes=5).probability(table()[0])
    assert probability.shape == (120, 5)
    assert not probability[:, 3:].any()
    assert np.allclose(probability.sum(axis=1), 1)


def test_forest_grown_in_portions_equals_one_grown_at_once() -> None:
    values, labels = table()
    grown = fitted(ModelKind.RANDOM_FOREST)
    scaled = StandardScaler().fit_transform(values)
    whole = RandomForestClassifier(60, random_state=0).fit(scaled, labels, np.ones(120))
    assert len(grown.model.estimators_) == 60
    assert np.array_equal(grown.probability(values), whole.predict_proba(scaled))


def test_calibration_lowers_the_log_loss_and_keeps_the_decisions() -> None:
    learner = fitted(ModelKind.SVM)
    values, labels = table()
    before = learner.probability(values)
    learner.calibrate(values, labels)
    after = learner.probability(values)
    rows = np.arange(len(labels))
    assert np.array_equal(before.argmax(axis=1), after.argmax(axis=1))
    assert np.log(after[rows, labels]).mean() > np.log(before[rows, labels]).mean()


def test_strongest_feature_is_the_one_that_differs_between_classes() -> None:
    values, labels = table()
    assert strongest_features(values, labels, 1).tolist() == [4]
    assert strongest_features(values, labels, 0).tolist() == list(range(6))
    assert 5 not in strongest_features(values, labels, 5)


def test_balanced_weights_give_every_class_the_same_sum() -> None:
    labels = np.array([0, 0, 0, 1])
    weights = balanced_weights(labels, True)
    assert weights[:3].sum() == pytest.approx(weights[3])
    assert balanced_weights(labels, False).tolist() == [1, 1, 1, 1]
