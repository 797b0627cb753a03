"""One class as an alarm: choose costs, get the threshold; all moves happen in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, chart_card
from dash_app.pages.experiment_results import ids
from integrations.core.evaluation.operating import OperatingPoints
from integrations.core.figures.chart import Axis, Lines, Series

GRAPH = "operating"
MISS, FALSE_ALARM = 10, 1
HELP = (
    "Treats one class as an alarm that is raised when its probability reaches a threshold. The "
    "threshold is the cheapest on the validation part; the test part says what it is worth."
)


def threshold_section(classes: Sequence[str], chosen: str) -> html.Section:
    """Draw the explorer; its numbers come with the class."""
    return card(
        html.Div(_inputs(classes, chosen), className="row metrics-pickers"),
        html.Div(
            [
                html.Div(
                    [
                        html.P(id=ids.OPERATING_WORDS, **{"aria-live": "polite"}),
                        html.Div(id=ids.OPERATING_TABLE),
                        _slider(),
                    ],
                    className="stack",
                ),
                html.Div(_cost_curve()),
            ],
            className="grid-2 metrics-operating",
        ),
        dcc.Store(id=ids.OPERATING_POINTS),
        title="Alarm for one class",
        help=HELP,
    )


def points_for_browser(found: OperatingPoints | None, class_name: str) -> dict[str, Any]:
    """Give what the browser needs of a class; a sentence where nothing can be explored."""
    if found is None:
        return {
            "trouble": f"“{class_name}” or all others are missing from the validation or the test "
            "part, so no threshold can be chosen for it."
        }
    return found.model_dump(mode="json")


def _inputs(classes: Sequence[str], chosen: str) -> list[Any]:
    number = {"min": 0, "max": 1_000_000, "size": "xs", "w": 150, "thousandSeparator": "\u202f"}
    return [
        dmc.Select(id=ids.OPERATING_CLASS, label="Class", data=list(classes), value=chosen,
                   searchable=len(classes) > 10, allowDeselect=False, size="xs", w=220),
        dmc.NumberInput(id=ids.COST_MISS, label="Cost of a miss", value=MISS, **number),
        dmc.NumberInput(id=ids.COST_ALARM, label="Cost of a false alarm", value=FALSE_ALARM,
                        **number),
        dmc.NumberInput(id=ids.PREVALENCE, label="Share of the class in use (%)", min=0, max=100,
                        decimalScale=3, size="xs", w=190),
    ]  # fmt: skip


def _slider() -> html.Div:
    return html.Div(
        [
            html.Div("Threshold", className="stat-label"),
            html.Div(
                [
                    dmc.Slider(id=ids.THRESHOLD, min=0, max=1, step=0.001, value=0.5, size="sm",
                               label=None, updatemode="drag", thumbLabel="Threshold",
                               className="grow"),
                    dmc.Button("Cheapest on validation", id=ids.CHEAPEST, size="xs",
                               variant="default"),
                ],
                className="row",
            ),
        ]
    )  # fmt: skip


def _cost_curve() -> html.Section:
    chart = Lines(
        key=GRAPH,
        title="What each threshold costs",
        x_axis=Axis("Threshold on the class's probability", range=(0.0, 1.0)),
        y_axis=Axis("Expected cost per 1\u202f000 windows"),
        series=(
            Series("Test", (), (), (), (), colour=0),
            Series("Validation", (), (), colour=1, dashed=True),
        ),
        help="Misses and false alarms at each threshold, weighed by their costs and by how common "
        "the class is in use. The band is the 95 % interval of the test curve.",
    )
    return chart_card(
        chart, description="Expected cost over the threshold; the sentence beside it says the "
        "chosen threshold and what it costs.",
    )  # fmt: skip
