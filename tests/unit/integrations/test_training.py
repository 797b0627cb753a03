"""The fit loop: stateless order, exact schedules, healthy losses, crash-proof checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from integrations.cnn1d.config import Cnn1dConfig
from integrations.cnn1d.family import FAMILY
from integrations.core.contract import Control, Interrupted, TrainingError
from integrations.core.data.dataset import Dataset, DatasetWriter, Recording
from integrations.core.testing import RecordingContext, toy_signals
from integrations.core.training import windows as sources
from integrations.core.training.augmentation import augment
from integrations.core.training.checkpoint import read_checkpoint
from integrations.core.training.determinism import (
    epoch_order,
    random_states,
    restore_random_states,
    seed_everything,
)
from integrations.core.training.layers import window_deviation
from integrations.core.training.schedules import PLATEAU_EPOCHS, LearningRate
from integrations.core.training.settings import AugmentationConfig, Schedule
from integrations.core.training.windows import batches, effective_batch


def config_of(epochs: int = 4, **sections: object) -> Cnn1dConfig:
    return Cnn1dConfig.model_validate(
        {
            "data": {"window_samples": 128},
            "architecture": {"filters": 4, "n_blocks": 2},
            **sections,
            "training": {"epochs": epochs, "patience": 0, **sections.get("training", {})},  # type: ignore[dict-item]
        }
    )


@pytest.fixture
def toy(tmp_path: Path) -> Dataset:
    return toy_signals(tmp_path / "toy", groups=4)


def test_order_of_an_epoch_depends_on_seed_and_epoch_alone() -> None:
    assert np.array_equal(epoch_order(1, 2, 50), epoch_order(1, 2, 50))
    assert not np.array_equal(epoch_order(1, 2, 50), epoch_order(1, 3, 50))
    assert not np.array_equal(epoch_order(1, 2, 50), epoch_order(2, 2, 50))
    assert sorted(epoch_order(1, 2, 50).tolist()) == list(range(50))


def test_augmentation_repeats_and_keeps_what_it_should() -> None:
    x = torch.randn(8, 2, 64)
    config = AugmentationConfig()
    assert torch.equal(augment(x, config, 1, 2, 3), augment(x, config, 1, 2, 3))
    assert not torch.equal(augment(x, config, 1, 2, 3), augment(x, config, 1, 2, 4))
    shifted = augment(x, AugmentationConfig(sign_flip=False, noise=0), 1, 2, 3)
    assert torch.allclose(shifted.sort(dim=2).values, x.sort(dim=2).values)
    off = AugmentationConfig(shift=False, sign_flip=False, noise=0)
    assert torch.equal(augment(x, off, 1, 2, 3), x)


def test_channels_are_shifted_together() -> None:
    x = torch.arange(64.0).repeat(4, 2, 1)
    shifted = augment(x, AugmentationConfig(sign_flip=False, noise=0), 0, 1, 0)
    assert torch.equal(shifted[:, 0], shifted[:, 1])


def test_deviation_is_the_windows_deviation() -> None:
    x = 5 + 3 * torch.randn(4, 2, 500)
    assert torch.allclose(window_deviation(x), x.std(dim=2, keepdim=True, correction=0), rtol=1e-4)


def test_batches_hold_every_window_once_and_none_is_tiny() -> None:
    for n, size in ((1, 8), (65, 64), (130, 64), (7, 8)):
        pieces = batches(np.arange(n), size)
        assert np.concatenate(pieces).tolist() == list(range(n))
        assert n == 1 or min(len(piece) for piece in pieces) > 1


def test_small_sets_get_several_steps_per_epoch() -> None:
    assert effective_batch(10_000, 64) == 64
    assert effective_batch(80, 64) == 10
    assert effective_batch(10, 64) == 8


def test_one_cycle_rises_to_the_highest_rate_and_falls() -> None:
    rate = LearningRate(Schedule.ONECYCLE, 1e-2, 100)
    rates = [rate.at(step) for step in range(101)]
    assert max(rates) == pytest.approx(1e-2)
    assert int(np.argmax(rates)) == 30
    assert rates[0] == pytest.approx(4e-4)
    assert 0 < rates[-1] < 1e-5


def test_plateau_halves_the_rate_and_continues_from_a_checkpoint() -> None:
    rate = LearningRate(Schedule.PLATEAU, 1.0, 100)
    for _ in range(PLATEAU_EPOCHS + 1):
        rate.epoch_ended(1.0)
    assert rate.at(0) == 0.5
    other = LearningRate(Schedule.PLATEAU, 1.0, 100)
    other.load_state_dict(rate.state_dict())
    assert other.at(0) == 0.5


def test_random_states_survive_a_checkpoint(tmp_path: Path) -> None:
    seed_everything(3)
    torch.save(random_states(), tmp_path / "states")
    first = torch.rand(3), np.random.random(3)
    restore_random_states(torch.load(tmp_path / "states", weights_only=True))
    again = torch.rand(3), np.random.random(3)
    assert torch.equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])


@pytest.mark.parametrize("schedule", list(Schedule))
def test_interrupted_in_the_middle_of_an_epoch_replays_it_exactly(
    tmp_path: Path, toy: Dataset, schedule: Schedule
) -> None:
    config = config_of(training={"schedule": schedule})
    whole = FAMILY.fit(config, toy, RecordingContext(tmp_path / "a"))
    steps = whole.extras["steps_per_epoch"]
    first = RecordingContext(
        tmp_path / "b",
        orders=lambda c: Control.PAUSE if c.asked > 2 * steps + 2 else Control.RUN,
    )
    with pytest.raises(Interrupted):
        FAMILY.fit(config, toy, first)
    assert len(first.epochs) == 2
    second = RecordingContext(tmp_path / "b", resume_from=first.epochs[-1][3])
    resumed = FAMILY.fit(config, toy, second)
    assert np.array_equal(resumed.test.probability, whole.test.probability)


def test_resume_from_an_older_checkpoint_gives_the_same(tmp_path: Path, toy: Dataset) -> None:
    config = config_of(checkpoints={"keep_last": 4})
    context = RecordingContext(tmp_path)
    whole = FAMILY.fit(config, toy, context)
    resumed = FAMILY.fit(config, toy, RecordingContext(tmp_path, resume_from=context.epochs[1][3]))
    assert np.array_equal(resumed.test.probability, whole.test.probability)
    assert resumed.best_epoch == whole.best_epoch


def test_finished_run_resumed_from_its_last_epoch_only_evaluates(
    tmp_path: Path, toy: Dataset
) -> None:
    context = RecordingContext(tmp_path)
    whole = FAMILY.fit(config_of(), toy, context)
    again = RecordingContext(tmp_path, resume_from=context.epochs[-1][3])
    assert np.array_equal(
        FAMILY.fit(config_of(), toy, again).test.probability, whole.test.probability
    )
    assert not again.epochs


def test_windows_read_from_disk_train_like_windows_in_memory(
    tmp_path: Path, toy: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = FAMILY.fit(config_of(2), toy, RecordingContext(tmp_path / "a"))
    monkeypatch.setattr(sources, "IN_MEMORY_BYTES", 0)
    read = FAMILY.fit(config_of(2), toy, RecordingContext(tmp_path / "b"))
    assert np.array_equal(held.test.probability, read.test.probability)


def test_only_newest_and_best_checkpoints_are_kept(tmp_path: Path, toy: Dataset) -> None:
    result = FAMILY.fit(config_of(6), toy, RecordingContext(tmp_path))
    kept = {int(path.stem.split("-")[1]) for path in (tmp_path / "checkpoints").iterdir()}
    assert {5, 6, result.best_epoch} <= kept
    assert len(kept) <= 4


def test_early_stopping_ends_the_run_after_its_patience(tmp_path: Path, toy: Dataset) -> None:
    config = config_of(40, training={"patience": 2, "learning_rate": 0.02})
    result = FAMILY.fit(config, toy, RecordingContext(tmp_path))
    assert len(result.history) < 40
    assert len(result.history) == result.best_epoch + 2
    assert not result.stopped


def test_loss_that_is_no_number_ends_the_run_with_advice(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "wild", name="wild", channels=["x"]) as writer:
        for i in range(24):
            huge = np.random.default_rng(i).standard_normal(256) * 1e37
            writer.add(huge, Recording(f"{i}", "ab"[i % 2], f"{i}", 0))
    config = config_of(input={"normalisation": "none"}, augmentation={"noise": 0.0})
    with pytest.raises(TrainingError, match=r"in epoch 1 .* Lower the learning rate"):
        FAMILY.fit(config, Dataset(tmp_path / "wild"), RecordingContext(tmp_path))


def test_failed_write_leaves_the_older_checkpoint(tmp_path: Path, toy: Dataset) -> None:
    context = RecordingContext(tmp_path)
    FAMILY.fit(config_of(2), toy, context)
    assert not list((tmp_path / "checkpoints").glob("*.tmp"))
    path = context.epochs[-1][3]
    assert path is not None
    content = read_checkpoint(path, "cpu")
    assert content["counters"]["epoch"] == 2
    assert {"python", "numpy", "torch"} <= set(content["versions"])
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(TrainingError, match="cannot be read"):
        read_checkpoint(path, "cpu")
