"""What the simulation screen says of a configuration; pure functions, no store."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from dash import html

from dash_app.components import (
    chart_card,
    format_bytes,
    format_count,
    format_duration,
    format_number,
)
from dash_app.forms import FieldSpec
from dash_app.forms.validation import is_shown
from integrations.core.figures.chart import Lines
from integrations.core.figures.signals import ORBIT_TURNS, Ruler, orbit, spectrum, waveform
from integrations.core.signal import spectra
from integrations.core.simulator.config import JOURNAL_CLASSES, ROLLING_CLASSES, SimulatorConfig
from integrations.core.simulator.oil_film import OIL_GRADES
from integrations.core.simulator.simulate import Simulated, simulate_one

CHOICES: dict[str, list[str]] = {
    "content.classes": list(dict.fromkeys((*JOURNAL_CLASSES, *ROLLING_CLASSES))),
    "operation.oil_grades": list(OIL_GRADES),
}
FILM_FIELDS = frozenset(
    f"operation.{name}"
    for name in ("lowest_load_mpa", "highest_load_mpa", "lowest_temperature_c",
                 "highest_temperature_c", "oil_grades")
)  # fmt: skip
SHOWN_SECONDS = 0.5
SHOWN_ORDERS = 12
TIMED_SAMPLES = 4096
PREVIEW_SAMPLES = 1 << 16


def is_hidden(spec: FieldSpec, values: dict[str, Any]) -> bool:
    """Tell whether a setting has no effect with these values."""
    rolling = values.get("content.kind") == "rolling"
    return (rolling and spec.path in FILM_FIELDS) or not is_shown(spec, values)


def estimate(config: SimulatorConfig) -> html.Dl:
    """Say what will be made, how much room it takes and how long it lasts."""
    seconds = config.recording.samples / config.rate_hz
    machines = min(config.content.machines, config.content.signals_per_class)
    facts = [
        ("Signals", f"{format_count(config.n_signals)} in {len(config.classes)} classes"),
        ("Machines", format_count(machines)),
        ("Each signal", f"{format_duration(seconds)} at {format_count(round(config.rate_hz))} Hz"),
        ("Channels", "X, Y, axial, tacho"),
        ("On disk", format_bytes(config.size_bytes)),
        ("Takes", f"about {format_duration(making_seconds(config))} of one core"),
    ]
    parts = [part for name, value in facts for part in (html.Dt(name), html.Dd(value))]
    return html.Dl(parts, className="facts")


def making_seconds(config: SimulatorConfig) -> float:
    """Estimate the processor time of a set from one short signal made here and now."""
    short = _with_samples(config, TIMED_SAMPLES)
    simulate_one(short, short.n_signals - 1)
    begin = time.thread_time()
    simulate_one(short, short.n_signals - 1)
    one = time.thread_time() - begin
    return one * config.n_signals * config.recording.samples / TIMED_SAMPLES


def preview(config: SimulatorConfig, label: str, number: int) -> html.Div:
    """Draw one signal of a class: X over time, its spectrum in orders, and the orbit.

    Args:
        config: What the set is made from.
        label: One of ``config.classes``.
        number: Which of the class's signals; taken round when there are fewer.
    """
    short = _with_samples(config, min(config.recording.samples, PREVIEW_SAMPLES))
    per_class = short.content.signals_per_class
    found = simulate_one(short, short.classes.index(label) * per_class + number % per_class)
    charts = [_wave(found, short), _spectrum(found, short)]
    charts += [] if config.rolling else [_orbit(found, short)]
    cards = [chart_card(chart, height=250) for chart in charts]
    columns = "grid-2" if config.rolling else "grid-3"
    return html.Div(
        [html.P(_story(found), className="muted small"), html.Div(cards, className=columns)],
        className="stack",
    )


def _with_samples(config: SimulatorConfig, samples: int) -> SimulatorConfig:
    recording = config.recording.model_copy(update={"samples": samples})
    return config.model_copy(update={"recording": recording})


def _story(found: Simulated) -> str:
    """Tell what was simulated, truth included."""
    fields = found.recording.fields
    causes = [f"{fault} {100 * size:.0f} %" for fault, size in found.severity.items()]
    known = [f"{field_words(name, value)}" for name, value in fields.items() if name in _TOLD]
    return " · ".join([", ".join(causes) or "no fault", str(fields["machine"]), *known])


_TOLD = {
    "rpm": "rpm",
    "unit load": "MPa",
    "oil temperature": "°C",
    "oil grade": "",
    "Sommerfeld": "",
    "SNR": "dB",
}


def field_words(name: str, value: str | float) -> str:
    """Write a condition with its unit: "2 950 rpm", "Sommerfeld 0.41"."""
    text = value if isinstance(value, str) else format_number(value, 4)
    named = name if name in ("Sommerfeld", "SNR") else ""
    return " ".join(part for part in (named, text, _TOLD[name]) if part)


def _wave(found: Simulated, config: SimulatorConfig) -> Lines:
    shown = found.samples[0][: max(8, int(SHOWN_SECONDS * config.rate_hz))]
    return waveform(shown, config.rate_hz, _unit(config), name=f"{found.recording.label}, X")


def _spectrum(found: Simulated, config: SimulatorConfig) -> Lines:
    shaft = float(found.recording.fields["rpm"]) / 60
    lines = spectra.amplitude_spectrum(found.samples[0], config.rate_hz)
    ruler = Ruler("Hz" if config.rolling else "orders", shaft_hz=shaft)
    drawn = spectrum(lines, ruler, _unit(config), name=f"{found.recording.label}, X")
    top = None if config.rolling else SHOWN_ORDERS * shaft
    return replace(drawn, x_axis=ruler.axis(top))


def _orbit(found: Simulated, config: SimulatorConfig) -> Lines:
    turns = ORBIT_TURNS * config.rate_hz * 60 / float(found.recording.fields["rpm"])
    x, y, _, tacho = found.samples[:, : int(turns)]
    pulses = spectra.tacho_pulses(tacho)
    drawn = spectra.orbit(x, y, config.rate_hz, pulses=pulses)
    return orbit(drawn, _unit(config), filtered=False)


def _unit(config: SimulatorConfig) -> str:
    return "g" if config.rolling else "µm"
