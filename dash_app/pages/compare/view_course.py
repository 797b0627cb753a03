"""Curves overlaid, settings that differ, and both together on parallel axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.components import chart_card, format_number
from dash_app.forms.fields import FieldSpec
from dash_app.pages._experiment import family_title
from dash_app.pages.compare import ids
from dash_app.pages.compare.marks import run_names
from dash_app.pages.compare.setting_titles import setting_title, short_title, specs_of
from dash_app.pages.compare.tables import Cell, Column, drawn_table, run_cell
from integrations.core.compare.setting_rows import SettingRow, setting_rows
from integrations.core.figures.chart import Lines
from integrations.core.figures.comparison import (
    Dimension,
    course_chart,
    dimension,
    metric_words,
    parallel_chart,
)
from integrations.core.figures.plotly_renderer import to_plotly
from storage.entities import ExperimentEntity
from tasks.comparison import course_of

RAW_OPACITY = 0.25
MOST_DIMENSIONS = 8
CURVE_HEIGHT = 340


def curves_card(metrics: Sequence[str], metric: str, over: str, smoothing: float) -> html.Section:
    """Give the card with its controls; the curves come by callback."""
    controls = html.Div(
        [
            dmc.Select(
                id=ids.METRIC,
                data=[{"value": name, "label": metric_words(name)} for name in metrics],
                value=metric,
                size="xs",
                allowDeselect=False,
                searchable=len(metrics) > 10,
                comboboxProps={"width": 220, "position": "bottom-start"},
                **{"aria-label": "Metric of the curves"},
            ),
            dmc.SegmentedControl(
                id=ids.OVER,
                data=[
                    {"value": "epoch", "label": "By epoch"},
                    {"value": "time", "label": "By time"},
                ],
                value=over,
                size="xs",
                **{"aria-label": "What the curves run over"},
            ),
            html.Div(
                [
                    html.Span("Smoothing", className="muted small"),
                    dmc.Slider(
                        id=ids.SMOOTH, min=0, max=0.95, step=0.05, value=smoothing, size="xs",
                        label=None, thumbLabel="Smoothing of the curves",
                    ),
                ],
                className="compare-smooth",
            ),
        ],
        className="compare-controls",
    )  # fmt: skip
    empty = Lines(
        ids.CURVES, "How they learnt", *_axes(), (),
        help="The time is that of the epochs alone; pauses and waiting do not count. Behind a "
        "smoothed curve the measured one stays visible.",
    )  # fmt: skip
    return chart_card(
        empty,
        height=CURVE_HEIGHT,
        description="A metric of all runs over their training.",
        actions=[controls],
        class_name="compare-curves",
    )


def curves_figure(
    runs: Sequence[ExperimentEntity], metric: str, over: str, smoothing: float
) -> dict[str, Any]:
    """Draw a metric of all runs; zoom is kept while the axes stay the same."""
    courses = [course_of(run.id, metric) for run in runs]
    names = run_names(runs)
    timed = over == "time"
    drawn = to_plotly(course_chart(names, courses, metric, over_time=timed, smoothing=smoothing))
    if smoothing:
        raw = to_plotly(course_chart(names, courses, metric, over_time=timed))["data"]
        drawn["data"] = [*map(_faint, raw), *drawn["data"]]
    for trace in drawn["data"]:
        trace["marker"]["size"] = 8
    drawn["layout"] |= {"uirevision": f"{metric}-{over}", "showlegend": True}
    return drawn


def settings_card(runs: Sequence[ExperimentEntity], everything: bool) -> html.Div:
    """Set the settings of the runs side by side."""
    rows = setting_rows([settings_of(run) for run in runs])
    shown = [row for row in rows if row.shared and (everything or row.differs)]
    partial = [row for row in rows if not row.shared]
    if not shown and not partial:
        return html.P("All settings are the same.", className="muted")
    specs = specs_of(run.family for run in runs)
    count = f"{len(shown)} of {len(rows)} settings"
    words = count if everything else f"{count} differ."
    return html.Div(
        [
            _settings_table("settings", shown, runs, specs),
            html.P(words, className="muted small"),
            *_partial_settings(partial, runs, specs),
        ]
    )


def _partial_settings(
    rows: Sequence[SettingRow], runs: Sequence[ExperimentEntity], specs: dict[str, FieldSpec]
) -> list[Any]:
    if not rows:
        return []
    summary = f"{len(rows)} settings that only some of the families have"
    table = _settings_table("partial-settings", rows, runs, specs)
    return [html.Details([html.Summary(summary), table], className="compare-more")]


def _settings_table(
    name: str,
    rows: Sequence[SettingRow],
    runs: Sequence[ExperimentEntity],
    specs: dict[str, FieldSpec],
) -> html.Div:
    heads = [Column(run_cell(run, i)) for i, run in enumerate(runs)]
    body = [_setting_row(row, specs) for row in rows]
    return drawn_table(name, [Column("Setting"), *heads], body, label="Settings of the runs",
                       class_name="compare-settings")  # fmt: skip


def parallel_card(runs: Sequence[ExperimentEntity]) -> Any:
    """Draw settings that differ and the figures of the runs on parallel axes."""
    if sum(run.accuracy is not None for run in runs) < 3:
        return None
    dimensions = _dimensions(runs)
    if len(dimensions) < 3:
        return None
    chart = parallel_chart(run_names(runs), dimensions)
    drawn = _parallel_figure(chart, dimensions)
    return chart_card(chart, figure=drawn, height=320)


def settings_of(run: ExperimentEntity) -> dict[str, Any]:
    """Give a run's settings, its family among them."""
    return {"family": family_title(run.family), **run.config}


