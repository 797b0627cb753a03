"""What the home screen does: show what runs as it runs, and the rest when it changes."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback, no_update

from dash_app.pages.home import ids, sections
from dash_app.pages.home.state import Active, Home, active_runs, whole_home

SLOW_TICKS = 15


@callback(
    Output(ids.NOW, "children"),
    Output(ids.BODY, "children"),
    Output(ids.SEEN, "data"),
    Input(ids.TICK, "n_intervals"),
    State(ids.SEEN, "data"),
    running=[(Output(ids.TICK, "disabled"), True, False)],
)
def refresh(ticks: int | None, seen: dict[str, Any] | None) -> tuple[Any, Any, Any]:
    """Draw again what changed; the overview follows when a run begins or ends."""
    active, total = active_runs()
    now = signature(active, total)
    if seen is not None and seen["now"] == now and (ticks or 0) % SLOW_TICKS:
        return no_update, no_update, no_update
    if seen is not None and seen["runs"] == now["runs"] and (ticks or 0) % SLOW_TICKS:
        return sections.now_card(active, total), no_update, {**now, "now": now}
    return (*whole_page(whole_home(), active, total), {**now, "now": now})


def whole_page(home: Home, active: list[Active], total: int) -> tuple[Any, Any]:
    """Draw both parts of the screen."""
    if home.is_new:
        return None, sections.first_start(home.first_dataset, home.health.checks)
    return sections.now_card(active, total), sections.overview(home)


def signature(active: list[Active], total: int) -> dict[str, Any]:
    """Give what decides whether the screen looks different: the runs, and how far they are."""
    return {
        "runs": [total, *([item.run.id, item.run.status.value] for item in active)],
        "steps": [
            [round(item.fraction, 2), item.snapshot.get("current_epoch"), item.eta_seconds]
            for item in active
        ],
    }
