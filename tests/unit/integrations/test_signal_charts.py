"""Charts of signals and of what a decision rests on, from synthetic machines."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.figures import signal_maps, signals
from integrations.core.figures.chart import Heatmap, Lines
from integrations.core.figures.matplotlib_renderer import to_pdf
from integrations.core.figures.plotly_renderer import to_plotly
from integrations.core.figures.signals import ClassLines, Ruler
from integrations.core.signal.fault_lines import FaultLine, expected_lines, known_lines
from integrations.core.signal.kurtogram import kurtogram
from integrations.core.signal.probes import probe_pair, tacho_channel
from integrations.core.signal.spectra import (
    Spectrum,
    amplitude_spectrum,
    envelope_spectrum,
    full_spectrum,
    orbit,
    waterfall,
)

RATE = 8192.0
TIME = np.arange(8192) / RATE
NOISE = np.random.default_rng(3).normal(size=TIME.size)
RPM = 1800.0
SHAFT = RPM / 60


def recording(label: str, **fields: str | float) -> Recording:
    return Recording(label, label, "g", TIME.size, RATE, fields={"rpm": RPM, **fields})


ROLLING = DatasetInfo(
    "r", "signal", ("x",), (recording("a"),), properties={"bpfo": 3.5, "bpfi": 5.5, "bsf": 2.3}
)
JOURNAL = DatasetInfo(
    "j", "signal", ("x",), (recording("a"),), properties={"bearing_kind": "journal"}
)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("inner race", ["BPFI"]),
        ("IR007", ["BPFI"]),
        ("OR014@6", ["BPFO"]),
        ("B021", ["2×BSF"]),
        ("inner + outer", ["BPFI", "BPFO"]),
        ("normal", []),
        ("order", []),
    ],
)
def test_a_rolling_class_name_tells_its_lines(name: str, lines: list[str]) -> None:
    assert [n.label for n in expected_lines(ROLLING, recording(name), name)] == lines


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("imbalance", ["1×"]),
        ("misalignment", ["1×", "2×", "3×"]),
        ("oil whirl", ["0.38–0.48×"]),
        ("oil whip", ["near the critical speed"]),
        ("mixed imbalance + wear", ["1×", "2×"]),
        ("cavitation", []),
        ("inner race", []),
    ],
)
def test_a_journal_class_name_tells_its_lines(name: str, lines: list[str]) -> None:
    found = expected_lines(JOURNAL, recording(name, **{"critical speed": 25.0}), name)
    assert [n.label for n in found] == lines


def test_lines_need_a_speed_and_a_known_bearing() -> None:
    still = Recording("a", "a", "g", 10, RATE)
    assert expected_lines(ROLLING, still, "inner race") == ()
    assert known_lines(ROLLING, still) == ()
    assert [n.label for n in known_lines(ROLLING, recording("a"))] == [
        "1×", "BPFO", "BPFI", "2×BSF",
    ]  # fmt: skip
    found = [n.centre for n in known_lines(JOURNAL, recording("a"))]
    assert found == pytest.approx([SHAFT, 0.43 * SHAFT])


def test_probes_and_tacho_are_known_by_name() -> None:
    assert probe_pair(("tacho", "probe_X", "DE y")) == (1, 2)
    assert probe_pair(("axial", "extra")) is None
    assert tacho_channel(("X", "Tacho")) == 1
    assert tacho_channel(("X", "Y")) is None


def test_a_ruler_writes_hertz_cycles_per_minute_and_orders() -> None:
    assert (Ruler("Hz").factor, Ruler("cpm").factor) == (1, 60)
    assert Ruler("orders", SHAFT).factor == pytest.approx(1 / SHAFT)
    assert Ruler("orders").axis().unit == "Hz"
    assert Ruler(rated=False).axis().unit == "cycles per sample"


def test_the_wave_is_shaded_where_the_network_looked() -> None:
    cam = np.zeros(128)
    cam[32:48] = 1.0
    chart = signals.waveform(NOISE, RATE, "g", name="a", start=819, cam=cam)
    assert len(chart.bands) == 1
    band = chart.bands[0]
    assert band.low == pytest.approx((819 + 2048) / RATE)
    assert band.high == pytest.approx((819 + 3072) / RATE)
    assert "looked most at" in chart.title
    assert signals.waveform(NOISE, RATE, "g", name="a", cam=cam * math.nan).bands == ()


def test_the_envelope_says_which_class_its_lines_speak_for() -> None:
    since = (TIME * 5.5 * SHAFT % 1) / (5.5 * SHAFT)
    samples = np.exp(-since * 900) * np.sin(2 * np.pi * 2500 * since) + 0.02 * NOISE
    found = envelope_spectrum(samples, RATE)
    told = {}
    for name in ("inner race", "outer race"):
        lines = ClassLines(name, "true", expected_lines(ROLLING, recording(name), name))
        chart = signals.envelope(found, Ruler("orders", SHAFT), "g", classes=[lines])
        told[name] = float(chart.title.split("stands ")[1].split(" ×")[0])
        assert [marker.label for marker in chart.markers] == [lines.lines[0].label, "2", "3"]
    assert told["inner race"] > 10 * told["outer race"]


def test_a_band_of_lines_is_shaded_and_named() -> None:
    whirl = ClassLines("oil whirl", "predicted", (FaultLine("0.38–0.48×", 11.4, 14.4),))
    found = amplitude_spectrum(np.sin(2 * np.pi * 13.2 * TIME) + 0.01 * NOISE, RATE)
    chart = signals.spectrum(found, Ruler("orders", SHAFT), "µm", name="a", classes=[whirl])
    assert (chart.bands[0].low, chart.bands[0].high) == pytest.approx((0.38, 0.48))
    assert chart.x_axis.range is not None
    assert chart.x_axis.range[1] == pytest.approx(12.5)
    assert "stands" in chart.title


def test_a_class_without_lines_is_said_so() -> None:
    found = amplitude_spectrum(NOISE, RATE)
    chart = signals.envelope(found, Ruler(), "g", classes=[ClassLines("normal", "true", ())])
    assert chart.title == "The true class “normal” has no line of its own"


def test_the_whirl_is_told_forward_from_backward() -> None:
    x, y = np.cos(2 * np.pi * 13 * TIME), np.sin(2 * np.pi * 13 * TIME)
    chart = signals.full_spectrum(full_spectrum(x, -y, RATE), Ruler("Hz", SHAFT), "µm")
    assert chart.title == "The strongest whirl runs backward at 0.43×"


def test_the_clicked_cell_of_a_kurtogram_names_its_band() -> None:
    found = kurtogram(NOISE, RATE)
    chart = signal_maps.kurtogram(found)
    assert len(set(chart.rows)) == len(found.levels)
    for level, row in enumerate(chart.rows):
        assert row == signal_maps.level_name(found, level)
    widths = np.diff(np.array(chart.columns))
    assert widths == pytest.approx(widths[0])


def test_occlusion_names_the_band_that_carries_the_decision() -> None:
    chart = signal_maps.occlusion([0, 100, 200, 400], [0.1, 0.6, -0.2], Ruler(), "ball")
    assert chart is not None
    assert "100 to 200 Hz" in chart.title
    assert min(chart.series[0].x) > 0
    nothing = signal_maps.occlusion([0, 100, 200], [0.0, 0.001], Ruler(), "ball")
    assert nothing is not None
    assert "no single frequency band" in nothing.title
    for edges, falls in (((), ()), ((0, 1, 2), (math.nan, 1.0)), ((0, 1), (1.0, 2.0))):
        assert signal_maps.occlusion(edges, falls, Ruler(), "ball") is None


def test_order_occlusion_leaves_out_what_a_window_cannot_resolve() -> None:
    orders = [(0.38, 0.48), (0.97, 1.03), (1.97, 2.03)]
    chart = signal_maps.order_occlusion(orders, [math.nan, 0.4, 0.1], "imbalance")
    assert chart is not None
    assert chart.categories == ("1×", "2×")
    assert chart.title == "Without 1× “imbalance” loses 40 points"
    assert signal_maps.order_occlusion(orders, [math.nan] * 3, "imbalance") is None
    assert signal_maps.order_occlusion((), (), "imbalance") is None


@pytest.mark.parametrize("samples", [np.zeros(64), NOISE[:16], NOISE])
@pytest.mark.parametrize("rated", [True, False])
def test_every_chart_of_odd_signals_is_drawn(samples: np.ndarray, rated: bool) -> None:
    rate = RATE if rated else 1.0
    ruler = Ruler("Hz", SHAFT if rated else None, rated)
    charts: list[Lines | Heatmap] = [
        signals.waveform(samples, rate if rated else None, "", name="a", cam=np.ones(128)),
        signals.spectrum(amplitude_spectrum(samples, rate), ruler, "", name="a"),
        signals.envelope(envelope_spectrum(samples, rate), ruler, ""),
        signals.full_spectrum(full_spectrum(samples, samples, rate), ruler, ""),
        signals.orbit(orbit(samples, samples, rate, pulses=[1.0]), "", filtered=False),
        signal_maps.waterfall(waterfall(samples, rate), ruler),
        signal_maps.kurtogram(kurtogram(samples, rate), rated=rated),
    ]
    for chart in charts:
        assert len(json.dumps(to_plotly(chart), allow_nan=False)) < 250_000
        assert to_pdf(chart).startswith(b"%PDF-")


def test_a_flat_spectrum_has_no_range_to_take_a_logarithm_of() -> None:
    flat = Spectrum(np.arange(5.0), np.zeros(5))
    assert signals.spectrum(flat, Ruler(), "", name="a").y_axis.range is None
