"""What the 1D ResNet can show: gradients and steps of its layers, and its first filters."""

from __future__ import annotations

import re

from integrations.core.contract import StoredResult
from integrations.core.figures.activations import activity_charts
from integrations.core.figures.chart import Chart
from integrations.core.figures.filters import filter_charts
from integrations.core.figures.layers import layer_charts

BODY = re.compile(r"stages\.(\d+)\.(\d+)\.body\.(\d+)\.0")
SHORTCUT = re.compile(r"stages\.(\d+)\.(\d+)\.shortcut\.0")


def panels(result: StoredResult) -> list[Chart]:
    """Give the charts that the run kept something for."""
    names = [in_words(str(name)) for name in result.extras.get("layer_names", ())]
    layers = layer_charts({**result.extras, "layer_names": names})
    filters = filter_charts(result.extras.get("first_filters", ()), result.info)
    return [*layers, *activity_charts(result.extras), *filters]


def in_words(name: str) -> str:
    """Name a layer as people count them: ``stages.0.1.body.0.0`` is "1.2 convolution 1"."""
    if found := BODY.fullmatch(name):
        stage, block, layer = (int(number) + 1 for number in found.groups())
        return f"{stage}.{block} convolution {layer}"
    if found := SHORTCUT.fullmatch(name):
        stage, block = (int(number) + 1 for number in found.groups())
        return f"{stage}.{block} shortcut"
    part = name.split(".")[0]
    return {"stem": "Stem", "head": f"Head {name.removeprefix('head.')}"}.get(part, name)
