"""What the 1D CNN can show: its first filters, and what its layers answer to telling windows."""

from __future__ import annotations

from integrations.core.contract import StoredResult
from integrations.core.figures.activations import activation_charts, activity_charts
from integrations.core.figures.chart import Chart
from integrations.core.figures.filters import filter_charts


def panels(result: StoredResult) -> list[Chart]:
    """Give the charts that the run kept something for."""
    filters = filter_charts(result.extras.get("first_filters", ()), result.info)
    return [*filters, *activation_charts(result), *activity_charts(result.extras)]
