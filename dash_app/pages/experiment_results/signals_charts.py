"""Computes the charts of one look at a test window; each function is one callback's content."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from dash import html

from dash_app.components import chart_card, format_percent
from integrations.core.data.dataset import Recording
from integrations.core.figures import signal_maps, signals
from integrations.core.figures.chart import Chart
from integrations.core.figures.look import (
    LONGEST_VIEW,
    Look,
    envelope_charts,
    occlusion_charts,
    spectrum_charts,
    wave_chart,
)
from integrations.core.figures.plotly_renderer import to_plotly
from integrations.core.signal import spectra
from integrations.core.signal.fault_lines import known_lines
from integrations.core.signal.kurtogram import kurtogram
from integrations.core.signal.machine import shaft_hz
from integrations.core.signal.probes import probe_pair, tacho_channel

HEIGHT = 320
MOST_SPEEDS = 64
MOST_NAMED = 3


def said(look: Look) -> list[Any]:
    """Say what the window is, what it was taken for, and how sure the model was."""
    order = np.argsort(-look.probability)[:MOST_NAMED]
    classes = look.result.info.classes
    right = look.truth == look.predicted
    sure = format_percent(float(look.probability.max()))
    verdict = (
        f"Recognised as “{look.predicted}” with {sure}."
        if right
        else f"“{look.truth}”, taken for “{look.predicted}” with {sure}."
    )
    rest = ", ".join(f"{classes[i]} {format_percent(float(look.probability[i]))}" for i in order)
    facts = [f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}"
             for k, v in look.recording.fields.items()]  # fmt: skip
    icon = "check-circle" if right else "x-circle"
    return [
        html.Span(
            [html.I(className=f"bi bi-{icon}", **{"aria-hidden": "true"}), verdict],
            className="said-right" if right else "said-wrong",
        ),
        html.Span(f"Most likely: {rest}.", className="muted small"),
        html.Span(" · ".join(facts[:8]), className="muted small"),
    ]


def wave(look: Look, channel: int, unit: str) -> list[Any]:
    """Draw the window with what the network looked at, and the occlusion below."""
    below = [_card(chart, unit) for chart in occlusion_charts(look, look.ruler(unit))]
    return [
        chart_card(wave_chart(look, channel), height=260),
        *([_side_by_side(below)] if below else []),
    ]


def spectrum(look: Look, channel: int, unit: str, extent: str) -> Any:
    """Draw the amplitude spectrum."""
    charts = spectrum_charts(look, look.ruler(unit), channel, extent)
    return _side_by_side([_card(chart, unit + extent) for chart in charts])


def envelope(
    look: Look,
    channel: int,
    unit: str,
    extent: str,
    band: tuple[float, float] | None,
    prewhitened: bool,
) -> Any:
    """Draw the envelope spectrum."""
    charts = envelope_charts(look, look.ruler(unit), channel, extent, band, prewhitened)
    return _side_by_side([_card(chart, unit + extent) for chart in charts])


def _side_by_side(cards: list[Any]) -> html.Div:
    return html.Div(cards, className="grid-2" if len(cards) > 1 else "")


def waterfall(look: Look, channel: int, unit: str, by: str) -> Any:
    """Draw spectra over the recording, or over recordings of the true class by speed."""
    ruler = look.ruler(unit)
    if by == "speed":
        found, note = _by_speed(look, channel)
        if found is None:
            return html.P(note, className="muted")
        ruler = replace(ruler, unit="Hz" if ruler.unit == "orders" else ruler.unit)
    else:
        found = spectra.waterfall(look.samples(channel, "recording"), look.rate)
    chart = signal_maps.waterfall(found, ruler, by_speed=by == "speed", key="signal_waterfall")
    return _card(chart, unit + by, 360)


def kurtogram_card(look: Look, channel: int) -> Any:
    """Draw the kurtogram of the recording."""
    rated = look.recording.sampling_rate_hz is not None
    found = kurtogram(look.samples(channel, "recording"), look.rate)
    chart = signal_maps.kurtogram(found, rated=rated, key="signal_kurtogram")
    how = f"{chart.help} Click one to demodulate it in the envelope spectrum."
    return _card(replace(chart, help=how), "", 360)


def orbit(look: Look, unit: str, extent: str, filtered: bool) -> list[Any]:
    """Draw orbit and full spectrum; nothing without a pair of probes."""
    channels = look.result.info.channels
    pair = probe_pair(channels)
    if pair is None:
        return []
    x, y = (look.samples(channel, extent) for channel in pair)
    tacho = tacho_channel(channels)
    pulses = spectra.tacho_pulses(look.samples(tacho, extent)) if tacho is not None else ()
    path = spectra.orbit(x, y, look.rate, look.shaft if filtered else None, pulses)
    if look.shaft:
        path = path.beginning(round(signals.ORBIT_TURNS * look.rate / look.shaft))
    full = spectra.full_spectrum(x, y, look.rate)
    charts = [
        signals.orbit(path, look.unit(pair[0]), filtered=filtered, key="signal_orbit"),
        signals.full_spectrum(full, look.ruler(unit), look.unit(pair[0]), key="signal_full"),
    ]
    return [_card(chart, unit + extent + str(filtered), 380) for chart in charts]


def cursor_lines(look: Look, unit: str) -> dict[str, Any]:
    """Give what the cursors need: the unit, the shaft, and lines to be put at or snapped to."""
    ruler = look.ruler(unit)
    lines = known_lines(look.result.info, look.recording) if look.shaft else ()
    return {
        "factor": ruler.factor,
        "unit": ruler.axis().unit or "×",
        "shaft": look.shaft,
        "rated": ruler.rated,
        "lines": [{"label": line.label, "hz": line.centre} for line in lines],
    }


def _card(chart: Chart, view: str, height: int = HEIGHT) -> Any:
    """Draw a chart; a zoom is kept from window to window but not over a change of the axis."""
    figure = to_plotly(chart)
    figure["layout"]["uirevision"] = f"{chart.key} {view}"
    return chart_card(chart, figure=figure, height=height)


def _by_speed(look: Look, channel: int) -> tuple[spectra.Waterfall | None, str]:
    """Put recordings of the same class and rate one behind another, one for each speed."""
    by_rpm: dict[int, int] = {}
    for index, other in enumerate(look.result.info.recordings):
        if _alike(look.recording, other):
            by_rpm.setdefault(round(60 * (shaft_hz(other) or 0)), index)
    if len(by_rpm) < 3:
        return None, "Fewer than three recordings of this class tell different speeds."
    speeds = sorted(by_rpm)
    chosen = [
        speeds[i] for i in np.unique(np.linspace(0, len(speeds) - 1, MOST_SPEEDS).astype(int))
    ]
    pieces = [np.asarray(look.data.signal(by_rpm[rpm])[channel][:LONGEST_VIEW], dtype=np.float64)
              for rpm in chosen]  # fmt: skip
    return spectra.cascade(pieces, look.rate, chosen), ""


def _alike(one: Recording, other: Recording) -> bool:
    same = one.label == other.label and one.sampling_rate_hz == other.sampling_rate_hz
    return same and shaft_hz(other) is not None
