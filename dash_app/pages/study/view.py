"""Draws a study: means with intervals, the mean course or the learning curve, and its runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import (
    card,
    chart_card,
    format_duration,
    format_interval,
    format_score,
    stat,
    status_chip,
    term,
)
from dash_app.pages.experiment_results.curve_card import sentence
from integrations.core.evaluation.evaluation import Interval
from integrations.core.evaluation.learning_curve import LearningCurve
from integrations.core.figures.studies import learning_curve_chart, mean_course_chart
from storage.entities import ExperimentEntity
from storage.stores.metrics import MetricStore
from tasks.study_results import Spread

COURSES = (("val_accuracy", "Validation accuracy"), ("val_loss", "Validation loss"))
MEAN = "The mean over the runs with its 95 % t interval: what a colleague may expect of a run."
EXACT = 1_000_000_000


def repeats_view(spread: Spread, runs: Sequence[ExperimentEntity], vary_split: bool) -> list[Any]:
    """Draw repeats of a run."""
    return [
        *_waiting(runs),
        card(_numbers(spread, runs, vary_split), title="What the runs say together", help=MEAN),
        html.Div(_courses(runs), className="grid-2"),
        card(_repeats_table(spread, runs), title="Runs"),
    ]


def curve_view(curve: LearningCurve, runs: Sequence[ExperimentEntity]) -> list[Any]:
    """Draw a learning curve with its runs."""
    chart = learning_curve_chart(curve)
    said = sentence(curve)
    drawn = [chart_card(chart, height=380)] if chart is not None and len(curve.points) > 1 else []
    return [
        *_waiting(runs),
        *([card(html.P(said))] if said else []),
        *drawn,
        card(_shares_table(curve), title="Shares"),
        card(_runs_table(runs), title="Runs"),
    ]


def _waiting(runs: Sequence[ExperimentEntity]) -> list[Any]:
    ended = sum(run.status.ended for run in runs)
    if ended == len(runs):
        return []
    percent = round(100 * sum(_fraction(run) for run in runs) / max(1, len(runs)))
    bar = dmc.Progress(value=percent, size="sm", **{"aria-label": f"{percent} % done"})
    words = html.P(f"{ended} of {len(runs)} runs have ended.", className="muted small")
    return [html.Div([bar, words], className="card study-progress", role="status")]


def _fraction(run: ExperimentEntity) -> float:
    return 1.0 if run.status.ended else run.progress


def _numbers(spread: Spread, runs: Sequence[ExperimentEntity], vary_split: bool) -> html.Div:
    scores = [run.macro_f1 for run in runs if run.macro_f1 is not None and run.status.ended]
    between = f"{min(scores) * 100:.1f}–{max(scores) * 100:.1f} %" if scores else "–"
    varied = "seed and split" if vary_split else "seed"
    seconds = [run.seconds for run in runs if run.seconds]
    mean_time = format_duration(sum(seconds) / len(seconds)) if seconds else "–"
    return html.Div(
        [
            stat("Mean accuracy", _mean(spread.accuracy), detail=f"{spread.n} of {len(runs)} runs"),
            stat("Mean macro F1", _mean(spread.macro_f1), detail="95 % t interval"),
            stat("Macro F1 between", between, detail="worst and best run"),
            stat("Varied", varied, detail="all else the same"),
            stat("Mean time", mean_time, detail="per run"),
        ],
        className="stats",
    )


def _mean(mean: Interval | None) -> str:
    if mean is None:
        return "–"
    return format_interval(mean.value, mean.low, mean.high)


def _courses(runs: Sequence[ExperimentEntity]) -> list[Any]:
    store, drawn = MetricStore(), []
    for series, label in COURSES:
        found = [store.history(run.id, series, EXACT).low.tolist() for run in runs]
        chart = mean_course_chart([course for course in found if course], label, f"mean_{series}")
        if chart is not None:
            drawn.append(chart_card(chart, height=280))
    return drawn


def _repeats_table(spread: Spread, runs: Sequence[ExperimentEntity]) -> html.Div:
    best = html.Span(
        term(f"best of {spread.n}", "Chosen after the fact: luck included. Report the mean."),
        className="chip chip-warning",
    )
    marks = {spread.best_id: [" ", best]} if spread.n > 1 else {}
    return _runs_table(runs, marks)


def _runs_table(
    runs: Sequence[ExperimentEntity], marks: dict[int, list[Any]] | None = None
) -> html.Div:
    names = ("Run", "Seed", "Status", "Accuracy", "Macro F1", "Time")
    numbers = {"Seed", "Accuracy", "Macro F1", "Time"}
    head = [html.Th(name, className="number" if name in numbers else "") for name in names]
    rows = [_run_row(run, (marks or {}).get(run.id, [])) for run in runs]
    table = html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], className="plain")
    return html.Div(table, className="scroll-x", tabIndex=0)


def _run_row(run: ExperimentEntity, marks: list[Any]) -> html.Tr:
    done = run.status.ended and run.accuracy is not None
    screen = "results" if done else "monitor"
    link = dcc.Link(run.name, href=f"/experiment/{run.id}/{screen}")
    return html.Tr(
        [
            html.Td([link, *marks]),
            html.Td(str(run.config.get("seed", "–")), className="number"),
            html.Td(status_chip(run.status)),
            html.Td(_score(run, "accuracy") if done else "–", className="number"),
            html.Td(_score(run, "macro_f1") if done else "–", className="number"),
            html.Td(format_duration(run.seconds or None), className="number"),
        ]
    )


def _score(run: ExperimentEntity, name: str) -> str:
    figures = run.metrics
    value = run.accuracy if name == "accuracy" else run.macro_f1
    return format_score(value, figures.get(f"{name}_low"), figures.get(f"{name}_high"))


def _shares_table(curve: LearningCurve) -> Any:
    if not curve.points:
        return html.P("No run has finished yet.", className="muted")
    names = ("Share", "Training windows", "Training groups", "Runs", "Macro F1, mean")
    head = html.Tr([html.Th(name, className="number" if i else "") for i, name in enumerate(names)])
    rows = [
        html.Tr(
            [
                html.Td(f"{point.share * 100:.0f} %"),
                html.Td(f"{point.amount:.0f}", className="number"),
                html.Td(f"{point.groups:.0f}", className="number"),
                html.Td(str(len(point.scores)), className="number"),
                html.Td(
                    format_interval(point.mean.value, point.mean.low, point.mean.high)
                    if len(point.scores) > 1
                    else format_score(point.mean.value),
                    className="number",
                ),
            ]
        )
        for point in curve.points
    ]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(rows)], className="plain"), className="scroll-x"
    )
