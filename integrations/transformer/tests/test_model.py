"""Transformers of every shape cost what was forecast, bear short windows, and show attention."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.core.training.settings import Normalisation
from integrations.transformer.attention import attention_extras, rollout
from integrations.transformer.config import (
    MOST_TOKENS,
    ArchitectureConfig,
    cost,
    embedding_plan,
)
from integrations.transformer.model import Transformer

SMALL: dict[str, Any] = {"width": 16, "heads": 2, "layers": 2, "patch": 16, "patch_stride": 8}

shapes = st.fixed_dictionaries(
    {
        "patch": st.integers(2, 80),
        "patch_stride": st.integers(1, 80),
        "conv_stem": st.booleans(),
        "width": st.sampled_from([8, 16, 24]),
        "layers": st.integers(1, 3),
        "heads": st.sampled_from([1, 2, 4]),
        "feed_forward": st.sampled_from([0.5, 1.0, 2.5]),
        "positions": st.sampled_from(["learned", "sinusoidal", "rotary", "none"]),
        "pooling": st.sampled_from(["mean", "class_token"]),
    }
)


def built(samples: int = 128, channels: int = 1, **changes: Any) -> Transformer:
    torch.manual_seed(0)
    config = ArchitectureConfig(**{**SMALL, **changes})
    return Transformer(config, Normalisation.WINDOW, samples, channels, 3)


@settings(max_examples=25, deadline=None)
@given(
    shapes.filter(lambda shape: shape["width"] % (2 * shape["heads"]) == 0),
    st.sampled_from([4, 16, 33, 128, 700]),
    st.integers(1, 3),
)
def test_forecast_counts_the_weights_of_the_built_network(
    shape: dict[str, Any], samples: int, channels: int
) -> None:
    config = ArchitectureConfig(**shape)
    model = Transformer(config, Normalisation.WINDOW, samples, channels, 4)
    weights, products = cost(config, samples, channels, 4)
    assert weights == sum(p.numel() for p in model.parameters())
    assert products > 0
    assert model(torch.randn(2, channels, samples)).shape == (2, 4)


@pytest.mark.parametrize("samples", [4, 16, 40, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_short_windows_of_several_channels_are_scored(samples: int, channels: int) -> None:
    model = built(samples, channels)
    scores = model(torch.randn(5, channels, samples))
    assert scores.shape == (5, 3)
    scores.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_tokens_are_bounded_for_long_windows() -> None:
    config = ArchitectureConfig(patch=2, patch_stride=1)
    for samples in (512, 4096, 100_000):
        for stem in (True, False):
            changed = config.model_copy(update={"conv_stem": stem})
            assert embedding_plan(changed, samples, 1)[-1].length_out <= MOST_TOKENS + 1


def test_width_that_heads_cannot_share_is_refused_with_one_that_fits() -> None:
    with pytest.raises(ValueError, match=r"cannot be shared by 6 heads.*60"):
        ArchitectureConfig(width=64, heads=6)


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "rotary", "none"])
@pytest.mark.parametrize("pooling", ["mean", "class_token"])
def test_rows_of_attention_sum_to_one(positions: str, pooling: str) -> None:
    model = built(positions=positions, pooling=pooling).eval()
    maps = model.attention(torch.randn(3, 1, 128))
    assert len(maps) == 2
    for layer in maps:
        assert torch.allclose(layer.sum(dim=3), torch.ones(3, 2, layer.shape[3]), atol=1e-5)
        assert layer.min() >= 0


@pytest.mark.parametrize("positions", ["sinusoidal", "rotary"])
def test_attention_written_out_is_the_one_that_is_trained(positions: str) -> None:
    model = built(positions=positions).eval()
    windows = torch.randn(2, 1, 128)
    layer = model.layers[0]
    tokens = model._tokens(windows)
    value = layer._projected(tokens)[2]
    mixed = (layer.attention(tokens) @ value).transpose(1, 2).flatten(2)
    half = tokens + layer.out(mixed)
    expected = half + layer.forward_step(layer.norm_forward(half))
    assert torch.allclose(layer(tokens), expected, atol=1e-5)


def test_without_positions_the_order_of_tokens_does_not_matter() -> None:
    windows = torch.randn(2, 1, 128)
    pieces = windows.reshape(2, 1, 8, 16)
    swapped = pieces[:, :, [3, 1, 2, 0, 7, 5, 6, 4]].reshape(2, 1, 128)
    kept = {"conv_stem": False, "patch_stride": 16}
    blind, aware = built(positions="none", **kept).eval(), built(positions="rotary", **kept).eval()
    assert torch.allclose(blind(windows), blind(swapped), atol=1e-5)
    assert not torch.allclose(aware(windows), aware(swapped), atol=1e-5)


def test_rollout_of_even_attention_is_even_and_of_a_fixed_gaze_is_that_place() -> None:
    even = torch.full((1, 2, 4, 4), 0.25)
    assert torch.allclose(rollout([even, even], first_only=False), torch.full((1, 4), 0.25))
    gaze = torch.zeros(1, 1, 4, 4)
    gaze[..., 2] = 1.0
    assert rollout([gaze] * 4, first_only=True)[0].argmax() == 2


@pytest.mark.parametrize("pooling", ["mean", "class_token"])
def test_summaries_of_attention_are_shares_of_the_window(pooling: str) -> None:
    model = built(samples=128, channels=2, pooling=pooling)
    windows = torch.randn(6, 2, 128)
    windows[:, :, 64:] *= 10
    extras = attention_extras(model, windows)
    tokens = len(extras["attention_time"])
    for key in ("attention_rollout", "attention_heads"):
        assert extras[key].shape[-1] == tokens
        assert extras[key].sum(axis=-1) == pytest.approx(1, abs=1e-4)
    assert extras["attention_level"][:, -1].min() > extras["attention_level"][:, 0].max()
    assert 0 <= extras["attention_entropy"].min() <= extras["attention_entropy"].max() <= 1.0001
    assert 0 <= extras["attention_distance"].min() <= extras["attention_distance"].max() < 128
    likeness = extras["attention_similarity"]
    assert likeness.shape == (4, 4)
    assert likeness.diagonal() == pytest.approx(1, abs=1e-3)
    assert 0 < extras["attention_time"][0] < extras["attention_time"][-1] < 128
