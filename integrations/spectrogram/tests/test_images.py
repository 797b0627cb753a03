"""Images have the planned size, show what is in the window, and are made once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from integrations.core.data.windows import WindowIndex, windows_of
from integrations.core.testing import toy_signals
from integrations.core.training.inputs import waveform
from integrations.core.training.settings import AugmentationConfig
from integrations.core.training.windows import WindowSource
from integrations.spectrogram.augment import change_images
from integrations.spectrogram.config import MaskConfig, SpectrogramConfig, TransformConfig
from integrations.spectrogram.images import Images, log_images, transformed
from integrations.spectrogram.plan import image_plan

KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "stft"},
    {"kind": "stft", "frame": 1024, "axis": "octaves", "overlap": 0.9},
    {"kind": "cwt"},
    {"kind": "wigner_ville"},
)
OFF = AugmentationConfig(shift=False, sign_flip=False, noise=0.0)


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize("samples", [4, 16, 31, 128, 1000, 4096])
@pytest.mark.parametrize("side", [8, 64])
def test_images_have_the_planned_size(settings: dict[str, Any], samples: int, side: int) -> None:
    config = TransformConfig(**settings, largest_side=side)
    windows = np.random.default_rng(0).standard_normal((2, 3, samples)).astype(np.float32)
    plan = image_plan(config, samples)
    images = log_images(windows, config, level=False)
    assert images.shape == (2, 3, plan.rows, plan.columns)
    assert max(plan.rows, plan.columns) <= side
    assert np.isfinite(images).all()
    assert images.dtype == np.float32


@pytest.mark.parametrize("settings", KINDS)
def test_axes_rise_and_tell_the_frequency_of_a_tone(settings: dict[str, Any]) -> None:
    config = TransformConfig(**settings)
    tone = np.cos(2 * np.pi * 0.11 * np.arange(2048)).astype(np.float32)[None]
    image = transformed(tone, config)
    assert (np.diff(image.frequency) > 0).all()
    assert (np.diff(image.time) > 0).all()
    brightest = image.frequency[image.power[0].mean(axis=1).argmax()]
    assert brightest == pytest.approx(0.11, rel=0.08)


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize("value", [0.0, 7.0, 1e30])
def test_flat_and_huge_windows_give_finite_images(settings: dict[str, Any], value: float) -> None:
    windows = np.full((1, 1, 256), value, dtype=np.float32)
    windows[0, 0, 0] *= 0.5
    for level in (False, True):
        assert np.isfinite(log_images(windows, TransformConfig(**settings), level)).all()


def test_level_counts_only_where_asked_for() -> None:
    windows = np.random.default_rng(1).standard_normal((1, 1, 512)).astype(np.float32)
    config = TransformConfig()
    shape, louder = (log_images(w, config, level=False) for w in (windows, 10 * windows))
    assert louder == pytest.approx(shape, abs=1e-3)
    shape, louder = (log_images(w, config, level=True) for w in (windows, 10 * windows))
    assert louder - shape == pytest.approx(np.full_like(shape, 2.0), abs=1e-3)


class Counting:
    """Counts the windows that were turned into images."""

    def __init__(self, prepare: Images) -> None:
        self.prepare = prepare
        self.made = 0

    def __call__(self, windows: torch.Tensor, index: WindowIndex) -> tuple[torch.Tensor, ...]:
        self.made += len(index)
        return self.prepare(windows, index)


def test_images_of_a_part_are_computed_once(tmp_path: Path) -> None:
    data = toy_signals(tmp_path / "toy")
    config = SpectrogramConfig.model_validate({"data": {"window_samples": 128}})
    counting = Counting(Images(config, waveform(data.info, config.input)))
    index = windows_of(data.info, config.data)
    source = WindowSource(data, index, "cpu", counting)
    made = counting.made
    assert len(index) <= made <= len(index) + 1  # one was made to learn its size
    for _ in range(3):
        source.take(np.arange(8))
    assert counting.made == made


def test_masks_blank_no_more_than_their_share() -> None:
    images = torch.randn(64, 2, 20, 40)
    masks = MaskConfig(time_share=0.3, frequency_share=0.0)
    changed = change_images(images, OFF, masks, seed=0, epoch=1, batch=0)
    hidden = (changed != images).all(dim=2).all(dim=1)
    assert 0 < hidden.sum(dim=1).max() <= 12
    assert torch.equal(change_images(images, OFF, masks, seed=0, epoch=1, batch=0), changed)
    assert not torch.equal(change_images(images, OFF, masks, seed=0, epoch=2, batch=0), changed)


def test_no_change_is_no_change() -> None:
    images = torch.randn(4, 1, 8, 8)
    masks = MaskConfig(time_share=0.0, frequency_share=0.0)
    assert torch.equal(change_images(images, OFF, masks, 0, 1, 0), images)


def test_roll_moves_columns_and_keeps_rows() -> None:
    images = torch.randn(8, 1, 6, 10)
    masks = MaskConfig(time_share=0.0, frequency_share=0.0)
    rolling = OFF.model_copy(update={"shift": True})
    rolled = change_images(images, rolling, masks, 0, 1, 0)
    assert torch.allclose(rolled.sort(dim=3).values, images.sort(dim=3).values)
    assert not torch.equal(rolled, images)
