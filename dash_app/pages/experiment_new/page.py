"""The wizard's frame: step indicator, one panel per step, summary, and the way on and back."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, format_duration, icon, page_header
from dash_app.pages.experiment_new import ids
from dash_app.pages.experiment_new.choices import fresh_draft, join_runs, ready_datasets
from dash_app.pages.experiment_new.draft import (
    LEAST_LIMIT_HOURS,
    MAX_NAME,
    MOST_LIMIT_HOURS,
    Draft,
)
from dash_app.pages.experiment_new.view_model import no_data
from dash_app.pages.experiment_new.view_review import STEP_WORDS, step_indicators
from storage.settings import settings
from tasks.queue import MOST_REPEATS

LAST_STEP_TO_OPEN = 3
PRIORITIES = (
    (9, "9, before all others"),
    (8, "8, high"),
    (7, "7, high"),
    (6, "6, above normal"),
    (5, "5, normal"),
    (4, "4, below normal"),
    (3, "3, low"),
    (2, "2, low"),
    (1, "1, low"),
    (0, "0, when nothing else waits"),
)
CONFIGURE = 2
MOST_MEMBERS = 20
"""Read from an address; how many may be joined is the family's matter."""


def register() -> None:
    """Register the screen."""
    dash.register_page(
        "experiment_new",
        path="/experiment/new",
        title="New experiment · Signalbench",
        layout=layout,
    )


def layout(
    dataset: str = "", family: str = "", step: str = "", members: str = "", **_query: Any
) -> html.Div:
    """Give the screen; the query may choose data set, family, step, or finished runs to join."""
    joined = [int(number) for number in members.split(",") if number.isdecimal()][:MOST_MEMBERS]
    draft = join_runs(joined) if joined else None
    if draft is not None:
        origin = "-".join(["new-members", *map(str, joined)])
        return wizard(draft, origin, step, title="New experiment", first_step=CONFIGURE)
    dataset_id = int(dataset) if dataset.isdecimal() else None
    origin = "-".join(
        ["new", *(part for part in (dataset, family) if part.isidentifier() or part.isdecimal())]
    )
    return wizard(fresh_draft(dataset_id, family), origin, step, title="New experiment")


def wizard(
    draft: Draft, origin: str, step: str, *, title: str, subtitle: Any = None, first_step: int = 1
) -> html.Div:
    """Give the wizard on a draft.

    Args:
        draft: Where it begins when the browser keeps nothing for this origin.
        origin: The way in; each keeps its own draft.
        step: Step from the address, 1 to 4; anything else is the first.
        title: Heading of the page.
        subtitle: Line below it.
        first_step: Step shown when the address names none.
    """
    if draft.dataset_id is None and not ready_datasets():
        return html.Div([page_header(title), no_data()], className="page wizard")
    asked = int(step) if step.isdecimal() else first_step
    active = min(max(asked, 1), LAST_STEP_TO_OPEN) - 1
    over = dmc.Button("Start over", id=ids.OVER, variant="subtle", color="gray", size="compact-sm")
    return html.Div(
        [
            page_header(title, subtitle=subtitle, actions=[over]),
            dcc.Store(id=ids.draft_id(origin), storage_type="session", data=draft.model_dump()),
            dcc.Store(id=ids.KEY),
            dcc.Store(id=ids.SPECS, data=[]),
            dcc.Store(id=ids.FAULTS, data=[0, 0, 0, 0]),
            dmc.Stepper(
                step_indicators(None),
                id=ids.STEPS,
                active=active,
                allowNextStepsSelect=False,
                size="sm",
                iconSize=32,
                className="wizard-steps",
            ),
            html.Div(
                [
                    html.Div(
                        [*_panels(active, draft), _navigation(active)], className="wizard-main"
                    ),
                    html.Aside(
                        card(_waiting(3), id=ids.SUMMARY),
                        className="wizard-aside",
                        **{"aria-label": "Summary"},
                    ),
                ],
                className="wizard-body",
            ),
            _preset_modal(),
        ],
        className="page wizard",
    )


def _panels(active: int, draft: Draft) -> list[html.Section]:
    contents: list[list[Any]] = [
        [html.Div(_waiting(4), id=ids.MODEL_PANEL, className="stack")],
        [html.Div(_waiting_form(), id=ids.CONFIGURE_PANEL, className="stack")],
        [
            card(_name_field(), _repeats(draft), _advanced(draft)),
            html.Div(_waiting(4), id=ids.REVIEW_PANEL, className="stack"),
            _configuration(),
        ],
        [html.Div(_launching(), id=ids.LAUNCHING), html.Div(id=ids.REFUSAL)],
    ]
    return [
        html.Section(
            content,
            id=panel,
            hidden=number != active,
            tabIndex=-1,
            className="stack",
            **{"aria-label": STEP_WORDS[number][0]},
        )
        for number, (panel, content) in enumerate(zip(ids.PANELS, contents, strict=True))
    ]


