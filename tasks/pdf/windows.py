"""Chooses the test windows that the report shows and draws what the model looked at."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from integrations.core.contract import StoredResult
from integrations.core.data.dataset import Dataset, DatasetError
from integrations.core.figures.chart import Chart, Lines
from integrations.core.figures.look import (
    Look,
    envelope_charts,
    explained_position,
    look_at,
    occlusion_charts,
    spectrum_charts,
    telling_label,
    telling_rows,
    wave_chart,
)
from tasks.pdf.content import ShownWindow

log = logging.getLogger("signalbench.reports")
MOST_WINDOWS = 2


def shown_windows(result: StoredResult, data: Dataset) -> tuple[ShownWindow, ...]:
    """Show the surest mistake and the surest hit that the run explained; () when it has none."""
    rows = [r for r in telling_rows(result) if explained_position(result, r) is not None]
    right = result.test.predicted == result.test.truth
    chosen = [r for r in rows if not right[r]][:1] + [r for r in rows if right[r]][:1]
    try:
        looks = [look_at(result, data, row) for row in chosen[:MOST_WINDOWS]]
        return tuple(_shown(look, i) for i, look in enumerate(looks))
    except DatasetError as error:
        log.warning("The report shows no windows: %s", error)
        return ()


def with_both(found: Sequence[Lines]) -> Lines:
    """Lay the lines of the true and of the predicted class over one spectrum."""
    first = found[0]
    if len(found) < 2:
        return first
    titles = " ".join(f"{chart.title.rstrip('.')}." for chart in found)
    markers = tuple(marker for chart in found for marker in chart.markers)
    bands = tuple(band for chart in found for band in chart.bands)
    return replace(first, title=titles, markers=markers, bands=bands)


def _shown(look: Look, number: int) -> ShownWindow:
    ruler = look.ruler("orders")
    charts: list[Chart] = [wave_chart(look, 0), *occlusion_charts(look, look.ruler("Hz"))]
    if look.truth == look.predicted:
        charts = charts[:2]
    elif look.lines_in("envelope"):
        charts.append(with_both(envelope_charts(look, ruler, 0, "window")))
    elif look.lines_in("spectrum"):
        charts.append(with_both(spectrum_charts(look, ruler, 0, "window")))
    title = telling_label(look.result, look.row)
    # Explanations of how to read a chart stand below the first of its kind only.
    return ShownWindow(title, tuple(c if number == 0 else replace(c, help="") for c in charts))
