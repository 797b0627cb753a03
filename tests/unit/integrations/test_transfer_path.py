"""A random path changes how strong frequencies are, and nothing else."""

from __future__ import annotations

import pytest
import torch

from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.data.defaults import PATH_DB, path_suggestions
from integrations.core.training.augmentation import augment
from integrations.core.training.settings import AugmentationConfig, PathAugmentationConfig
from integrations.core.training.transfer_path import KNOTS, augment_with_path, through_path


def windows(n: int = 3, samples: int = 256) -> torch.Tensor:
    return torch.randn(n, 2, samples, generator=torch.Generator().manual_seed(0)) + 0.5


def test_path_of_no_gain_changes_nothing() -> None:
    assert torch.allclose(through_path(windows(), torch.zeros(3, 1, KNOTS)), windows(), atol=1e-5)


def test_path_changes_gain_as_drawn_and_leaves_phase_and_mean() -> None:
    before = windows()
    after = through_path(before, torch.full((3, 1, KNOTS), 6.0206))
    assert torch.allclose(after.mean(dim=2), before.mean(dim=2), atol=1e-5)
    ratio = torch.fft.rfft(after)[:, :, 1:] / torch.fft.rfft(before)[:, :, 1:]
    assert torch.allclose(ratio.real, torch.tensor(2.0), atol=1e-2)
    assert torch.allclose(ratio.imag[:, :, :-1], torch.tensor(0.0), atol=1e-2)


@pytest.mark.parametrize("samples", [4, 5, 17, 2048])
def test_windows_of_any_length_keep_it(samples: int) -> None:
    path = PathAugmentationConfig(path_gain=3.0)
    (after,) = augment_with_path((windows(samples=samples),), path, 0, 1, 0)
    assert after.shape == (3, 2, samples)
    assert torch.isfinite(after).all()


def test_path_is_a_function_of_seed_epoch_and_batch() -> None:
    path = PathAugmentationConfig(path_gain=3.0)
    inputs = (windows(), torch.zeros(3, 4))
    first, again, other = (augment_with_path(inputs, path, 0, epoch, 5) for epoch in (1, 1, 2))
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[0], other[0])
    assert first[1] is inputs[1]


@pytest.mark.parametrize("config", [PathAugmentationConfig(), AugmentationConfig()])
def test_without_a_path_the_windows_are_those_of_the_plain_augmentation(
    config: AugmentationConfig,
) -> None:
    (after,) = augment_with_path((windows(),), config, 3, 1, 2)
    assert torch.equal(after, augment(windows(), config, 3, 1, 2))


def test_paths_are_suggested_for_vibration_and_not_for_events_taken_whole() -> None:
    def info(lengths: tuple[int, ...]) -> DatasetInfo:
        recordings = tuple(Recording(f"{n}", "a", "a", n, 1e3) for n in lengths)
        return DatasetInfo("x", "signal", ("x",), recordings)

    assert path_suggestions(info((10_000, 20_000)))["augmentation"] == {"path_gain": PATH_DB}
    assert "path_gain" not in path_suggestions(info((100, 100)))["augmentation"]
