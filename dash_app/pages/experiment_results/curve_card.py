"""The learning curve of a run: what measuring it costs, how far it is, what it says."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, chart_card, format_duration, icon
from dash_app.pages.experiment_results import overview_ids as ids
from integrations.core.evaluation.learning_curve import LearningCurve
from integrations.core.figures.studies import learning_curve_chart
from storage.entities import ExperimentEntity
from tasks.studies import MOST_SEEDS, SEEDS, SHARES, curve_cost

HELP = (
    "Trains this run again on shares of its training groups, several times each; validation and "
    "test part stay the same. It shows whether more recordings would help, and which class most."
)


def curve_section(entity: ExperimentEntity, curve: LearningCurve | None, problem: str) -> html.Div:
    """Draw the card: the offer, the progress, or the curve.

    Args:
        entity: The run.
        curve: What was measured so far; None before anything was ordered.
        problem: Why no curve can be measured; "".
    """
    if curve is None:
        return html.Div(card(*_offer(entity, problem), title="Would more data help?", help=HELP))
    chart = learning_curve_chart(curve)
    progress = [_progress(curve)] if curve.finished < curve.expected else []
    if chart is None or len(curve.points) < 2:
        return html.Div(card(*progress, title="Would more data help?", help=HELP))
    said = sentence(curve)
    drawn = chart_card(chart, height=300, actions=[_link(curve)])
    drawn.children = [*drawn.children, *([html.P(said, className="curve-words")] if said else [])]
    return html.Div([drawn, *progress], className="stack curve")


def sentence(curve: LearningCurve) -> str:
    """Say what the curve predicts for twice the data; "" while it cannot."""
    gain, there = curve.gain, curve.at_double
    if gain is None or there is None:
        return ""
    low, high = there.low * 100, there.high * 100
    predicted = f"{there.value * 100:.1f} % ({low:.1f}–{high:.1f})"
    if gain.low <= 0:
        return (
            f"Twice the training data would give macro F1 {predicted} by the fitted power law; "
            "a gain is not shown. This is an extrapolation."
        )
    gained = f"{gain.value * 100:.1f} points ({gain.low * 100:.1f} to {gain.high * 100:.1f})"
    hungry = curve.hungriest
    most = f" “{hungry.name}” would gain most." if hungry else ""
    return (
        f"Twice the training data would give macro F1 {predicted} by the fitted power law, "
        f"{gained} more than now.{most} This is an extrapolation."
    )


def _offer(entity: ExperimentEntity, problem: str) -> list[Any]:
    if problem:
        return [html.P(problem, className="muted")]
    runs = len(SHARES) * SEEDS - 1
    seconds = curve_cost(entity, SEEDS)
    time = f", about {format_duration(seconds)} of training" if seconds else ""
    words = html.P(
        f"Not measured yet. {len(SHARES)} shares of the training groups with {SEEDS} seeds each "
        f"are {runs} runs{time}; they run when nothing else waits.",
        className="muted",
    )
    seeds = dmc.NumberInput(
        id=ids.CURVE_SEEDS,
        label="Seeds per share",
        value=SEEDS,
        min=1,
        max=MOST_SEEDS,
        allowDecimal=False,
        clampBehavior="strict",
        w=130,
        size="xs",
    )
    make = dmc.Button(
        "Measure the learning curve",
        id=ids.CURVE_MAKE,
        variant="default",
        leftSection=icon("graph-up"),
    )
    return [words, html.Div([seeds, make], className="row curve-order")]


def _progress(curve: LearningCurve) -> html.Div:
    percent = round(100 * curve.finished / max(1, curve.expected))
    words = f"{curve.finished} of {curve.expected} runs have finished."
    return html.Div(
        [
            dmc.Progress(value=percent, size="sm", **{"aria-label": f"{percent} % done"}),
            html.Div([html.Span(words, className="muted small"), _link(curve)], className="row"),
        ],
        className="curve-progress",
        role="status",
    )


def _link(curve: LearningCurve) -> dcc.Link:
    return dcc.Link("All runs", href=f"/study/{curve.study_id}", className="small nowrap")
