"""A ResNet goes on from an earlier run of this bench, or says what does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file

from integrations.core.contract import EarlierRun, FitResult, TrainingError
from integrations.core.data.dataset import Dataset
from integrations.core.testing import RecordingContext, toy_signals
from integrations.resnet1d.config import Resnet1dConfig
from integrations.resnet1d.train import fit

SMALL = {"width": 4, "stem_stride": 2}


def config_of(experiment: int = 0, **architecture: object) -> Resnet1dConfig:
    return Resnet1dConfig.model_validate(
        {
            "data": {"window_samples": 128},
            "architecture": {**SMALL, **architecture},
            "start": {"experiment": experiment},
            "training": {"epochs": 2, "learning_rate": 0.002, "patience": 0},
        }
    )


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return toy_signals(tmp_path_factory.mktemp("toy"), groups=4)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, toy: Dataset) -> tuple[Path, FitResult]:
    folder = tmp_path_factory.mktemp("first")
    return folder, fit(config_of(), toy, RecordingContext(folder))


def context_after(folder: Path, earlier: Path, **changes: Any) -> RecordingContext:
    run = replace(EarlierRun(7, "first try", "resnet1d", earlier, "digest"), **changes)
    return RecordingContext(folder, earlier=[run])


def test_run_that_goes_on_begins_better_than_one_from_random_weights(
    tmp_path: Path, toy: Dataset, first: tuple[Path, FitResult]
) -> None:
    folder, fresh = first
    context = context_after(tmp_path, folder)
    warm = fit(config_of(experiment=7), toy, context)
    assert warm.history[0]["train_loss"] < fresh.history[0]["train_loss"]
    assert any("Starting from all layers of “first try” (#7)" in line for _, line in context.lines)


def test_run_that_goes_on_can_be_paused_without_loading_the_earlier_weights_again(
    tmp_path: Path, toy: Dataset, first: tuple[Path, FitResult]
) -> None:
    context = context_after(tmp_path, first[0])
    whole = fit(config_of(experiment=7), toy, context)
    resumed = RecordingContext(tmp_path, resume_from=context.epochs[0][3], earlier=[])
    again = fit(config_of(experiment=7), toy, resumed)
    assert np.array_equal(again.test.probability, whole.test.probability)


def test_other_classes_get_a_fresh_head_on_the_earlier_layers(
    tmp_path: Path, toy: Dataset, first: tuple[Path, FitResult]
) -> None:
    other = Dataset(toy.folder)
    renamed = tuple(replace(r, label=f"new {r.label[-1]}") for r in toy.info.recordings)
    other.info = replace(toy.info, recordings=renamed)
    context = context_after(tmp_path, first[0])
    stopped = config_of(experiment=7).model_copy(update={"seed": 1})
    fit(stopped, other, context)
    assert any("but the one that scores the classes" in line for _, line in context.lines)


def test_another_window_length_fits_where_the_stem_is_the_same(
    tmp_path: Path, toy: Dataset, first: tuple[Path, FitResult]
) -> None:
    kept = load_file(first[0] / "model.safetensors")
    longer = config_of(experiment=7).model_copy(
        update={"data": config_of().data.model_copy(update={"window_samples": 144})}
    )
    fit(longer, toy, context_after(tmp_path, first[0]))
    assert load_file(tmp_path / "model.safetensors").keys() == kept.keys()


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ({"width": 8}, "Width: 4 there, 8 here"),
        ({"depth": 34}, "Depth: 18 there, 34 here"),
        ({"hidden_units": 9}, "Hidden units: 0 there, 9 here"),
        ({"kernel": 5}, "Block kernel: 3 there, 5 here"),
    ],
)
def test_another_architecture_is_refused_with_what_differs(
    tmp_path: Path, toy: Dataset, first: tuple[Path, FitResult], architecture: dict[str, int],
    message: str,
) -> None:  # fmt: skip
    with pytest.raises(TrainingError, match=message):
        fit(config_of(7, **architecture), toy, context_after(tmp_path, first[0]))


def test_run_of_another_family_is_refused(
    tmp_path: Path, toy: Dataset, first: tuple[Path, FitResult]
) -> None:
    with pytest.raises(TrainingError, match="of the family cnn1d"):
        fit(config_of(7), toy, context_after(tmp_path, first[0], family="cnn1d"))


def test_data_with_other_channels_is_refused(tmp_path: Path, first: tuple[Path, FitResult]) -> None:
    two = toy_signals(tmp_path / "two", groups=4, channels=2)
    with pytest.raises(TrainingError, match="are 1, those of this data set 2"):
        fit(config_of(7), two, context_after(tmp_path, first[0]))
