"""The row menu and the dialogs of the history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.components import empty_state, format_bytes, format_duration, format_percent, icon
from dash_app.pages.experiments import ids
from storage.entities import ArtifactEntity, ExperimentEntity
from storage.settings import settings
from tasks.retention_policy import load_policy

MENU = (
    ("open", "box-arrow-in-right", "View"),
    ("monitor", "activity", "Monitor and log"),
    ("pause", "pause", "Pause"),
    ("resume", "play", "Resume"),
    ("stop", "stop", "Stop and evaluate …"),
    ("cancel", "x-lg", "Cancel …"),
    ("retry", "arrow-repeat", "Retry"),
    ("clone", "copy", "Clone"),
    ("report", "file-earmark-pdf", "Report (PDF)"),
    ("files", "download", "Download …"),
    ("export", "box-arrow-up", "Export (zip)"),
    ("keep", "bookmark-check", "Keep files"),
    ("unkeep", "bookmark-x", "Do not keep files"),
    ("edit", "pencil", "Name, tags, time limit …"),
    ("delete", "trash", "Delete …"),
)
FIRST_OF_GROUP = ("pause", "clone", "edit")
CONFIRMED = {
    "stop": (
        "Stop {what}?",
        "The best model so far is kept and evaluated on the test windows, so you get results.",
        "Stop and evaluate",
    ),
    "cancel": (
        "Cancel {what}?",
        "It ends without being evaluated. Retry goes on from its checkpoint later.",
        "Cancel {what}",
    ),
}
MOST_NAMED = 5


def row_menu() -> html.Div:
    """Give the menu of a row; assets/history.js opens it beside the row's button."""
    items = [
        html.Button(
            [icon(symbol), html.Span(label), html.Span(className="menu-count")],
            role="menuitem",
            tabIndex=-1,
            className=f"menu-{action}{' menu-begins' if action in FIRST_OF_GROUP else ''}",
            **{"data-action": action},
        )
        for action, symbol, label in MENU
    ]
    return html.Div(
        items, id=ids.MENU, role="menu", hidden=True, **{"aria-label": "Actions of the experiment"}
    )


def dialogs() -> list[Any]:
    """Give all dialogs, closed."""
    return [
        _edit(),
        _delete(),
        _order(),
        dmc.Modal(html.Div(id=ids.FILES_LIST), id=ids.FILES, title="Files"),
        dmc.Modal(html.Div(id=ids.DELETED_LIST), id=ids.DELETED, title="Recently deleted"),
    ]


def notes() -> html.Div:
    """Give the notes at the foot of the screen: a deletion to undo, a summary being written.

    The first stays for 15 s, longer while somebody is on it.
    """
    undo = dmc.Button("Undo", id=ids.UNDO_BUTTON, size="xs", variant="default")
    return html.Div(
        [
            _note(ids.UNDO_BOX, ids.UNDO_WORDS, ids.UNDO_CLOSE, "trash", undo),
            _note(ids.SUMMARY_BOX, ids.SUMMARY_WORDS, ids.SUMMARY_CLOSE, "file-earmark-text"),
        ],
        className="history-notes",
    )


def _note(box: str, words: str, close: str, symbol: str, *more: Any) -> html.Div:
    closing = dmc.ActionIcon(
        icon("x-lg"),
        id=close,
        variant="subtle",
        color="gray",
        **{"aria-label": "Close this note"},
    )
    return html.Div(
        [icon(symbol), html.Span(id=words, className="grow"), *more, closing],
        id=box,
        role="status",
        hidden=True,
        className="history-note",
    )


def deleted_list(runs: Sequence[ExperimentEntity]) -> Any:
    """List deleted runs, each with a way back."""
    if not runs:
        return empty_state("trash", "Nothing to bring back", "No run was deleted of late.")
    return html.Div([_way_back(), *(_deleted(run) for run in runs)])


def _deleted(run: ExperimentEntity) -> html.Div:
    below = f"{run.dataset_name}, {format_percent(run.accuracy)}"
    button = dmc.Button(
        "Restore",
        id={"type": ids.RESTORE, "run": run.id},
        size="xs",
        variant="default",
        **{"aria-label": f"Restore {run.name}"},
    )
    said = html.Div([html.Div(run.name), html.Div(below, className="muted small")])
    return html.Div([said, button], className="history-file")


