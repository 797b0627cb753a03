"""One mistaken window: why perhaps, what it looks like, and what the model knows like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import dcc, html

from dash_app.components import banner, card, chart_card, format_percent, icon, term
from dash_app.pages.experiment_results import failures_ids as ids
from dash_app.pages.experiment_results.failures_list import ICONS, kind_words, where
from dash_app.pages.experiment_results.failures_loading import Failures
from integrations.core.data.dataset import Dataset
from integrations.core.failures.kinds import error_kind, healthy_class, losses
from integrations.core.failures.reasons import HELP, reasons_of
from integrations.core.figures import signals
from integrations.core.figures.chart import Chart
from integrations.core.figures.look import (
    Look,
    envelope_charts,
    look_at,
    occlusion_charts,
    spectrum_charts,
    wave_chart,
)
from integrations.core.figures.plotly_renderer import to_plotly
from integrations.core.signal import spectra

HEIGHT = 300
MOST_CLASSES = 5


def detail(found: Failures, data: Dataset | None, row: int, channel: int, trouble: str) -> Any:
    """Draw everything about a test window.

    Args:
        found: The run.
        data: Its data set; None where the samples are gone.
        row: Of the test predictions.
        channel: Which is drawn.
        trouble: Why there are no samples; "".
    """
    look = look_at(found.result, data, row) if data is not None else None
    drawn = _charts(found, look, channel) if look is not None else [banner("warning", trouble)]
    return [
        card(
            _heading(found, row),
            html.Div(
                [_why(found, row), _probabilities(found, row), _near(found, row)],
                className="failures-facets",
            ),
            className="failures-window",
        ),
        html.Div(id=ids.NEIGHBOUR),
        *drawn,
    ]


def neighbour(found: Failures, data: Dataset, recording: int, start: int, channel: int) -> Any:
    """Draw a training window, to be held against the mistaken one."""
    info = found.result.info
    shown = info.recordings[recording]
    samples = np.asarray(data.signal(recording)[channel])
    window = samples[start : start + int(found.result.config["data"]["window_samples"])]
    rate, name = shown.sampling_rate_hz, f"{shown.name} ({shown.label}, trained on)"
    look = look_at(found.result, data, 0)
    ruler = replace(look.ruler("Hz"), rated=rate is not None)
    charts: list[Chart] = [
        signals.waveform(window, rate, look.unit(channel), name=name, start=start,
                         key="failure_near_wave"),
        replace(
            signals.envelope(spectra.envelope_spectrum(window, rate or 1.0), ruler,
                             look.unit(channel), key="failure_near_envelope"),
            title=f"Envelope spectrum of {name}",
        ),
    ]  # fmt: skip
    return html.Div([_card(chart) for chart in charts], className="grid-2")


def _heading(found: Failures, row: int) -> html.Div:
    result = found.result
    test, info = result.test, result.info
    true, said = int(test.truth[row]), int(test.predicted[row])
    index = int(test.recording[row])
    recording = info.recordings[index]
    sure = float(test.probability[row].max())
    kind = error_kind(true, said, healthy_class(info.classes))
    verdict = (
        f"“{info.classes[true]}”, recognised with {format_percent(sure)}"
        if true == said
        else f"“{info.classes[true]}” taken for “{info.classes[said]}” with {format_percent(sure)}"
    )
    address = (
        f"/experiment/{found.entity.id}/results?tab=signals&record={index}"
        f"&start={int(test.start[row])}"
    )
    facts = [recording.name, where(found, row), f"group {recording.group}",
             f"loss {float(losses(test)[row]):.2f} nats"]  # fmt: skip
    return html.Div(
        [
            html.Div(
                [
                    html.H2(verdict),
                    html.P(" · ".join([kind_words(kind, sure), *facts]), className="muted small"),
                ]
            ),
            dcc.Link([icon("soundwave"), "Open in Signals"], href=address,
                     className="button button-quiet"),
        ],
        className="failures-heading",
    )  # fmt: skip


def _why(found: Failures, row: int) -> html.Div:
    title = html.H3("Why it may have failed")
    if int(found.result.test.truth[row]) == int(found.result.test.predicted[row]):
        title = html.H3("What is unusual about it")
    if found.stored is None:
        return html.Div([title, html.P("Not looked into yet.", className="muted")])
    reasons = reasons_of(found.stored.analysis, found.result, row)
    if not reasons:
        words = "Nothing measured is unusual about this window: no fact explains the mistake."
        return html.Div([title, html.P(words, className="muted")])
    items = [
        html.Li([
            icon(ICONS[each.code]),
            html.Div([term(each.title, HELP[each.code]), html.P(each.sentence)]),
        ])
        for each in reasons
    ]  # fmt: skip
    return html.Div([title, html.Ul(items, className="failures-reasons")])


def _probabilities(found: Failures, row: int) -> html.Div:
    info, test = found.result.info, found.result.test
    order = np.argsort(-test.probability[row], kind="stable")[:MOST_CLASSES].tolist()
    true = int(test.truth[row])
    if true not in order:
        order[-1] = true
    rows = [
        html.Li(
            [
                html.Span(
                    [info.classes[k], html.Span(" (true)", className="muted") if k == true else ""]
                ),
                html.Span(format_percent(float(test.probability[row, k])), className="number"),
                html.Span(
                    className="failures-bar",
                    style={"width": f"{100 * float(test.probability[row, k]):.1f}%"},
                ),
            ]
        )
        for k in order
    ]
    return html.Div([html.H3("Class probabilities"), html.Ul(rows, className="failures-bars")])


def _near(found: Failures, row: int) -> html.Div:
    space = "standard signal features" if _stands_in(found) else "the model's own features"
    how = f"By distance in {space}, in units of the median distance of validation windows to their "
    title = html.H3(term("Nearest training windows", how + "nearest one."))
    analysis = found.stored.analysis if found.stored is not None else None
    if analysis is None or analysis.near_recording[row, 0] < 0:
        return html.Div([title, html.P("Not measured for this window.", className="muted")])
    rows = zip(
        analysis.near_recording[row].tolist(), analysis.near_start[row].tolist(),
        analysis.near_distance[row].tolist(), strict=True,
    )  # fmt: skip
    items = [_neighbour_row(found, *each) for each in rows]
    return html.Div([title, html.Ul(items, className="failures-near")])


def _stands_in(found: Failures) -> bool:
    return found.stored is not None and found.stored.analysis.space == "signal"


def _neighbour_row(found: Failures, recording: int, start: int, distance: float) -> html.Li:
    shown = found.result.info.recordings[recording]
    return html.Li(
        [
            html.Button(
                f"{shown.name}",
                id=ids.near(recording, start),
                type="button",
                className="failures-link",
                title="Draw it below",
            ),
            html.Span(shown.label, className="muted"),
            html.Span(f"{distance:.2f} ×", className="number"),
        ]
    )


def _charts(found: Failures, look: Look, channel: int) -> Sequence[Any]:
    ruler = look.ruler("Hz")
    rests = occlusion_charts(look, ruler, key="failure_occlusion")
    spectrum = spectrum_charts(look, ruler, channel, "window", key="failure_spectrum")
    envelope = envelope_charts(look, ruler, channel, "window", key="failure_envelope")
    return [
        _card(wave_chart(look, channel, key="failure_wave"), 240),
        *_explanation(found, look, rests),
        _pair(envelope),
        _pair(spectrum),
        *_no_lines(look),
    ]


def _explanation(found: Failures, look: Look, rests: list[Chart]) -> list[Any]:
    if rests:
        return [_pair(rests)]
    if look.explained is not None or _stands_in(found):
        return []
    words = "What the decision on this window rests on was not measured."
    button = dmc.Button("Measure it", id=ids.EXPLAIN, size="xs", variant="default")
    return [banner("info", words, actions=[button])]


def _no_lines(look: Look) -> list[Any]:
    without = [each.name for each in look.class_lines() if not each.lines]
    if not without:
        return []
    names = " and ".join(f"“{name}”" for name in without)
    why = "the shaft speed or the sampling rate is not known" if look.shaft is None else (
        "no fault lines are known for that name and bearing"
    )  # fmt: skip
    return [html.P(f"No cursors are drawn for {names}: {why}.", className="muted small")]


def _pair(charts: Sequence[Chart]) -> html.Div:
    cards = [_card(chart) for chart in charts]
    return html.Div(cards, className="grid-2" if len(cards) > 1 else "")


def _card(chart: Chart, height: int = HEIGHT) -> Any:
    figure = to_plotly(chart)
    figure["layout"]["uirevision"] = chart.key
    return chart_card(chart, figure=figure, height=height)
