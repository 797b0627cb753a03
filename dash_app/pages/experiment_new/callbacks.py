"""What the wizard does: choose, redraw, judge, save and start."""

from __future__ import annotations

from typing import Any

from dash import (
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    no_update,
)

from dash_app.components import banner
from dash_app.forms import path_of
from dash_app.pages.experiment_new import ids
from dash_app.pages.experiment_new.assess import Assessment, as_yaml, assess
from dash_app.pages.experiment_new.choices import (
    choose_dataset,
    choose_family,
    choose_preset,
    clone_draft,
    fresh_draft,
)
from dash_app.pages.experiment_new.draft import MAX_NAME, Draft, read_draft
from dash_app.pages.experiment_new.launch import (
    NotStartedError,
    launch,
    save_config,
    save_preset,
)
from dash_app.pages.experiment_new.notices import LAUNCH_STEP
from dash_app.pages.experiment_new.pickers import run_options
from dash_app.pages.experiment_new.view_configure import configure_view
from dash_app.pages.experiment_new.view_model import model_view
from dash_app.pages.experiment_new.view_review import review_view, split_view, step_indicators
from dash_app.pages.experiment_new.view_summary import summary_view
from dash_app.shell import LOCATION, notify
from storage.entities import NotFoundError
from storage.stores.experiments import ExperimentStore


def _draft(stored: list[Any]) -> Draft | None:
    return read_draft(stored[0]) if stored else None


def _on_choice(component: str) -> Any:
    # One callback per choice: Dash runs none whose inputs are not all on the page.
    return callback(
        Output(ids.ALL_DRAFTS, "data", allow_duplicate=True),
        Input(component, "value"),
        State(ids.ALL_DRAFTS, "data"),
        prevent_initial_call=True,
    )


def _changed(draft: Draft | None, stored: list[Any]) -> list[Any]:
    return [no_update] * len(stored) if draft is None else [draft.model_dump()]


@_on_choice(ids.DATASET)
def take_dataset(value: str | None, stored: list[Any]) -> list[Any]:
    """Change the data set; the one chosen already changes nothing."""
    draft = _draft(stored)
    if draft is None or not value or int(value) == draft.dataset_id:
        return _changed(None, stored)
    return _changed(choose_dataset(draft, int(value)), stored)


@_on_choice(ids.FAMILY)
def take_family(value: str | None, stored: list[Any]) -> list[Any]:
    """Change the family."""
    draft = _draft(stored)
    if draft is None or not value or value == draft.family:
        return _changed(None, stored)
    return _changed(choose_family(draft, value), stored)


@_on_choice(ids.PRESET)
def take_preset(value: str | None, stored: list[Any]) -> list[Any]:
    """Take over a preset's values."""
    draft = _draft(stored)
    if draft is None or not value or value == draft.preset:
        return _changed(None, stored)
    return _changed(choose_preset(draft, value), stored)


@callback(
    Output(ids.ALL_DRAFTS, "data", allow_duplicate=True),
    Output(ids.NAME, "value", allow_duplicate=True),
    Output(ids.STEPS, "active", allow_duplicate=True),
    Input(ids.OVER, "n_clicks"),
    State(ids.ALL_DRAFTS, "data"),
    prevent_initial_call=True,
)
def start_over(clicks: int | None, stored: list[Any]) -> tuple[list[Any], Any, Any]:
    """Forget all decisions and begin at the first step."""
    draft = _draft(stored)
    if not clicks or draft is None:
        return _changed(None, stored), no_update, no_update
    return _changed(_begin_again(draft), stored), None, 0


def _begin_again(draft: Draft) -> Draft:
    fresh = fresh_draft()
    if draft.parent_id is not None:
        try:
            fresh = clone_draft(ExperimentStore().get(draft.parent_id))
        except NotFoundError:
            notify("warning", "The experiment this was cloned from is deleted.")
    return fresh.model_copy(update={"revision": draft.revision + 1})


@callback(
    Output(ids.MODEL_PANEL, "children"),
    Output(ids.CONFIGURE_PANEL, "children"),
    Output(ids.SPECS, "data"),
    Input(ids.KEY, "data"),
    State(ids.ALL_DRAFTS, "data"),
    prevent_initial_call=True,
)
def redraw(_key: Any, stored: list[Any]) -> tuple[Any, Any, Any]:
    """Draw the first two steps anew after a choice; typing in a field does not come here."""
    draft = _draft(stored)
    if draft is None:
        return no_update, no_update, no_update
    form, specs = configure_view(draft)
    return model_view(draft), form, specs