def value_text(value: Any) -> str:
    """Write the value of a setting."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(value_text, value)) or "none"
    if isinstance(value, float):
        return format_number(value)
    return str(value) if value != "" else "none"


def _axes() -> tuple[Any, Any]:
    chart = course_chart([], [], "val_accuracy")
    return chart.x_axis, chart.y_axis


def _faint(trace: dict[str, Any]) -> dict[str, Any]:
    return {**trace, "opacity": RAW_OPACITY, "showlegend": False, "hoverinfo": "skip",
            "hovertemplate": None, "meta": "helper"}  # fmt: skip


def _setting_row(row: SettingRow, specs: dict[str, FieldSpec]) -> list[Cell]:
    name = {"text": setting_title(row.setting, specs), "title": row.setting}
    texts = [value_text(value) for value in row.values]
    cells: list[Cell] = [{"strong": t} if row.differs else {"muted": t} for t in texts]
    return [name, *cells]


def _dimensions(runs: Sequence[ExperimentEntity]) -> list[Dimension]:
    rows = setting_rows([settings_of(run) for run in runs])
    # What only some families have says no more than the family does.
    telling = [row for row in rows if row.differs and row.shared]
    specs = specs_of(run.family for run in runs)
    found = [
        dimension(short_title(row.setting, specs), row.values, [value_text(v) for v in row.values])
        for row in telling[:MOST_DIMENSIONS]
    ]
    times = [run.seconds for run in runs]
    figures = (("Accuracy", [run.accuracy for run in runs]),
               ("Macro F1", [run.macro_f1 for run in runs]))  # fmt: skip
    found.append(dimension("Training time", times, [f"{t:.0f} s" for t in times]))
    for title, values in figures:
        texts = ["–" if v is None else f"{v * 100:.1f} %" for v in values]
        found.append(dimension(title, values, texts))
    return found


def _parallel_figure(chart: Lines, dimensions: Sequence[Dimension]) -> dict[str, Any]:
    drawn = to_plotly(chart)
    for k, trace in enumerate(drawn["data"]):
        trace["mode"] = "lines+markers"
        trace["text"] = [f"{one.title}: {one.texts[k]}" for one in dimensions]
        trace["hovertemplate"] = "%{fullData.name}<br>%{text}<extra></extra>"
    ticks = {
        "tickvals": list(range(len(dimensions))),
        "ticktext": [_folded(one.title) for one in dimensions],
        "showgrid": True,
    }
    drawn["layout"]["xaxis"] |= ticks
    drawn["layout"]["yaxis"] |= {"visible": False}
    drawn["layout"] |= {"hovermode": "closest", "showlegend": True}
    return drawn


def _folded(title: str) -> str:
    words = title.split(" ")
    half = math.ceil(len(words) / 2)
    return " ".join(words[:half]) + ("<br>" + " ".join(words[half:]) if words[half:] else "")
