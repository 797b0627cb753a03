"""What the failures of a run have in common: facts, counts, and whether chance explains them."""

from __future__ import annotations

import math
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, format_percent, icon, term
from dash_app.pages.experiment_results.failures_loading import Failures
from integrations.core.failures.commonalities import ENOUGH_UNITS, Commonality
from integrations.core.failures.reasons import HELP
from integrations.core.failures.store import StoredFailures

MOST_ROWS = 12
MOST_SUSPECTS = 10


def common_section(found: Failures) -> Any:
    """Draw the table, or its place while the analysis is being made."""
    if found.stored is None:
        return card(dmc.Skeleton(height=120), title="What the failures have in common")
    test = found.result.test
    return _table(found.stored) if (test.predicted != test.truth).any() else ""


def _table(stored: StoredFailures) -> Any:
    unit = stored.analysis.unit_name
    head = html.Tr([
        html.Th("Fact"),
        html.Th(term("Wrong with it", "Mistakes among the test windows where the fact holds."),
                className="number"),
        html.Th(term("Wrong without", "Mistakes among all others."), className="number"),
        html.Th(
            term("Difference", "Of the two error rates, with its 95 % interval. It comes from the "
                 f"differences between test {unit}, not windows, which are not independent."),
            className="number",
        ),
        html.Th(term("Beyond chance?", "p after Holm's correction for all facts looked at, here "
                     "and in the rows not shown.")),
    ])  # fmt: skip
    rows = [_row(each, unit) for each in stored.common[:MOST_ROWS]]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain failures-facts")
    return card(
        html.P(_sentence(stored), className="failures-sentence"),
        html.Div(
            table, className="scroll-x", tabIndex=0, role="region",
            **{"aria-label": "Facts and error rates"},
        ),
        html.P(_caution(unit), className="muted small"),
        title="What the failures have in common",
    )  # fmt: skip


def _caution(unit: str) -> str:
    cause = "A fact that goes with mistakes need not be their cause."
    if unit != "windows":
        return cause
    return (
        f"{cause} The test part has too few recordings to resample: these intervals take windows "
        "for independent and are too narrow."
    )


def _sentence(stored: StoredFailures) -> str:
    told = [each for each in stored.common if each.told and each.difference > 0]
    if not told:
        return "No fact goes with mistakes more often than chance would explain."
    names = ", ".join(f"“{each.title.lower()}”" for each in told[:3])
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return f"Windows are mistaken more often with: {names}{more}."


def _row(each: Commonality, unit: str) -> html.Tr:
    label = term(each.title, HELP[each.code]) if each.code in HELP else each.title
    return html.Tr(
        [
            html.Td(label),
            html.Td(_rate(each.wrong_with, each.windows_with), className="number"),
            html.Td(_rate(each.wrong_without, each.windows_without), className="number"),
            html.Td(_difference(each), className="number"),
            html.Td(_verdict(each, unit)),
        ]
    )


def _rate(wrong: int, windows: int) -> str:
    share = format_percent(wrong / windows) if windows else "–"
    return f"{share} ({wrong} of {windows})"


def _difference(each: Commonality) -> str:
    if math.isnan(each.difference):
        return "–"
    points = f"{100 * each.difference:+.1f}".replace("-", "−")
    if math.isnan(each.low):
        return f"{points} points"
    low, high = (f"{100 * v:.1f}".replace("-", "−") for v in (each.low, each.high))
    return f"{points} points ({low} to {high})"


def _verdict(each: Commonality, unit: str) -> Any:
    if not each.testable:
        few = min(each.units_with, each.units_without)
        return html.Span(
            f"cannot be told: {few} {unit} on one side, {ENOUGH_UNITS} are needed",
            className="muted",
        )
    p = "p < 0.001" if each.p_holm < 0.001 else f"p = {each.p_holm:.2g}"
    if each.told:
        return html.Span([icon("check2"), f" yes, {p}"])
    return html.Span(f"no, {p}", className="muted")


def labels_section(found: Failures) -> Any:
    """List the recordings whose label may be wrong; nothing where there is none."""
    if found.stored is None:
        return ""
    labels = found.stored.analysis.labels
    suspects = labels["suspects"]
    if not suspects:
        return html.P(_nothing_suspect(labels), className="muted small")
    info = found.result.info
    tested = set(found.result.test.recording.tolist())
    rows = [
        html.Tr([
            html.Td(_recording(found, each["recording"], each["recording"] in tested)),
            html.Td(info.classes[each["label"]]),
            html.Td(info.classes[each["likely"]]),
            html.Td(format_percent(each["own"]), className="number"),
            html.Td(format_percent(each["other"]), className="number"),
        ])
        for each in suspects[:MOST_SUSPECTS]
    ]  # fmt: skip
    head = html.Tr([
        html.Th("Recording"), html.Th("Label"), html.Th("Looks like"),
        html.Th("For its label", className="number"), html.Th("For that", className="number"),
    ])  # fmt: skip
    accuracy = labels["accuracy"]
    words = (
        f"{len(suspects)} of {labels['checked']} recordings, training ones included, look more "
        "like another class to models that saw nothing of their group. "
        f"Those models recognise {format_percent(accuracy)} of the recordings, so a suspect is a "
        "reason to look, not a proof."
    )
    more = len(suspects) - MOST_SUSPECTS
    rest = [html.P(f"{more} more.", className="muted small")] if more > 0 else []
    return card(
        html.P(words, className="failures-sentence"),
        html.Div(
            html.Table([html.Thead(head), html.Tbody(rows)], className="plain"),
            className="scroll-x",
            tabIndex=0,
            role="region",
            **{"aria-label": "Recordings with a suspect label"},
        ),
        *rest,
        title="Labels worth a second look",
        help=HELP["label"],
    )


def _nothing_suspect(labels: dict[str, Any]) -> str:
    if labels["accuracy"] is None:
        return "Labels could not be checked: no class has a second group to check them against."
    if not labels["reliable"]:
        return (
            "Labels could not be checked: models that saw nothing of a recording's group recognise "
            f"only {format_percent(labels['accuracy'])} of the recordings."
        )
    return f"No label is suspect among the {labels['checked']} recordings checked."


def _recording(found: Failures, index: int, tested: bool) -> Any:
    name = found.result.info.recordings[index].name
    if not tested:
        return name
    address = f"/experiment/{found.entity.id}/results?tab=signals&record={index}&start=0"
    return dcc.Link(name, href=address)
