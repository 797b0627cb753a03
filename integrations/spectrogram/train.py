"""Trains the spectrogram family; imported only inside a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from integrations.core.contract import FitResult, RunContext
from integrations.core.data.dataset import Dataset
from integrations.core.data.windows import WindowIndex
from integrations.core.explain.gradcam import grad_cam
from integrations.core.training.augmentation import augment
from integrations.core.training.classification import train_classifier
from integrations.core.training.inputs import Inputs, waveform
from integrations.core.training.recipe import CrossEntropy, Recipe
from integrations.core.training.settings import AugmentationConfig, Normalisation
from integrations.core.training.windows import WindowSource
from integrations.spectrogram.augment import change_images
from integrations.spectrogram.config import NetworkKind, SpectrogramConfig
from integrations.spectrogram.images import Images, transformed
from integrations.spectrogram.model import SpectrogramNet

SCALE_WINDOWS = 2048
MOST_EXAMPLES = 12


def fit(config: SpectrogramConfig, data: Dataset, context: RunContext) -> FitResult:
    """Train and predict; see ``train_classifier``."""
    built: list[SpectrogramNet] = []
    prepare = Images(config, waveform(data.info, config.input))

    def build(train: WindowSource, n_classes: int) -> torch.nn.Module:
        built.append(_built(config, train, n_classes))
        return built[0]

    def change(
        inputs: Inputs, wave: AugmentationConfig, seed: int, epoch: int, batch: int
    ) -> Inputs:
        images = change_images(inputs[0], wave, config.masks, seed, epoch, batch)
        return (images, *(augment(part, wave, seed, epoch, batch) for part in inputs[1:]))

    recipe = Recipe(
        family="spectrogram",
        build=build,
        prepare=prepare,
        augment=change,
        cam_layer=_last_block,
        bf16=config.architecture.network is NetworkKind.RESNET,
    )
    result = train_classifier(config, data, context, recipe)
    kept = {"first_filters": _first_filters(built[0])}
    examples = _examples(config, data, result, built[0], prepare)
    return replace(result, extras={**result.extras, **kept, **examples})


def _built(config: SpectrogramConfig, train: WindowSource, n_classes: int) -> SpectrogramNet:
    """Make the network and let it learn the scale of training images and waveforms."""
    rows = np.linspace(0, len(train) - 1, min(len(train), SCALE_WINDOWS)).astype(np.int64)
    inputs = train.take(rows)[0]
    mode = config.input.normalisation
    shape = (inputs[0].shape[1], inputs[0].shape[2])
    model = SpectrogramNet(config.architecture, mode, shape, config.data.window_samples, n_classes)
    if mode is not Normalisation.NONE:
        model.scale.learn(inputs[0].cpu())
    if model.waveform is not None and mode is Normalisation.DATASET:
        model.waveform.normalise.learn_scale(inputs[1].cpu())
    return model


def _last_block(model: torch.nn.Module) -> torch.nn.Module:
    """Find the layer that Grad-CAM weighs."""
    blocks: torch.nn.Sequential = model.get_submodule("blocks")
    return blocks[-1]


def _first_filters(model: SpectrogramNet) -> npt.NDArray[np.float32]:
    """Weights of the first layer for the first channel, shape (filters, rows, columns)."""
    weights: torch.Tensor = model.stem[0].weight
    return np.asarray(weights.detach().float().cpu().numpy()[:, 0])


def _examples(
    config: SpectrogramConfig,
    data: Dataset,
    result: FitResult,
    model: SpectrogramNet,
    prepare: Images,
) -> dict[str, Any]:
    """Images of one explained window per class, and where the network looked in them.

    Returns:
        ``example_rows`` (k,), positions in the explained windows; ``example_images`` and
        ``example_cams`` (k, rows, columns) of the first channel, log10 power and 0 to 1;
        ``example_frequency`` and ``example_time`` in cycles per sample and samples.
    """
    extras = result.extras
    chosen = one_per_class(extras.get("explained_truth"), extras.get("explained_predicted"))
    if len(chosen) == 0:
        return {}
    places = (extras["explained_recording"][chosen], extras["explained_start"][chosen])
    index = WindowIndex(*places, config.data.window_samples)
    device = next(model.parameters()).device
    inputs, _ = WindowSource(data, index, str(device), prepare).take(np.arange(len(index)))
    classes = torch.from_numpy(extras["explained_predicted"][chosen]).to(device)
    cams = grad_cam(model, _last_block(model), inputs, classes, CrossEntropy())
    images = inputs[0][:, 0].cpu().numpy()
    silence = np.zeros((1, config.data.window_samples), dtype=np.float32)
    axes = transformed(silence, config.transform)
    return {
        "example_rows": chosen,
        "example_images": images,
        "example_cams": enlarged(cams, (images.shape[1], images.shape[2])),
        "example_frequency": axes.frequency,
        "example_time": axes.time,
    }


def one_per_class(
    truth: npt.NDArray[np.int64] | None, predicted: npt.NDArray[np.int64] | None
) -> npt.NDArray[np.int64]:
    """Choose one explained window of each class, a recognised one where there is one."""
    if truth is None or predicted is None:
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(truth != predicted, kind="stable")
    _, first = np.unique(truth[order], return_index=True)
    return np.asarray(order[first][:MOST_EXAMPLES], dtype=np.int64)


def enlarged(maps: npt.NDArray[np.float32], shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Stretch coarse maps, (n, f, t), over the pixels of the images they were made from."""
    grown = torch.nn.functional.interpolate(
        torch.from_numpy(maps)[:, None], size=shape, mode="bilinear", align_corners=False
    )
    return np.asarray(grown[:, 0].numpy())
