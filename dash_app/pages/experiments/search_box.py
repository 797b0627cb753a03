"""The search box: its words, completions while somebody types, and what is wrong where."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.components import icon
from dash_app.pages.experiments import ids
from storage.search import SearchError

EXAMPLES = (
    ("bearing", "in name, note, tag, data set or family"),
    ("family = cnn1d and accuracy >= 0.95", "both must hold"),
    ("val.macro_f1 > 0.9 or tag:keep", "a metric at the chosen epoch; one of both"),
    ("batch_size in (32, 64) and not status:failed", "a setting; lists; the opposite"),
    ("load in 1..3", "a field of the data whose values were held out"),
    ("created > -7d and seconds < 10m", "the last seven days; durations"),
    ('name ~ "night shift" and has:note', "contains; quotes around spaces"),
    ("is:kept or is:leaky", "marks of a run"),
)
MARKED_AROUND = 24


def search_box(text: str) -> html.Div:
    """Give the box with its help; assets/history-search.js draws the completions."""
    entry = dmc.TextInput(
        id=ids.SEARCH,
        value=text,
        placeholder="Search, or ask: accuracy > 0.95 and tag:keep",
        leftSection=icon("search"),
        rightSection=_help(),
        rightSectionPointerEvents="all",
        className="history-search",
        attributes={
            "input": {
                "role": "combobox",
                "aria-label": "Search experiments",
                "aria-autocomplete": "list",
                "aria-expanded": "false",
                "aria-controls": ids.SEARCH_LIST,
                "aria-describedby": ids.SEARCH_ERROR,
                "autocomplete": "off",
                "spellcheck": "false",
                "maxlength": "1000",
            }
        },
    )
    listed = html.Div(
        id=ids.SEARCH_LIST, role="listbox", hidden=True, **{"aria-label": "Completions"}
    )
    error = html.Div(id=ids.SEARCH_ERROR, role="alert", className="history-search-error")
    return html.Div([entry, listed, error], className="history-search-box")


def error_words(text: str, error: SearchError) -> list[Any]:
    """Say what is wrong, and mark the place in what was written."""
    start, end = error.position, error.position + max(1, error.length)
    before = text[max(0, start - MARKED_AROUND) : start]
    wrong = text[start:end]
    after = text[end : end + MARKED_AROUND]
    place = [
        "…" if start > MARKED_AROUND else "",
        before,
        html.Mark(wrong) if wrong.strip() else html.Mark("▁", **{"aria-hidden": "true"}),
        after,
        "…" if end + MARKED_AROUND < len(text) else "",
    ]
    return [html.Span(str(error)), html.Code(place)]


def _help() -> dmc.Popover:
    rows = [
        html.Tr([html.Td(html.Code(example)), html.Td(said, className="muted")])
        for example, said in EXAMPLES
    ]
    words = (
        "Names are columns, settings (batch_size, or the whole path) and metrics (val.macro_f1). "
        "A field of the data such as load or speed finds runs by the values their split held out. "
        "Typing, or Ctrl-space, offers what is known. The whole language: docs/search.md."
    )
    body = html.Div(
        [html.H3("What can be asked"), html.Table(rows), html.P(words, className="small")],
        className="history-search-help",
    )
    opener = dmc.ActionIcon(
        icon("question-circle"),
        variant="subtle",
        color="gray",
        **{"aria-label": "Help on searching"},
    )
    return dmc.Popover(
        [dmc.PopoverTarget(opener), dmc.PopoverDropdown(body)],
        position="bottom-end",
        width=460,
        shadow="md",
        withArrow=True,
        trapFocus=True,
        withRoles=False,
    )