@callback(
    Output(ids.SUMMARY, "children"),
    Output(ids.SPLIT_PREVIEW, "children"),
    Output(ids.REVIEW_PANEL, "children"),
    Output(ids.YAML, "children"),
    Output(ids.NAME, "placeholder"),
    Output(ids.NAME, "value"),
    Output(ids.STEPS, "children"),
    Output(ids.FAULTS, "data"),
    Output(ids.START, "disabled"),
    Output(ids.ALL_FIELDS, "error", allow_duplicate=True),
    Output(ids.ALL_OPTIONS, "data"),
    Input(ids.ALL_DRAFTS, "data"),
    Input(ids.SPECS, "data"),
    State(ids.NAME, "value"),
    State(ids.NAME, "placeholder"),
    prevent_initial_call="initial_duplicate",
)
def judge(
    stored: list[Any], _specs: Any, name: str | None, generated: str | None
) -> tuple[Any, ...]:
    """Validate the draft on the server and show what follows from it."""
    fields, pickers = ctx.outputs_list[-2:]
    draft = _draft(stored)
    if draft is None:
        return (*[no_update] * 9, [no_update] * len(fields), [no_update] * len(pickers))
    assessment = assess(draft)
    return (
        summary_view(assessment),
        split_view(assessment),
        review_view(assessment),
        as_yaml(assessment.config) if assessment.config else "",
        assessment.generated_name,
        _shown_name(assessment, name, generated),
        step_indicators(assessment),
        [assessment.faults(step) for step in range(LAUNCH_STEP + 1)],
        not assessment.can_start,
        _field_errors(assessment, fields),
        _options(assessment, pickers),
    )


def _shown_name(assessment: Assessment, shown: str | None, generated: str | None) -> Any:
    """Fill in a kept or generated name, but never over what is being typed."""
    kept = assessment.draft.name
    if kept:
        return kept if shown is None else no_update
    return assessment.generated_name if shown in (None, generated) else no_update


def _options(assessment: Assessment, pickers: list[dict[str, Any]]) -> list[Any]:
    """Offer each picker the runs that suit the split as it is now."""
    family, info, split = assessment.family, assessment.info, assessment.split
    if not pickers or family is None or info is None:
        return [no_update] * len(pickers)
    offered = run_options(family, info, split.digest if split else "", assessment.draft.values)
    return [offered.get(path_of(item["id"]), no_update) for item in pickers]


def _field_errors(assessment: Assessment, fields: list[dict[str, Any]]) -> list[str | None]:
    return [assessment.field_errors.get(path_of(item["id"])) for item in fields]


@callback(
    Output(LOCATION, "href", allow_duplicate=True),
    Output(ids.REFUSAL, "children"),
    Output(ids.ALL_DRAFTS, "data", allow_duplicate=True),
    Input(ids.START, "n_clicks"),
    State(ids.ALL_DRAFTS, "data"),
    State(ids.NAME, "value"),
    running=[
        (Output(ids.LAUNCHING, "hidden"), False, True),
        (Output(ids.REFUSAL, "hidden"), True, False),
    ],
    prevent_initial_call=True,
)
def start(clicks: int | None, stored: list[Any], name: str | None) -> tuple[Any, Any, list[Any]]:
    """Create the experiment or its repeats and go there; a refusal is told on this step."""
    draft = _draft(stored)
    if not clicks or draft is None:
        return no_update, no_update, [no_update] * len(stored)
    try:
        run = launch(draft.model_copy(update={"name": (name or "")[:MAX_NAME]}))
    except NotStartedError as error:
        message = f"The experiment was not started. {error}"
        return no_update, banner("error", message), [no_update] * len(stored)
    there = f"/study/{run.study_id}" if run.study_id else f"/experiment/{run.id}/monitor"
    return there, no_update, [None] * len(stored)


@callback(
    Output(ids.SAVE_CONFIG, "loading", allow_duplicate=True),
    Input(ids.SAVE_CONFIG, "n_clicks"),
    State(ids.ALL_DRAFTS, "data"),
    prevent_initial_call=True,
)
def keep_config(clicks: int | None, stored: list[Any]) -> bool:
    """Keep the configuration without running it."""
    draft = _draft(stored)
    if clicks and draft is not None:
        try:
            kept = save_config(draft)
            notify("success", f"Saved “{kept.name}”. It is offered with this data set's presets.")
        except NotStartedError as error:
            notify("warning", str(error))
    return False


