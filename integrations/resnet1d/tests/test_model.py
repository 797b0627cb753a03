"""A ResNet is built for any depth, width and window, and costs what was counted for it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.resnet1d.config import Depth, HeadPooling, Resnet1dConfig, shape_of
from integrations.resnet1d.model import ResidualBlock, Resnet1d
from integrations.resnet1d.plan import convolutions, cost, network_plan

CLASSES = "pqr"


def config_of(**architecture: object) -> Resnet1dConfig:
    return Resnet1dConfig.model_validate({"architecture": architecture})


def info_of(window: int, channels: int) -> DatasetInfo:
    names = tuple(f"c{i}" for i in range(channels))
    return DatasetInfo("x", "signal", names, tuple(Recording(c, c, c, window) for c in CLASSES))


@pytest.mark.parametrize("depth", list(Depth))
@pytest.mark.parametrize("window", [4, 5, 17, 128, 2048])
def test_every_depth_scores_windows_of_any_length(depth: Depth, window: int) -> None:
    model = Resnet1d(config_of(depth=depth, width=4), window, 2, 3).eval()
    assert model(torch.randn(2, 2, window)).shape == (2, 3)


@settings(max_examples=25, deadline=None)
@given(
    depth=st.sampled_from([18, 34, 50, 101]),
    width=st.integers(4, 12),
    window=st.sampled_from([4, 8, 31, 100, 128, 500, 2048, 50_000]),
    channels=st.integers(1, 4),
    pooling=st.sampled_from(list(HeadPooling)),
    hidden_units=st.sampled_from([0, 7]),
    kernel=st.sampled_from([3, 5, 9]),
    stem=st.sampled_from([(3, 1), (8, 2), (32, 4), (64, 16)]),
    stem_pooling=st.booleans(),
)
def test_counted_work_is_that_of_the_built_network(
    depth: int, width: int, window: int, channels: int, pooling: HeadPooling, hidden_units: int,
    kernel: int, stem: tuple[int, int], stem_pooling: bool,
) -> None:  # fmt: skip
    config = Resnet1dConfig.model_validate(
        {
            "data": {"window_samples": window},
            "architecture": {
                "depth": depth, "width": width, "pooling": pooling, "kernel": kernel,
                "hidden_units": hidden_units, "stem_kernel": stem[0], "stem_stride": stem[1],
                "stem_pooling": stem_pooling,
            },
        }
    )  # fmt: skip
    model = Resnet1d(config, window, channels, len(CLASSES)).eval()
    counted = config.workload(info_of(window, channels)).parameters
    assert counted == sum(p.numel() for p in model.parameters())
    plan = network_plan(shape_of(config.architecture), window, channels, len(CLASSES))
    assert cost(plan)[1] == multiply_adds(model, torch.randn(1, channels, window))


def multiply_adds(model: nn.Module, window: torch.Tensor) -> int:
    """Multiply-adds of the layers with weights, counted from what they put out."""
    found: list[int] = []

    def count(module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        weight = module.weight
        per_output = weight[0].numel() + (1 if isinstance(module, nn.Linear) else 0)
        found.append(per_output * output[0].numel())

    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    with torch.inference_mode():
        model(window)
    return sum(found)


@pytest.mark.parametrize("window", [16_384, 32_768, 102_400, 500_000])
def test_stem_brings_long_windows_to_a_length_one_can_afford(window: int) -> None:
    plan = network_plan(shape_of(config_of().architecture), window, 1, 3)
    assert plan.stem.length_out <= 4097
    assert plan.stages[0][0].body[0].length_out <= 2049
    assert plan.stem.kernel >= 8 * plan.stem.stride
    assert cost(plan)[1] < 200e6


def test_stem_stays_as_set_for_usual_windows() -> None:
    stem = network_plan(shape_of(config_of().architecture), 2048, 1, 3).stem
    assert (stem.kernel, stem.stride, stem.length_out) == (32, 4, 513)


def test_canonical_width_has_as_many_weights_as_the_paper_and_one_axis_allow() -> None:
    narrow, paper = (
        cost(network_plan(shape_of(config_of(width=width).architecture), 2048, 1, 9))
        for width in (16, 64)
    )
    assert 3.8e6 < paper[0] < 3.9e6
    assert 13 < paper[1] / narrow[1] < 16


def test_every_block_begins_as_the_identity() -> None:
    model = Resnet1d(config_of(depth=50, width=4), 256, 1, 3)
    for block in (m for m in model.modules() if isinstance(m, ResidualBlock)):
        assert not block.body[-1][1].weight.any()


def test_network_has_as_many_layers_as_its_name_says() -> None:
    for depth in Depth:
        plan = network_plan(shape_of(config_of(depth=depth).architecture), 2048, 1, 3)
        shortcuts = sum(block.shortcut is not None for stage in plan.stages for block in stage)
        assert len(convolutions(plan)) - shortcuts + 1 == int(depth)


def test_depth_may_be_written_as_a_number() -> None:
    assert config_of(depth=50).architecture.depth is Depth.RESNET_50


def test_even_block_kernel_is_refused_with_a_number_that_works() -> None:
    with pytest.raises(ValueError, match="Try 5"):
        config_of(kernel=4)
