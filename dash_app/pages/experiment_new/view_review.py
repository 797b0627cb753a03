"""Step 3: what will run, what it costs, what to watch for; and the split in pictures."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.components import (
    banner,
    card,
    format_bytes,
    format_count,
    format_duration,
    format_duration_range,
    icon,
    stat,
    term,
)
from dash_app.pages.experiment_new.assess import (
    Assessment,
    differences,
)
from dash_app.pages.experiment_new.machine import Machine
from dash_app.pages.experiment_new.notices import LAUNCH_STEP, Notice
from integrations.core.evaluation.evaluation import SplitSummary
from tasks.queue import Forecast

STEP_WORDS = (
    ("Select model", "Data and family"),
    ("Configure", "Preset and split"),
    ("Review", "Cost and warnings"),
    ("Launch", "On to the monitor"),
)


def step_indicators(assessment: Assessment | None) -> list[dmc.StepperStep]:
    """Give the steps' labels, each with the count of what must be mended there."""
    return [_indicator(number, assessment) for number in range(len(STEP_WORDS))]


def _indicator(number: int, assessment: Assessment | None) -> dmc.StepperStep:
    label, description = STEP_WORDS[number]
    faults = assessment.faults(number) if assessment else 0
    words = html.Span(
        [icon("x-octagon"), f" {faults} to mend"] if faults else description,
        className="wizard-step-bad" if faults else "",
    )
    return dmc.StepperStep(
        label=label, description=words, allowStepSelect=False if number == LAUNCH_STEP else None
    )


def review_view(assessment: Assessment) -> list[Any]:
    """Give cost, warnings and, for a clone, what changed."""
    if assessment.config is None:
        return _notices(list(assessment.notices))
    return [
        card(
            _costs(assessment.forecast, assessment.machine, assessment.draft.repeats),
            title="Estimated cost",
        ),
        *_notices(list(assessment.notices)),
        *_changed(assessment),
    ]


def _notices(notices: list[Notice]) -> list[Any]:
    errors = [banner("error", notice.message) for notice in notices if notice.level == "error"]
    warnings = [_line(notice) for notice in notices if notice.level != "error"]
    if not warnings:
        return errors
    return [*errors, card(html.Div(warnings, className="wizard-notices"), title="Worth knowing")]


def _costs(cost: Forecast | None, machine: Machine | None, repeats: int) -> html.Div:
    if cost is None or machine is None:
        return html.Div("Not known.", className="muted")
    time = f"The work of these settings, counted, over the speed of {cost.basis}."
    memory = "Windows, weights and the libraries themselves, counted from the settings."
    disk = "The newest and the best state of the model, counted from its size."
    parameters = [stat("Parameters", format_count(cost.work.parameters))]
    return html.Div(
        [
            stat(
                term("Time" if repeats == 1 else f"Time, {repeats} runs", time),
                f"About {format_duration(repeats * cost.seconds)}",
                detail=_time_detail(cost, repeats),
            ),
            stat(term("Memory", memory), format_bytes(cost.work.memory_bytes)),
            stat(term("Checkpoints", disk), format_bytes(cost.work.checkpoint_bytes)),
            stat(
                "Trains on",
                machine.words if machine.host else "–",
                detail=machine.host or "no worker alive",
            ),
            stat("Steps", format_count(cost.work.steps), detail="epochs or folds"),
            *(parameters if cost.work.parameters else []),
        ],
        className="stats",
    )


def _time_detail(cost: Forecast, repeats: int) -> str:
    around = format_duration_range(repeats * cost.low, repeats * cost.high)
    each = "" if repeats == 1 else f"{repeats} × {format_duration(cost.seconds)}; "
    return f"{each}{around}, by {cost.basis}"


def time_words(cost: Forecast, repeats: int = 1) -> str:
    """Say how long a run, or its repeats one after another, takes, with the range to expect."""
    around = format_duration_range(repeats * cost.low, repeats * cost.high)
    return f"About {format_duration(repeats * cost.seconds)} ({around})"


def _changed(assessment: Assessment) -> list[Any]:
    if not assessment.draft.original:
        return []
    rows = differences(assessment)
    title = f"Changed against “{assessment.draft.parent_name}”"
    if not rows:
        seeds = assessment.draft.repeats > 1
        words = "Nothing but the seed." if seeds else "Nothing: this repeats the run exactly."
        return [card(html.P(words, className="muted"), title=title)]
    head = html.Thead(html.Tr([html.Th("Setting"), html.Th("Was"), html.Th("Now")]))
    body = html.Tbody([html.Tr([html.Td(cell) for cell in row]) for row in rows])
    return [card(html.Table([head, body], className="plain"), title=title)]


def split_view(assessment: Assessment) -> list[Any]:
    """Draw how the windows are divided, with what to watch for."""
    about = [n for n in assessment.notices if n.field.startswith("data.") and n.field]
    below = [_line(notice) for notice in about if notice.field not in assessment.field_errors]
    if assessment.split is None:
        errors = [_line(notice) for notice in assessment.errors if notice.field.startswith("data.")]
        return errors or [html.Div("No preview while settings are invalid.", className="muted")]
    return [_bar(assessment.split), *below]


def _bar(split: SplitSummary) -> html.Div:
    parts = [
        ("train", "Train", split.train_windows, split.train_groups),
        ("validation", "Validate", split.validation_windows, split.validation_groups),
        ("test", "Test", split.test_windows, split.test_groups),
    ]
    total = max(1, sum(windows for _, _, windows, _ in parts))
    words = [f"{name} {n} windows of {groups} groups" for _, name, n, groups in parts]
    bar = html.Div(
        [
            html.Div(className=f"part-{key}", style={"width": f"{100 * n / total:.2f}%"})
            for key, _, n, _ in parts
        ],
        className="wizard-bar",
        role="img",
        **{"aria-label": f"Split {split.name}: {'; '.join(words)}"},
    )
    legend = html.Div(
        [
            html.Div(
                [
                    html.Span(className=f"swatch part-{key}"),
                    html.Strong(name),
                    html.Span(f"{format_count(n)} windows, {format_count(groups)} groups"),
                ]
            )
            for key, name, n, groups in parts
        ],
        className="wizard-legend",
    )
    badge = html.Span([icon("exclamation-triangle"), "leaky"], className="chip chip-warning")
    title = html.Div(
        [html.Span(f"Split {split.name}"), badge if split.leaky else None], className="row"
    )
    return html.Div([title, bar, legend])


def _line(notice: Notice) -> html.Div:
    name = "x-octagon" if notice.level == "error" else "exclamation-triangle"
    level = "bad" if notice.level == "error" else "warn"
    return html.Div([icon(name), html.Span(notice.message)], className=f"wizard-fact {level}")
