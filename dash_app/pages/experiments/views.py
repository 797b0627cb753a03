"""Saved views of the history: the menu that lists them and the dialog that names one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import dash_mantine_components as dmc
from dash import html

from dash_app.components import icon
from dash_app.pages.experiments import ids
from storage.entities import NotFoundError
from storage.stores.saved_views import SavedViewEntity, SavedViewStore

PAGE = "experiments"
LONGEST_QUERY = 8000


def view_of_address(query: Mapping[str, Any]) -> tuple[dict[str, Any], SavedViewEntity | None]:
    """Give the state that an address stands for, and the saved view it is a state of.

    An address that names only a view means the view's state, an empty one the default view's;
    ``view=0`` means none of them.
    """
    number = _number(query.get("view"))
    rest = {key: value for key, value in query.items() if key not in ("view", "opened")}
    by_itself = number is None and not rest
    chosen = SavedViewStore().default(PAGE) if by_itself else _found(number)
    if chosen is None:
        return rest, None
    return (rest or _parsed(chosen.query)), chosen


def menu(views: Sequence[SavedViewEntity]) -> list[Any]:
    """List the views with what can be done to each."""
    if not views:
        words = "Filters, columns and order under a name: save the first one below."
        return [html.P(words, className="muted small history-no-views")]
    return [_line(view) for view in views]


def views_menu(opened: SavedViewEntity | None) -> dmc.Popover:
    """Give the button that lists the saved views; it bears the name of the one that is open."""
    opener = dmc.Button(
        html.Span(opened.name if opened else "Views", id=ids.VIEW),
        leftSection=icon("bookmarks"),
        rightSection=icon("chevron-down"),
        variant="default",
        size="sm",
        **{"aria-haspopup": "dialog"},
    )
    buttons = [
        _action("update", "arrow-repeat", "Save changes to this view", needs_view=True),
        _action("new", "plus-lg", "Save as a new view …"),
        _action("copy", "link-45deg", "Copy the link to what is shown"),
        _action("reset", "arrow-counterclockwise", "Back to the standard table"),
    ]
    body = [html.Div(id=ids.VIEWS_LIST), html.Div(buttons, className="history-view-buttons")]
    return dmc.Popover(
        [dmc.PopoverTarget(opener), dmc.PopoverDropdown(body, className="history-views")],
        id=ids.VIEWS,
        position="bottom-end",
        width=320,
        shadow="md",
        trapFocus=True,
        withRoles=False,
    )


def view_dialog() -> dmc.Modal:
    """Give the dialog that names a view."""
    return dmc.Modal(
        html.Div(
            [
                dmc.TextInput(id=ids.VIEW_NAME, label="Name"),
                dmc.Checkbox(
                    id=ids.VIEW_DEFAULT,
                    label="Open the history with this view",
                    description="Its filters, columns and order stand there at once.",
                ),
                html.P(id=ids.VIEW_ERROR, role="alert", className="history-error"),
                html.Div(
                    [
                        dmc.Button("Cancel", id=ids.VIEW_CANCEL, variant="default"),
                        dmc.Button("Save", id=ids.VIEW_SAVE),
                    ],
                    className="dialog-buttons",
                ),
            ],
            className="stack",
        ),
        id=ids.VIEW_DIALOG,
        title=html.Span("Save view", id=ids.VIEW_TITLE),
    )


def _line(view: SavedViewEntity) -> html.Div:
    said = f"{view.name} (opens first)" if view.is_default else view.name
    return html.Div(
        [
            html.Button(
                [icon("star-fill" if view.is_default else "bookmark"), html.Span(view.name)],
                className="history-view-open",
                title=said,
                **_data("open", view.id),
            ),
            _small("rename", "pencil", f"Rename {view.name}", view.id),
            _small("delete", "trash", f"Delete the view {view.name}", view.id),
        ],
        className="history-view-line",
        **{"data-view": str(view.id)},
    )


def _small(action: str, symbol: str, words: str, number: int) -> html.Button:
    return html.Button(
        icon(symbol),
        className="history-view-small",
        title=words,
        **{"aria-label": words, **_data(action, number)},
    )


def _action(action: str, symbol: str, words: str, needs_view: bool = False) -> html.Button:
    extra = {"data-needs-view": "1"} if needs_view else {}
    return html.Button([icon(symbol), html.Span(words)], **{"data-view-action": action, **extra})


def _data(action: str, number: int) -> dict[str, str]:
    return {"data-view-action": action, "data-view": str(number)}


def _found(number: int | None) -> SavedViewEntity | None:
    try:
        return SavedViewStore().get(number) if number else None
    except NotFoundError:
        return None


def _parsed(query: str) -> dict[str, Any]:
    found = parse_qs(query[:LONGEST_QUERY], max_num_fields=300)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def _number(value: Any) -> int | None:
    text = str(value[-1] if isinstance(value, list) and value else value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