def what_is_deleted(runs: Sequence[ExperimentEntity]) -> list[Any]:
    """Say what a confirmation would delete, and what it cannot."""
    ended = [run for run in runs if run.status.ended]
    active = [run for run in runs if not run.status.ended]
    names = [html.Li(run.name) for run in ended[:MOST_NAMED]]
    if len(ended) > MOST_NAMED:
        names.append(html.Li(f"and {len(ended) - MOST_NAMED} more"))
    said: list[Any] = []
    if ended:
        plural = "experiment" if len(ended) == 1 else "experiments"
        said += [html.P(f"Delete {len(ended)} {plural}?"), html.Ul(names), _way_back()]
    if active:
        count = "1 run has" if len(active) == 1 else f"{len(active)} runs have"
        said.append(html.P(f"{count} not ended and will be kept. Stop or cancel it first."))
    return said


def _way_back() -> html.P:
    days = load_policy().deleted_days
    until = "" if days is None else " for 1 day" if days == 1 else f" for {days} days"
    text = f"What is deleted can be brought back{until} under Settings → Storage."
    return html.P(text if days != 0 else "This cannot be undone.", className="muted")


def what_is_ordered(order: str, runs: Sequence[ExperimentEntity]) -> tuple[str, list[Any], str]:
    """Ask before an order that ends runs: title, words and the button's words."""
    title, text, button = CONFIRMED[order]
    what = "this run" if len(runs) == 1 else f"{len(runs)} runs"
    names = [html.Li(run.name) for run in runs[:MOST_NAMED]]
    if len(runs) > MOST_NAMED:
        names.append(html.Li(f"and {len(runs) - MOST_NAMED} more"))
    return title.format(what=what), [html.P(text), html.Ul(names)], button.format(what=what)


def files_list(run: ExperimentEntity, files: Sequence[ArtifactEntity]) -> Any:
    """List a run's files as downloads."""
    if not files:
        message = "A run stores its files when it ends."
        return empty_state("folder2-open", "No files yet", message)
    return html.Div([html.P(run.name, className="muted"), *(_file(run.id, item) for item in files)])


def _file(experiment_id: int, item: ArtifactEntity) -> html.A:
    return html.A(
        [html.Span(item.name), html.Span(format_bytes(item.bytes), className="muted small")],
        href=f"/api/experiments/{experiment_id}/artifacts/{item.name}",
        download=item.name.rpartition("/")[2],
        className="history-file",
    )


def _edit() -> dmc.Modal:
    return dmc.Modal(
        [
            dmc.TextInput(id=ids.EDIT_NAME, label="Name"),
            dmc.TagsInput(
                id=ids.EDIT_TAGS, label="Tags", maxTags=50, splitChars=[","], openOnFocus=False
            ),
            dmc.MultiSelect(
                id=ids.EDIT_UNTAG,
                label="Take tags away",
                placeholder="None",
                nothingFoundMessage="None of that name",
            ),
            dmc.Textarea(id=ids.EDIT_NOTE, label="Note", autosize=True, minRows=3, maxRows=10),
            dmc.NumberInput(
                id=ids.EDIT_LIMIT,
                label="Time limit",
                description="All attempts together. It counts from the next start or Retry on.",
                placeholder=format_duration(settings().time_limit_seconds),
                suffix=" h",
                min=0.01,
                max=1000,
                step=0.5,
                decimalScale=2,
                allowNegative=False,
                clampBehavior="blur",
            ),
            html.P(id=ids.EDIT_ERROR, role="alert", className="history-error"),
            _buttons(
                dmc.Button("Cancel", id=ids.EDIT_CANCEL, variant="default"),
                dmc.Button("Save", id=ids.EDIT_SAVE),
            ),
        ],
        id=ids.EDIT,
        title=html.Span("Describe", id=ids.EDIT_TITLE),
    )


def _delete() -> dmc.Modal:
    return dmc.Modal(
        [
            html.Div(id=ids.DELETE_WHAT, className="stack"),
            _buttons(
                dmc.Button("Keep", id=ids.DELETE_CANCEL, variant="default"),
                dmc.Button("Delete", id=ids.DELETE_CONFIRM, color="red"),
            ),
        ],
        id=ids.DELETE,
        title="Delete experiments",
    )


def _order() -> dmc.Modal:
    return dmc.Modal(
        [
            html.Div(id=ids.ORDER_WHAT, className="stack"),
            _buttons(
                dmc.Button("Leave it", id=ids.ORDER_DISMISS, variant="default"),
                dmc.Button("Do it", id=ids.ORDER_CONFIRM),
            ),
        ],
        id=ids.ORDER,
        title=html.Span(id=ids.ORDER_TITLE),
    )


def _buttons(*buttons: Any) -> html.Div:
    return html.Div(list(buttons), className="dialog-buttons")
