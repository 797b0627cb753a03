"""What follows from the numbers: findings with evidence, a way on, and a button to put aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import icon, term
from dash_app.findings import address_of
from dash_app.pages.experiment_results import overview_ids as ids
from integrations.core.checks import Finding

ICONS = {"warning": "exclamation-triangle", "info": "lightbulb"}


def findings_list(experiment_id: int, found: Sequence[Finding], aside: int) -> html.Div:
    """Draw the findings, and how many were put aside."""
    nothing = html.P(
        "Nothing stands out: no check found a weakness in these figures.", className="muted"
    )
    rows = html.Ul([_row(experiment_id, each) for each in found], className="advice")
    return html.Div([rows if found else nothing, _aside(aside)])


def _row(experiment_id: int, finding: Finding) -> html.Li:
    words = [html.H3(term(finding.title, finding.docs)), html.P(finding.evidence)]
    if finding.action is not None:
        words.append(
            html.Div(
                dcc.Link(
                    [finding.action.label, icon("arrow-right")],
                    href=address_of(experiment_id, finding.action),
                    className="advice-action",
                )
            )
        )
    return html.Li(
        [
            icon(ICONS[finding.severity.value]),
            html.Div(words, className="grow"),
            _put_aside(finding),
        ],
        className=f"advice-{finding.severity.value}",
    )


def _put_aside(finding: Finding) -> dmc.ActionIcon:
    label = f"Put “{finding.title}” aside for this run"
    return dmc.ActionIcon(
        icon("x-lg"),
        id=ids.dismiss_id(finding.code),
        variant="subtle",
        color="gray",
        size="sm",
        attributes={"root": {"aria-label": label, "title": "Put aside for this run"}},
        **{"aria-label": label},
    )


def _aside(count: int) -> html.Div:
    noun = "recommendation was" if count == 1 else "recommendations were"
    button: Any = dmc.Button(
        "Show again", id=ids.BRING_BACK, variant="subtle", size="compact-xs", color="gray"
    )
    words = html.Span(f"{count} {noun} put aside.", className="muted small")
    return html.Div([words, button], className="row advice-aside", hidden=not count)