@callback(
    Output(ids.PRESET_MODAL, "opened"),
    Output(ids.PRESET_NAME, "error"),
    Output(ids.ALL_DRAFTS, "data", allow_duplicate=True),
    Input(ids.SAVE_PRESET, "n_clicks"),
    Input(ids.PRESET_KEEP, "n_clicks"),
    Input(ids.PRESET_NAME, "n_submit"),
    State(ids.PRESET_NAME, "value"),
    State(ids.ALL_DRAFTS, "data"),
    prevent_initial_call=True,
)
def keep_preset(
    asked: int | None, _keep: int | None, _submit: int | None, name: str | None, stored: list[Any]
) -> tuple[Any, Any, list[Any]]:
    """Ask for a name, then keep the settings as a preset and choose it."""
    draft = _draft(stored)
    if ctx.triggered_id == ids.SAVE_PRESET or draft is None:
        return bool(asked), None, [no_update] * len(stored)
    try:
        kept = save_preset(draft, name or "")
    except NotStartedError as error:
        return True, str(error), [no_update] * len(stored)
    notify("success", f"Saved the preset “{kept.name}”.")
    return False, None, [draft.changed(preset=f"saved-{kept.id}").model_dump()]


clientside_callback(
    ClientsideFunction("wizard", "key"),
    Output(ids.KEY, "data"),
    Input(ids.ALL_DRAFTS, "data"),
    State(ids.KEY, "data"),
)
clientside_callback(
    ClientsideFunction("wizard", "drawn"),
    Output(ids.SPECS, "data", allow_duplicate=True),
    Input(ids.SPECS, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("wizard", "edit"),
    Output(ids.ALL_DRAFTS, "data", allow_duplicate=True),
    Output(ids.ALL_FIELDS, "error"),
    Output(ids.ALL_WRAPS, "hidden"),
    Output(ids.ALL_NOTES, "children"),
    Output(ids.ALL_SLIDERS, "value"),
    Input(ids.ALL_FIELDS, "value"),
    Input(ids.ALL_SWITCHES, "checked"),
    State(ids.SPECS, "data"),
    State(ids.ALL_DRAFTS, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("wizard", "offer_runs"),
    Output(ids.ONE_FIELD, "data"),
    Input(ids.ONE_OPTIONS, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("wizard", "offer_values"),
    Output(ids.TEST_VALUES, "data"),
    Input(ids.SPLIT_FIELD, "value"),
    State(ids.SPECS, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("wizard", "slide"),
    Output(ids.ALL_FIELDS, "value", allow_duplicate=True),
    Input(ids.ALL_SLIDERS, "value"),
    State(ids.ALL_FIELDS, "value"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("wizard", "rename"),
    Output(ids.ALL_DRAFTS, "data", allow_duplicate=True),
    Input(ids.NAME, "value"),
    State(ids.NAME, "placeholder"),
    State(ids.ALL_DRAFTS, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("wizard", "order"),
    Output(ids.ALL_DRAFTS, "data", allow_duplicate=True),
    Input(ids.PRIORITY, "value"),
    Input(ids.TIME_LIMIT, "value"),
    Input(ids.REPEATS, "value"),
    Input(ids.VARY_SPLIT, "checked"),
    State(ids.ALL_DRAFTS, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("wizard", "show_order"),
    Output(ids.PRIORITY, "value"),
    Output(ids.TIME_LIMIT, "value"),
    Output(ids.REPEATS, "value"),
    Output(ids.VARY_SPLIT, "checked"),
    Input(ids.ALL_DRAFTS, "data"),
    State(ids.PRIORITY, "value"),
    State(ids.TIME_LIMIT, "value"),
    State(ids.REPEATS, "value"),
    State(ids.VARY_SPLIT, "checked"),
)
clientside_callback(
    ClientsideFunction("wizard", "open_form"),
    Output(ids.ALL_DRAFTS, "data", allow_duplicate=True),
    Output(ids.EXPERT_FORM, "hidden"),
    Input(ids.EXPERT, "checked"),
    State(ids.ALL_DRAFTS, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("wizard", "go"),
    Output(ids.STEPS, "active"),
    Input(ids.NEXT, "n_clicks"),
    Input(ids.BACK, "n_clicks"),
    Input(ids.START, "n_clicks"),
    State(ids.STEPS, "active"),
    State(ids.FAULTS, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("wizard", "show"),
    *(Output(panel, "hidden") for panel in ids.PANELS),
    Output(ids.BACK, "style"),
    Output(f"{ids.NEXT}-box", "hidden"),
    Output(f"{ids.START}-box", "hidden"),
    Input(ids.STEPS, "active"),
)
