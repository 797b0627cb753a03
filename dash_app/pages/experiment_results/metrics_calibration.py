"""Whether the probabilities can be believed, and the temperature that mends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.components import (
    banner,
    card,
    chart_card,
    format_count,
    format_interval,
    format_number,
    format_percent,
    icon,
    relative_time,
    stat,
    term,
)
from dash_app.pages.experiment_results import ids
from integrations.core.evaluation.calibration import Calibration, CalibrationFigures
from integrations.core.evaluation.evaluation import Interval
from integrations.core.evaluation.reliability import Reliability
from integrations.core.figures.measured import reliability_curve

ECE_HELP = (
    "Expected calibration error: how far confidence and share of right answers lie apart, over "
    "bins of equally many windows, freed of the excess that few windows give by chance."
)
BRIER_HELP = "Mean squared error of the probabilities of all classes: 0 is perfect, 2 the worst."
LOSS_HELP = "Mean of −ln(probability of the true class), in nats. 0 is perfect."
EXCESS_HELP = "Mean confidence less the share of right answers. Above 0 it is too sure of itself."


def calibration_section(found: Reliability | None, stored: Calibration | None) -> html.Div:
    """Draw the section; the temperature's part can be drawn again by itself."""
    if found is None:
        return html.Div(card(html.P("There are no test windows.", className="muted"),
                             title="Calibration"))  # fmt: skip
    return html.Div(
        [
            chart_card(reliability_curve(found), height=400),
            html.Div(
                [_figures(found), html.Div(temperature_card(stored), id=ids.CALIBRATION)],
                className="stack",
            ),
        ],
        className="grid-2",
    )


def temperature_card(stored: Calibration | None, trouble: str = "") -> html.Section:
    """Offer the temperature, or say what the stored one does."""
    button = dmc.Button(
        "Learn it again" if stored else "Calibrate with validation data",
        id=ids.CALIBRATE,
        variant="default" if stored else "filled",
        size="xs",
        leftSection=icon("thermometer-half"),
    )
    body = _stored(stored) if stored else [html.P(_OFFER, className="muted")]
    if trouble:
        body = [banner("warning", trouble), *body]
    return card(*body, html.Div(button, className="row metrics-action"),
                title="Temperature scaling", help=_SCALING)  # fmt: skip


_SCALING = (
    "One number divides the logarithms of the probabilities (Guo et al. 2017). It changes how sure "
    "the model says it is, never which class it names, so accuracy stays the same."
)
_OFFER = (
    "A temperature is learnt on the validation part alone; then the test part is looked at once to "
    "say what it is worth. Predictions on new recordings use it from then on."
)


def _figures(found: Reliability) -> html.Section:
    ece = found.ece
    chance = format_percent(found.ece_by_chance)
    verdict = (
        f"uncorrected {format_percent(found.ece_plain)}; a perfectly calibrated model stays below "
        f"{chance} here"
    )
    stats = [
        stat(term("Calibration error", ECE_HELP), _share(ece), detail=verdict),
        stat(
            term("Confidence less accuracy", EXCESS_HELP),
            _signed(found.overconfidence),
            detail="points",
        ),
        stat(term("Brier score", BRIER_HELP), _number(found.brier), detail=_parts(found)),
        stat(term("Log loss", LOSS_HELP), _number(found.log_loss), detail="nats"),
    ]
    note = (
        f"{format_count(found.windows)} test windows in {len(found.bins)} bins of equally many; "
        f"95 % intervals by resampling {found.n_units} {found.unit_name}."
    )
    return card(
        html.Div(stats, className="metrics-stats"),
        html.P(note, className="muted small metrics-note"),
        title="How far the probabilities can be believed",
    )


def _parts(found: Reliability) -> Any:
    parts = found.brier_parts
    if parts is None:
        return ""
    words = (
        f"reliability {format_number(parts.reliability, 2)} − resolution "
        f"{format_number(parts.resolution, 2)} + uncertainty {format_number(parts.uncertainty, 2)}"
    )
    blurred = format_number(parts.within_bins, 2)
    return term(
        words,
        f"Murphy's decomposition; binning blurs {blurred} of it. Reliability: what calibration "
        "could mend. Resolution: what the model tells apart. Uncertainty: what the mix of classes "
        "alone gives.",
    )


def _stored(stored: Calibration) -> Sequence[Any]:
    direction = "too sure of itself" if stored.temperature > 1 else "surer than it said"
    fitted = (
        f"{format_count(stored.windows)} validation windows, {stored.mistakes} of them mistaken"
    )
    sentence = html.P(
        [
            "Temperature ",
            html.B(f"{stored.temperature:.2f}"),
            f": on the validation part the model was {direction}. Learnt from {fitted}, ",
            relative_time(stored.made_at),
            ". Predictions on new recordings use it.",
        ]
    )
    head = html.Tr([html.Th("Part"), html.Th("Figure"), html.Th("Before", className="number"),
                    html.Th("After", className="number")])  # fmt: skip
    rows = [
        *_rows("Test", stored.test_before, stored.test_after),
        *_rows("Validation", stored.validation_before, stored.validation_after),
    ]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain")
    note = html.P(
        "It was learnt on the validation part, so only the test rows say what to expect.",
        className="muted small metrics-note",
    )
    return [
        sentence,
        html.Div(
            table,
            className="scroll-x metrics-temperature",
            tabIndex=0,
            role="region",
            **{"aria-label": "Before and after the temperature"},
        ),
        note,
    ]


def _rows(part: str, before: CalibrationFigures, after: CalibrationFigures) -> list[html.Tr]:
    lines = (
        ("Calibration error", _share(before.ece), _share(after.ece)),
        ("Brier score", format_number(before.brier, 3), format_number(after.brier, 3)),
        ("Log loss", format_number(before.log_loss, 3), format_number(after.log_loss, 3)),
    )
    return [
        html.Tr([html.Td(part if i == 0 else ""), html.Td(name), html.Td(a, className="number"),
                 html.Td(b, className="number")])
        for i, (name, a, b) in enumerate(lines)
    ]  # fmt: skip


def _share(figure: Interval) -> str:
    return format_interval(figure.value, figure.low, figure.high)


def _signed(figure: Interval) -> str:
    low, value, high = (f"{100 * v:+.1f}".replace("-", "−") for v in
                        (figure.low, figure.value, figure.high))  # fmt: skip
    return f"{value} ({low} to {high})"


def _number(figure: Interval) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f}–{figure.high:.3f})"
