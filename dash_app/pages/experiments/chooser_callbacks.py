"""What the drawer of columns does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback

from dash_app.components import format_count
from dash_app.pages.experiments import ids
from dash_app.pages.experiments.chooser import choices, definitions, known_columns_of
from dash_app.pages.experiments.fields import PARAM, known
from dash_app.pages.experiments.filters import filters_of, query_of
from dash_app.pages.experiments.rows import varying
from dash_app.pages.experiments.state import FILTERS
from dash_app.pages.experiments.table import compared_runs
from storage.search import SearchError
from storage.stores.experiments import MAX_PAGE, ExperimentStore

clientside_callback(
    ClientsideFunction("historyColumns", "find"),
    Output(ids.CHOOSER_FIND, "data-found"),
    Input(ids.CHOOSER_FIND, "value"),
    Input(ids.CHOOSER_BODY, "children"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("historyColumns", "choose"),
    Output(ids.CHOSEN, "value", allow_duplicate=True),
    Input(ids.CHOOSE_ALL, "n_clicks"),
    Input(ids.CHOOSE_NONE, "n_clicks"),
    Input(ids.CHOOSE_STANDARD, "n_clicks"),
    State(ids.CHOSEN, "value"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("historyColumns", "apply"),
    Output(ids.GRID, "columnDefs"),
    Output(ids.COLUMNS, "data"),
    Input(ids.CHOSEN, "value"),
    State(ids.CHOOSER_KNOWN, "data"),
    State(ids.COLUMNS, "data"),
    prevent_initial_call=True,
)


@callback(
    Output(ids.CHOOSER, "opened"),
    Output(ids.CHOOSER_BODY, "children"),
    Output(ids.CHOOSER_KNOWN, "data"),
    Output(ids.CHOSEN, "value"),
    Output(ids.CHOOSE_WORDS, "children"),
    Input(ids.COLUMNS_OPEN, "n_clicks"),
    State(ids.COLUMNS, "data"),
    prevent_initial_call=True,
)
def open_chooser(_clicks: int, shown: list[str]) -> tuple[Any, ...]:
    """Open the drawer on every column there is."""
    offered = known_columns_of(*ExperimentStore().known_columns())
    offered += [column for column in shown if column not in offered and known(column)]
    return True, choices(offered), definitions(offered), shown, ""


@callback(
    Output(ids.CHOSEN, "value", allow_duplicate=True),
    Output(ids.CHOOSE_WORDS, "children", allow_duplicate=True),
    Input(ids.CHOOSE_VARYING, "n_clicks"),
    State(ids.CHOSEN, "value"),
    State(ids.GRID, "selectedRows"),
    [State(*where) for where in FILTERS],
    prevent_initial_call=True,
)
def hide_constant(
    _clicks: int, chosen: list[str], selected: list[dict[str, Any]] | None, *inputs: Any
) -> tuple[Any, Any]:
    """Take away the metrics and settings that are empty or the same in all runs."""
    extra = [column for column in chosen if ":" in column]
    runs = _compared(selected, inputs)
    differing = set(_varying(runs, extra))
    left = [column for column in chosen if column not in extra or column in differing]
    gone = len(chosen) - len(left)
    return left, f"{gone} columns taken away. {_over(runs, selected)}"


@callback(
    Output(ids.CHOSEN, "value", allow_duplicate=True),
    Output(ids.CHOOSE_WORDS, "children", allow_duplicate=True),
    Input(ids.CHOOSE_DIFFERENT, "n_clicks"),
    State(ids.CHOSEN, "value"),
    State(ids.GRID, "selectedRows"),
    [State(*where) for where in FILTERS],
    prevent_initial_call=True,
)
def only_differences(
    _clicks: int, chosen: list[str], selected: list[dict[str, Any]] | None, *inputs: Any
) -> tuple[Any, Any]:
    """Show the settings that differ, and no others."""
    runs = _compared(selected, inputs)
    params = ExperimentStore().known_columns().params
    differing = _varying(runs, [PARAM + key for key in params])
    kept = [column for column in chosen if not column.startswith(PARAM)]
    words = f"{len(differing)} of {len(params)} settings differ. {_over(runs, selected)}"
    return [*kept, *differing], words


def _compared(selected: list[dict[str, Any]] | None, inputs: Sequence[Any]) -> list[int]:
    numbers = [int(row["id"]) for row in selected or [] if row.get("id")]
    try:
        return compared_runs(query_of(filters_of(*inputs), {}), numbers, MAX_PAGE)
    except SearchError:
        return numbers


def _varying(runs: list[int], columns: list[str]) -> list[str]:
    known_values = ExperimentStore().values_of(runs, columns)
    return varying(
        {column: [known_values.get(run, {}).get(column) for run in runs] for column in columns}
    )


def _over(runs: list[int], selected: list[dict[str, Any]] | None) -> str:
    which = "selected" if selected and len(selected) > 1 else "first"
    return f"Looked at the {which} {format_count(len(runs))} runs of the table."
