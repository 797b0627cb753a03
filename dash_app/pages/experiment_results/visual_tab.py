"""The Visualisations tab: how training went, and what the family can show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dash import html

from dash_app.components import banner, card, chart_card
from integrations.core.checks import Facts
from integrations.core.contract import StoredResult
from integrations.core.figures import common
from integrations.core.figures.chart import Lines
from integrations.registry import UnknownFamilyError, family


def visual_tab(facts: Facts, result: StoredResult | None, trouble: str) -> html.Div:
    """Draw the tab.

    Args:
        facts: Figures and history.
        result: What the family's panels are drawn from, None when it cannot be read.
        trouble: Why it cannot be read.
    """
    step = facts.step_name
    history = [
        common.loss_curve(list(facts.history), facts.best_epoch, step),
        common.accuracy_curve(list(facts.history), facts.best_epoch, step),
    ]
    drawn = [chart for chart in history if chart is not None]
    if facts.is_cross_validated:
        drawn = [_as_folds(chart) for chart in drawn]
    elif step == "Step":
        drawn = [replace(c, title=c.title.replace("while training", "step by step")) for c in drawn]
    return html.Div(
        [
            html.Div([chart_card(c) for c in drawn], className="grid-2 linked-charts")
            if drawn
            else card(html.P("This run kept no history.", className="muted"), title="History"),
            *_by_class(facts),
            *(_family_panels(result) if result is not None else [banner("warning", trouble)]),
        ],
        className="stack",
    )


def _as_folds(chart: Lines) -> Lines:
    """Draw folds as points: they stand side by side and do not follow from one another."""
    series = tuple(replace(each, points=True) for each in chart.series)
    title = chart.title.replace("while training", "of each fold")
    return replace(chart, series=series, title=title, help="Each fold is held out once.")


def _by_class(facts: Facts) -> list[Any]:
    chart = common.f1_by_class(facts.evaluation)
    return [] if chart is None else [chart_card(chart)]


def _family_panels(result: StoredResult) -> list[Any]:
    try:
        panels = family(result.family).panels(result)
    except UnknownFamilyError:
        return [
            banner(
                "warning",
                f"The model family “{result.family}” is not installed here, so its own charts "
                "cannot be drawn. All other figures are complete.",
            )
        ]
    return [chart_card(chart) for chart in panels]
