"""Every layer can be configured, old configs can still be read, and costs are what was counted."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from integrations.cnn1d.architecture import HeadPooling, Pooling
from integrations.cnn1d.config import Cnn1dConfig
from integrations.cnn1d.model import Cnn1d
from integrations.cnn1d.plan import cost, head_plan, layer_plan
from integrations.core.data.dataset import DatasetInfo, Recording

CLASSES = "pqr"


def config_of(window: int = 1024, **architecture: object) -> Cnn1dConfig:
    return Cnn1dConfig.model_validate(
        {"data": {"window_samples": window}, "architecture": architecture}
    )


def network(config: Cnn1dConfig, channels: int = 1) -> Cnn1d:
    window, mode = config.data.window_samples, config.input.normalisation
    return Cnn1d(config.architecture, mode, window, channels, len(CLASSES)).eval()


@settings(max_examples=40, deadline=None)
@given(
    window=st.sampled_from([4, 7, 16, 128, 500, 2048, 20_000]),
    channels=st.integers(1, 4),
    n_blocks=st.integers(1, 6),
    kernels=st.lists(st.integers(3, 12), min_size=1, max_size=6),
    block_filters=st.lists(st.integers(4, 40), max_size=6),
    pooling=st.sampled_from(list(Pooling)),
    head_pooling=st.sampled_from(list(HeadPooling)),
    head_layers=st.integers(0, 3),
)
def test_counted_work_is_that_of_the_built_network(
    window: int, channels: int, n_blocks: int, kernels: list[int], block_filters: list[int],
    pooling: Pooling, head_pooling: HeadPooling, head_layers: int,
) -> None:  # fmt: skip
    config = config_of(
        window, n_blocks=n_blocks, kernels=kernels[:n_blocks],
        block_filters=block_filters[:n_blocks], pooling=pooling, head_pooling=head_pooling,
        head_layers=head_layers, head_units=9,
    )  # fmt: skip
    model = network(config, channels)
    names = tuple(f"c{i}" for i in range(channels))
    info = DatasetInfo("x", "signal", names, tuple(Recording(c, c, c, window) for c in CLASSES))
    assert config.workload(info).parameters == sum(p.numel() for p in model.parameters())
    layers = layer_plan(config.architecture, window, channels)
    head = head_plan(config.architecture, layers, len(CLASSES))
    counted = multiply_adds(model, torch.randn(1, channels, window))
    assert cost(layers, head)[1] == counted


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
        assert model(window).shape == (1, len(CLASSES))
    return sum(found)


def test_each_block_gets_its_own_kernel_and_filters_and_the_last_value_goes_on() -> None:
    config = config_of(n_blocks=4, kernels=[9, 5], block_filters=[8, 24, 12])
    convolutions = [m for m in network(config).modules() if isinstance(m, nn.Conv2d)]
    assert [c.kernel_size[1] for c in convolutions[1:]] == [9, 5, 5, 5]
    assert [c.out_channels for c in convolutions[1:]] == [8, 24, 12, 12]


def test_filters_double_up_to_four_times_when_nobody_chose() -> None:
    convolutions = [m for m in network(config_of()).modules() if isinstance(m, nn.Conv2d)]
    assert [c.out_channels for c in convolutions] == [16, 32, 64, 64, 64]


@pytest.mark.parametrize(
    ("pooling", "layer"), [("max", nn.MaxPool2d), ("average", nn.AvgPool2d), ("none", None)]
)
def test_pooling_between_blocks_is_what_was_chosen(
    pooling: str, layer: type[nn.Module] | None
) -> None:
    parts = list(network(config_of(pooling=pooling)).modules())
    kinds = {type(part) for part in parts if isinstance(part, nn.MaxPool2d | nn.AvgPool2d)}
    assert kinds == ({layer} if layer else set())


@pytest.mark.parametrize("field", ["kernels", "block_filters"])
def test_list_longer_than_the_network_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="3 values for a network of 2"):
        config_of(n_blocks=2, **{field: [8, 8, 8]})


@pytest.mark.parametrize("kernels", [[], [2], [300]])
def test_kernels_outside_the_bounds_are_refused(kernels: list[int]) -> None:
    with pytest.raises(ValueError, match="kernels"):
        config_of(kernels=kernels)


def test_config_stored_by_the_first_version_means_the_same_network() -> None:
    old = {
        "filters": 8, "first_kernel": 32, "first_stride": 8, "n_blocks": 3, "kernel": 5,
        "dropout": 0.1, "normalisation": "dataset",
    }  # fmt: skip
    config = Cnn1dConfig.model_validate({"architecture": old})
    assert config.architecture.kernels == [5]
    assert config.input.normalisation == "dataset"
    convolutions = [m for m in network(config).modules() if isinstance(m, nn.Conv2d)]
    assert [c.kernel_size[1] for c in convolutions] == [32, 5, 5, 5]
    assert [c.out_channels for c in convolutions] == [8, 16, 32, 32]
    assert Cnn1dConfig.model_validate(config.model_dump(mode="json")) == config