def _name_field() -> dmc.TextInput:
    return dmc.TextInput(
        id=ids.NAME,
        label="Name",
        description="Made from the choices; change it as you like.",
        # Sent on leaving the field, so that Ctrl + Enter at once after typing takes it along.
        debounce=True,
        inputProps={"maxLength": MAX_NAME},
    )


def _repeats(draft: Draft) -> html.Div:
    count = dmc.NumberInput(
        id=ids.REPEATS,
        label="Repeat with other seeds",
        description="Shows how much of the result is luck; mean and interval are reported.",
        value=draft.repeats,
        suffix=" ×",
        min=1,
        max=MOST_REPEATS,
        allowDecimal=False,
        allowNegative=False,
        clampBehavior="strict",
    )
    split = dmc.Switch(
        id=ids.VARY_SPLIT,
        label="Each with its own split",
        description="The runs then test on other recordings.",
        checked=draft.vary_split,
        size="sm",
    )
    return html.Div([count, split], className="grid-2 wizard-repeats")


def _advanced(draft: Draft) -> html.Details:
    usual = format_duration(settings().time_limit_seconds)
    priority = dmc.Select(
        id=ids.PRIORITY,
        label="Priority",
        description="Higher ones start first when runs wait.",
        data=[{"value": str(value), "label": label} for value, label in PRIORITIES],
        value=str(draft.priority),
        allowDeselect=False,
    )
    limit = dmc.NumberInput(
        id=ids.TIME_LIMIT,
        label="Time limit",
        description="The best model so far is evaluated when it is reached.",
        value=draft.time_limit,
        placeholder=usual,
        suffix=" h",
        min=LEAST_LIMIT_HOURS,
        max=MOST_LIMIT_HOURS,
        step=0.5,
        decimalScale=2,
        allowNegative=False,
        clampBehavior="blur",
    )
    fields = html.Div([priority, limit], className="grid-2 wizard-advanced")
    return html.Details([html.Summary("Priority and time limit"), fields], className="wizard-fold")


def _configuration() -> html.Section:
    look = {"variant": "default", "size": "compact-sm"}
    save = dmc.Button("Save config only", id=ids.SAVE_CONFIG, leftSection=icon("save"), **look)
    keep = dmc.Button(
        "Save as preset", id=ids.SAVE_PRESET, leftSection=icon("bookmark-plus"), **look
    )
    full = html.Pre(id=ids.YAML, className="wizard-yaml", tabIndex=0)
    return card(
        html.Details([html.Summary("Full configuration (YAML)"), full]),
        html.Div([save, keep], className="row wizard-save"),
        title="Configuration",
    )


def _launching() -> html.Section:
    return card(
        html.Div(
            [dmc.Loader(size="sm"), html.Span("Creating the experiment and waking a worker…")],
            className="row",
            role="status",
        )
    )


def _waiting_form() -> list[html.Div]:
    # The place of the split exists from the start, so that the first judgement need not wait.
    return [_waiting(5), html.Div(id=ids.SPLIT_PREVIEW, hidden=True)]


def _waiting(lines: int) -> html.Div:
    return html.Div(
        [dmc.Skeleton(height=18, width=f"{95 - 15 * (n % 3)}%", mb=12) for n in range(lines)],
        **{"aria-hidden": "true"},
    )


def _navigation(active: int) -> html.Div:
    return html.Div(
        [
            dmc.Button(
                "Back",
                id=ids.BACK,
                variant="default",
                leftSection=icon("arrow-left"),
                style={} if active else {"visibility": "hidden"},
            ),
            html.Div(className="grow"),
            html.Div(
                [
                    html.Span("Enter goes on", className="wizard-hint small muted"),
                    dmc.Button("Next", id=ids.NEXT, rightSection=icon("arrow-right")),
                ],
                className="row",
                id=f"{ids.NEXT}-box",
                hidden=active == LAST_STEP_TO_OPEN - 1,
            ),
            html.Div(
                [
                    html.Span("Ctrl + Enter starts", className="wizard-hint small muted"),
                    dmc.Button("Start training", id=ids.START, leftSection=icon("play-fill")),
                ],
                className="row",
                id=f"{ids.START}-box",
                hidden=active != LAST_STEP_TO_OPEN - 1,
            ),
        ],
        className="wizard-nav",
    )


def _preset_modal() -> dmc.Modal:
    return dmc.Modal(
        [
            dmc.TextInput(
                id=ids.PRESET_NAME,
                label="Name of the preset",
                description="It will stand beside the shipped ones.",
                **{"data-autofocus": True},
            ),
            html.Div(
                dmc.Button("Save preset", id=ids.PRESET_KEEP), className="row wizard-modal-actions"
            ),
        ],
        id=ids.PRESET_MODAL,
        title="Save as preset",
        opened=False,
    )
