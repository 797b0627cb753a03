"""The Signals tab: what a test window looks like and what the decision on it rests on."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, empty_state, term
from dash_app.pages.experiment_results import ids
from integrations.core.contract import StoredResult
from integrations.core.figures.look import (
    explained_position,
    rows_of,
    telling_label,
    telling_rows,
)
from integrations.core.signal.machine import shaft_hz
from integrations.core.signal.probes import probe_pair, tacho_channel

UNITS = (("Hz", "Hz"), ("cpm", "cpm"), ("orders", "Orders"))
MODES = (("off", "Off"), ("harmonic", "Harmonics"), ("sideband", "Sidebands"))
SNAPS = (("off", "nothing"), ("peaks", "peaks"), ("lines", "fault lines"))


def signals_tab(result: StoredResult, asked: dict[str, Any]) -> html.Div:
    """Draw the tab's choices; the charts come by callback.

    Args:
        result: Whose test windows are shown.
        asked: ``record`` and ``start`` of the address, as text; the first telling window otherwise.
    """
    if not len(result.test.truth):
        return empty_state("soundwave", "No test window", "This run tested nothing to look at.")
    row = asked_row(result, asked)
    recordings = list(dict.fromkeys(result.test.recording.tolist()))
    has_speed = any(_speed(result, i) for i in recordings)
    return html.Div(
        [
            dcc.Store(id=ids.BAND),
            dcc.Store(id=ids.LINES),
            dcc.Store(id=ids.CURSOR_DRAWN),
            _chooser(result, row, recordings, has_speed),
            html.Div(dmc.Skeleton(height=300), id=ids.WAVE, className="stack"),
            _cursors(),
            html.Div(dmc.Skeleton(height=340), id=ids.SPECTRUM),
            _envelope_tools(),
            html.Div(dmc.Skeleton(height=340), id=ids.ENVELOPE, className="stack"),
            html.Div(
                [
                    html.Div(
                        [_waterfall_tools(has_speed), html.Div(id=ids.WATERFALL)],
                        className="stack-tight",
                    ),
                    html.Div(id=ids.KURTOGRAM),
                ],
                className="grid-2 signals-maps",
            ),
            _orbit_section(result, has_speed),
        ],
        className="stack signals",
    )


def asked_row(result: StoredResult, asked: dict[str, Any]) -> int:
    """Find the window that the address names, else the most telling one."""
    try:
        rows = rows_of(result, int(asked.get("record", "")))
    except ValueError:
        rows = rows_of(result, -1)
    if not len(rows):
        return telling_rows(result)[0]
    start = str(asked.get("start", ""))
    exact = [r for r in rows.tolist() if str(int(result.test.start[r])) == start]
    return int(exact[0] if exact else rows[0])


def telling_value(result: StoredResult, row: int) -> str:
    """Name a window in the list of telling ones."""
    return f"{int(result.test.recording[row])}:{int(result.test.start[row])}"


def number_of(result: StoredResult, row: int) -> int:
    """Give the place (1-based) of a window among the test windows of its recording."""
    return rows_of(result, int(result.test.recording[row])).tolist().index(row) + 1


def _chooser(
    result: StoredResult, row: int, recordings: list[int], has_speed: bool
) -> html.Section:
    info, recording = result.info, int(result.test.recording[row])
    telling = telling_rows(result)
    explained = any(explained_position(result, r) is not None for r in telling)
    known = {telling_value(result, r) for r in telling}
    here = telling_value(result, row)
    first = dmc.Select(
        id=ids.TELLING,
        label="Explained windows" if explained else "Telling windows",
        description="Mistakes first",
        data=[{"value": telling_value(result, r), "label": telling_label(result, r)}
              for r in telling],
        value=here if here in known else None,
        placeholder="Another window",
        searchable=True,
        allowDeselect=False,
    )  # fmt: skip
    second = dmc.Select(
        id=ids.RECORDING,
        label="Test recording",
        description=f"{len(recordings)} recordings",
        data=[{"value": str(i), "label": f"{info.recordings[i].name} · {info.recordings[i].label}"}
              for i in recordings],
        value=str(recording),
        searchable=True,
        allowDeselect=False,
        limit=200,
    )  # fmt: skip
    rated = any(info.recordings[i].sampling_rate_hz for i in recordings)
    count = len(rows_of(result, recording))
    third = dmc.NumberInput(
        id=ids.WINDOW,
        label="Window",
        description=f"1 to {count}",
        value=number_of(result, row),
        min=1,
        max=count,
        allowDecimal=False,
        clampBehavior="strict",
        debounce=250,
    )
    return card(
        html.Div([first, second, third], className="signals-chooser"),
        html.Div(
            [
                _labelled("Channel", dmc.Select(
                    id=ids.CHANNEL,
                    data=[{"value": str(i), "label": n} for i, n in enumerate(info.channels)],
                    value="0", allowDeselect=False, size="xs", w=140, **{"aria-label": "Channel"},
                ), hidden=len(info.channels) == 1),
                _labelled("Frequencies in", _switch(ids.UNIT, UNITS if has_speed else UNITS[:2]),
                          hidden=not rated),
                _labelled("Spectra of", _switch(
                    ids.EXTENT, (("window", "The window"), ("recording", "The recording")))),
            ],
            className="row signals-switches",
        ),
        html.Div(id=ids.SAID, className="signals-said", role="status"),
        className="stack-tight",
    )  # fmt: skip


def _speed(result: StoredResult, index: int) -> float | None:
    recording = result.info.recordings[index]
    return shaft_hz(recording) if recording.sampling_rate_hz else None


def _labelled(words: Any, control: Any, hidden: bool = False) -> html.Div:
    return html.Div(
        [html.Span(words, className="muted small"), control],
        className="row" if not hidden else "row hidden",
    )


def _switch(component_id: str, choices: tuple[tuple[str, str], ...]) -> dmc.SegmentedControl:
    return dmc.SegmentedControl(
        id=component_id,
        data=[{"value": value, "label": label} for value, label in choices],
        value=choices[0][0],
        size="xs",
    )


def _cursors() -> html.Section:
    tools = [
        _labelled("Cursor", _switch(ids.CURSOR_MODE, (MODES[1], MODES[2], MODES[0]))),
        dmc.NumberInput(id=ids.CURSOR_BASE, label="Frequency", size="xs", w=130, min=0,
                        decimalScale=4, debounce=200),
        dmc.NumberInput(id=ids.CURSOR_SPACING, label="Spacing", size="xs", w=110, min=0,
                        decimalScale=4, debounce=200),
        dmc.NumberInput(id=ids.CURSOR_COUNT, label="Lines", size="xs", w=80, min=1, max=20,
                        value=5, allowDecimal=False, clampBehavior="strict"),
        dmc.Select(id=ids.CURSOR_PUT, label="Put at", size="xs", w=150, data=[],
                   placeholder="A known line", clearable=False),
        dmc.Select(id=ids.CURSOR_SNAP, label="Snap to", size="xs", w=120, allowDeselect=False,
                   data=[{"value": v, "label": w} for v, w in SNAPS], value="peaks"),
    ]  # fmt: skip
    help_text = (
        "Drag the handle above a spectrum, or focus it and press the arrow keys (with Shift: ten "
        "steps), or type a frequency. Harmonics are its multiples; sidebands stand at equal "
        "distances on both sides. Drag over a chart to zoom in; double-click to see all of it."
    )
    return card(
        html.Div(tools, className="cursor-tools"),
        html.Div(
            id=ids.CURSOR_READOUT,
            className="cursor-readout scroll-x",
            tabIndex=0,
            role="region",
            **{"aria-label": "Cursor readout"},
        ),
        title="Cursors",
        help=help_text,
    )


def _envelope_tools() -> html.Div:
    return html.Div(
        [
            html.Span(
                term(
                    "Envelope of",
                    "Choose a band by a click on a cell of the kurtogram below.",
                ),
                className="muted small",
            ),
            html.Span("all frequencies", id=ids.BAND_WORDS, className="small"),
            dmc.Button("All", id=ids.BAND_CLEAR, variant="default", size="compact-xs",
                       **{"aria-label": "Envelope of all frequencies"}),
            dmc.Switch(id=ids.PREWHITEN, label="Prewhitened", size="xs", checked=False),
        ],
        className="row envelope-tools",
    )  # fmt: skip


def _waterfall_tools(has_speed: bool) -> html.Div:
    choices = (("time", "Time"), ("speed", "Speed"))
    words = term(
        "Waterfall over",
        "Time: one recording from its start to its end. Speed: recordings of the same true class, "
        "one behind another by rpm.",
    )
    return _labelled(words, _switch(ids.WATERFALL_BY, choices), hidden=not has_speed)


def _orbit_section(result: StoredResult, has_speed: bool) -> html.Div:
    pair = probe_pair(result.info.channels)
    tacho = tacho_channel(result.info.channels)
    switch = _switch(ids.ORBIT_FILTER, (("all", "All frequencies"), ("1x", "1× only")))
    note = "" if tacho is not None else " There is no tacho channel, so no dot is drawn."
    words = term("Orbit of", f"X and Y against each other; the dot is the tacho pulse.{note}")
    return html.Div(
        [
            _labelled(words, switch, hidden=pair is None or not has_speed),
            html.Div(id=ids.ORBIT, className="grid-2"),
        ],
        className="stack-tight" if pair is not None else "hidden",
    )
